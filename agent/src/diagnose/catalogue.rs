//! All findings: code, name, role and page. Codes and names are public interface: never reused, never renamed.
//!
//! A rule's own `//!` text is its page: `dropctl explain DC102` and docs/findings.md print what stands in its file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of statement a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The cause of a loss: each window of loss has exactly one.
    Cause,
    /// It made a loss larger.
    Contributor,
    /// Something is not configured as its owner thinks.
    Configuration,
    /// About dropctl itself: what it lost, cannot see, or costs.
    Own,
}

/// One kind of finding.
macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $role:ident, $file:literal;)*) => {
        /// Which finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)*
        }

        impl Code {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Such as `DC102`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Such as `consumer-throttled`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What kind of statement it is.
            #[must_use]
            pub fn role(self) -> Role {
                match self { $(Self::$variant => Role::$role,)* }
            }

            /// The file of its rule: its page is what stands at the top of it.
            fn source(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("rules/", $file, ".rs")),)* }
            }
        }
    };
}

catalogue! {
    /// dropctl's own ring dropped.
    OwnOverrun = "DC901", "own-overrun", Own, "own_overrun";
    /// Something hides what dropctl looks for.
    ReducedVisibility = "DC902", "reduced-visibility", Own, "reduced_visibility";
}

impl Code {
    /// The page: Markdown, without its title.
    #[must_use]
    pub fn page(self) -> String {
        let lines = self.source().lines().map_while(|line| line.strip_prefix("//!"));
        let text: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        text.join("\n").trim().to_owned()
    }

    /// By code or name, however it is written.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let is_it =
            |code: &&Self| text.eq_ignore_ascii_case(code.as_str()) || text.eq_ignore_ascii_case(code.name());
        Self::ALL.iter().find(is_it).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_in_order() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn every_page_begins_with_its_code_and_name() {
        for code in Code::ALL {
            let page = code.page();
            let title = format!("{} {}: ", code.as_str(), code.name());
            assert!(page.starts_with(&title), "{title}{page}");
            assert!(page.lines().count() > 2, "{} has a page", code.as_str());
        }
    }

    #[test]
    fn a_finding_is_found_by_code_or_name() {
        assert_eq!(Code::find("dc901"), Some(Code::OwnOverrun));
        assert_eq!(Code::find("Own-Overrun"), Some(Code::OwnOverrun));
        assert_eq!(Code::find("DC9"), None);
    }
}
