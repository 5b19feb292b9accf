//! DC902 reduced-visibility: a privilege, kernel feature or mount is missing.
//!
//! What is hidden is named with the way to get it; numbers that depend on it are absent, not zero.

use crate::{
    diagnose::{
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Severity},
    },
    setup::Visibility,
};

/// Fires when anything is missing.
pub(in crate::diagnose) fn check(visibility: &[Visibility]) -> Option<Finding> {
    let missing: Vec<&Visibility> = visibility.iter().filter(|entry| !entry.available).collect();
    if missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = missing.iter().map(|entry| entry.capability.as_str()).collect();
    let summary = format!("This node hides something from dropctl: {}.", names.join(", "));
    let fact = |entry: &&Visibility| Fact::seen(format!("{}: {}", entry.capability, entry.note));
    Some(Finding {
        evidence: missing.iter().map(fact).collect(),
        ..Finding::new(Code::ReducedVisibility, Severity::Info, Confidence::High, summary)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(capability: &str, available: bool) -> Visibility {
        Visibility { capability: capability.to_owned(), available, note: "why".to_owned() }
    }

    #[test]
    fn names_what_is_missing() {
        let finding = check(&[entry("btf", true), entry("cgroup_id", false)]).unwrap();
        assert_eq!(finding.summary, "This node hides something from dropctl: cgroup_id.");
        assert_eq!(finding.evidence, [Fact::seen("cgroup_id: why".to_owned())]);
    }

    #[test]
    fn is_silent_when_all_is_there() {
        assert_eq!(check(&[entry("btf", true)]), None);
    }
}
