//! Why something is not known, in words that hold nothing of what was read: a falco.yaml has tokens in it, and
//! addresses are the node's own affair.

use std::path::Path;

use crate::observe::falco::{
    config::ConfigError, endpoint::Unreachable, http::HttpError, metrics::MetricsError, root::RootError,
    versions::VersionsError,
};

/// Longest text of another process that is kept.
const MOST_CHARS: usize = 256;

/// Text of another process as one line without control characters, cut where it is too long.
pub(super) fn clean(text: &str) -> String {
    let shown = |char: char| if char.is_control() { '\u{fffd}' } else { char };
    text.chars().take(MOST_CHARS).map(shown).collect()
}

/// Why a configuration is not known. Paths are named, values never.
pub(super) fn of_config(error: &ConfigError) -> String {
    let text = match error {
        ConfigError::Root(_)
        | ConfigError::Entry
        | ConfigError::Recursive { .. }
        | ConfigError::Nested { .. }
        | ConfigError::TooMuch
        | ConfigError::TooManyFiles => error.to_string(),
        ConfigError::Yaml { path, .. } => format!("{} is not YAML that Falco takes", path.display()),
        ConfigError::Endless { path, .. } => {
            format!("{}: the environment makes a value endless", path.display())
        }
        ConfigError::NoList { path, .. } => {
            format!("{}: a list is to be appended to what is none", path.display())
        }
        ConfigError::Option { .. } => "an option (-o) is not of the form key=value".to_owned(),
        ConfigError::Key(_) => "an option (-o) has a key that Falco refuses".to_owned(),
        ConfigError::Object { .. } => "the value of an option (-o) is not YAML that Falco takes".to_owned(),
    };
    clean(&path_of(error).map_or_else(|| text.clone(), |path| in_quotes(&text, path)))
}

/// The file that it is about.
fn path_of(error: &ConfigError) -> Option<&Path> {
    match error {
        ConfigError::Root(
            RootError::Refused { path, .. }
            | RootError::NotRegular { path }
            | RootError::TooBig { path }
            | RootError::TooMany { path },
        )
        | ConfigError::Yaml { path, .. }
        | ConfigError::Endless { path, .. }
        | ConfigError::NoList { path, .. }
        | ConfigError::Recursive { path }
        | ConfigError::Nested { path } => Some(path),
        ConfigError::Entry
        | ConfigError::TooMuch
        | ConfigError::TooManyFiles
        | ConfigError::Option { .. }
        | ConfigError::Key(_)
        | ConfigError::Object { .. } => None,
    }
}

/// The text with the path in quotes, if the path has in it what ends a word: whoever redacts it has to find its end.
fn in_quotes(text: &str, path: &Path) -> String {
    let path = path.display().to_string();
    if path.chars().all(|letter| letter.is_alphanumeric() || "/._-".contains(letter)) {
        return text.to_owned();
    }
    text.replace(&path, &format!("\"{}\"", path.replace('"', "\u{fffd}")))
}

/// Why its web server cannot be asked.
pub(super) fn of_place(error: &Unreachable) -> String {
    match error {
        Unreachable::BadAddress { .. } => {
            "webserver.listen_address and webserver.listen_port are no address to ask".to_owned()
        }
        Unreachable::Loopback { .. } => "it listens on loopback of a network namespace of its own".to_owned(),
        Unreachable::Off | Unreachable::NoMetrics | Unreachable::Tls | Unreachable::NoAddress { .. } => {
            error.to_string()
        }
    }
}

/// Why a page did not answer.
pub(super) fn of_page(error: &PageError) -> String {
    clean(&match error {
        PageError::Http(HttpError::Connect { source, .. }) => format!("no connection: {source}"),
        PageError::Http(HttpError::Slow { .. }) => "no whole answer within a second".to_owned(),
        PageError::Http(HttpError::Protocol { .. }) => "what answers does not speak HTTP".to_owned(),
        PageError::Http(HttpError::Status { status, .. }) => format!("the answer has status {status}"),
        PageError::Http(HttpError::TooBig { .. }) => "the answer is too large to be Falco's".to_owned(),
        PageError::Versions(_) => "what answers is not Falco's /versions".to_owned(),
        PageError::Metrics(error) => error.to_string(),
    })
}

/// Why a page did not answer as Falco's does.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Another answer.
    #[error(transparent)]
    Versions(#[from] VersionsError),
    /// Another answer.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::observe::falco::config::{Environment, YamlError};

    #[test]
    fn no_value_and_no_address_gets_into_a_reason() {
        let secret = "t0ken";
        let endless = Environment::parse(b"A=${A}").fill(&mut serde_json::json!(format!("{secret}${{A}}")));
        for error in [
            ConfigError::Option { option: format!("http_output.url {secret}") },
            ConfigError::Yaml { path: "f".into(), source: YamlError::Malformed(secret.to_owned()) },
            ConfigError::Object { option: secret.to_owned(), source: YamlError::NoMapping },
            ConfigError::Endless { path: "f".into(), source: endless.unwrap_err() },
            ConfigError::NoList { path: "f".into(), key: secret.to_owned() },
        ] {
            assert!(error.to_string().contains(secret), "{error}: the test tests nothing");
            assert!(!of_config(&error).contains(secret), "{}", of_config(&error));
        }
        let bad = Unreachable::BadAddress { address: secret.to_owned(), port: 1 };
        assert!(!of_place(&bad).contains(secret));
        let address = (Ipv4Addr::new(10, 0, 0, 7), 8765).into();
        let slow = HttpError::Slow { address };
        assert!(slow.to_string().contains("10.0.0.7") && !of_page(&slow.into()).contains("10.0.0.7"));
    }

    #[test]
    fn a_path_with_spaces_is_in_quotes() {
        for (path, said) in [
            ("/etc/falco/a.yaml", "/etc/falco/a.yaml: included files cannot have config_files"),
            (
                "/srv/acme, \"b\"=c",
                "\"/srv/acme, \u{fffd}b\u{fffd}=c\": included files cannot have config_files",
            ),
        ] {
            assert_eq!(of_config(&ConfigError::Nested { path: path.into() }), said);
        }
        let refused = RootError::NotRegular { path: "/srv/acme corp".into() };
        assert_eq!(of_config(&refused.into()), "\"/srv/acme corp\" is not a regular file");
    }

    #[test]
    fn text_of_others_is_one_short_line() {
        assert_eq!(clean("a\nb\u{1b}[31m"), "a\u{fffd}b\u{fffd}[31m");
        assert_eq!(clean(&"x".repeat(10_000)).len(), MOST_CHARS);
    }
}
