//! `GET /versions`: what Falco says it is made of.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

/// Falco's own statement. What a version leaves out is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Versions {
    /// Falco itself, such as `0.44.1`.
    pub falco_version: Option<String>,
    /// The libraries, which decide on layouts.
    pub libs_version: Option<String>,
    /// Between kernel half and libraries.
    pub driver_api_version: Option<String>,
    /// Of the events' format.
    pub driver_schema_version: Option<String>,
    /// The kernel half that it was built for; the modern probe's is the libraries' version.
    pub default_driver_version: Option<String>,
    /// Of the rule language.
    pub engine_version_semver: Option<String>,
    /// Of the plugin interface.
    pub plugin_api_version: Option<String>,
    /// Loaded plugins by name.
    pub plugin_versions: BTreeMap<String, String>,
}

/// Why a reply says nothing about versions.
#[derive(Debug, Error)]
pub enum VersionsError {
    /// Not JSON of this shape.
    #[error("not the JSON of /versions: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Some other server's JSON.
    #[error("the reply names no falco_version")]
    NotFalco,
}

impl Versions {
    /// Reads the body of a reply.
    ///
    /// # Errors
    ///
    /// [`VersionsError`].
    pub fn parse(body: &[u8]) -> Result<Self, VersionsError> {
        let versions: Self = serde_json::from_slice(body)?;
        if versions.falco_version.is_some() { Ok(versions) } else { Err(VersionsError::NotFalco) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &[u8] = include_bytes!("../../../tests/data/falco-0.44.1/versions.json");

    #[test]
    fn a_real_reply() {
        let versions = Versions::parse(REAL).unwrap();
        assert_eq!(versions.falco_version.as_deref(), Some("0.44.1"));
        assert_eq!(versions.libs_version.as_deref(), Some("0.25.4"));
        assert_eq!(versions.driver_schema_version.as_deref(), Some("4.3.0"));
        assert!(versions.plugin_versions.is_empty());
    }

    #[test]
    fn plugins_and_older_replies() {
        let body = br#"{"falco_version":"0.37.1","plugin_versions":{"k8saudit":"0.7.0"},"new":[1]}"#;
        let versions = Versions::parse(body).unwrap();
        assert_eq!(versions.plugin_versions["k8saudit"], "0.7.0");
        assert_eq!(versions.libs_version, None);
    }

    #[test]
    fn other_servers() {
        assert!(matches!(Versions::parse(b"{\"version\":\"1\"}"), Err(VersionsError::NotFalco)));
        for body in ["", "<html>", "[1]", "{\"falco_version\":{}}"] {
            assert!(matches!(Versions::parse(body.as_bytes()), Err(VersionsError::Malformed(_))), "{body}");
        }
        assert!(matches!(Versions::parse(b"\xff\xfe"), Err(VersionsError::Malformed(_))));
    }
}
