//! The one error that is not a failure: this machine lacks something, and a command supplies it.

use std::fmt;

/// What is missing and how to get it; `main` turns it into exit code 2, `test` into a skip.
#[derive(Debug)]
pub(crate) struct Missing {
    what: String,
    remedy: String,
}

impl Missing {
    pub(crate) fn error(what: impl Into<String>, remedy: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self { what: what.into(), remedy: remedy.into() })
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "missing: {}; `{}` supplies it", self.what, self.remedy)
    }
}

impl std::error::Error for Missing {}
