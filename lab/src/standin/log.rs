//! The log on stderr, in the form of Falco's.

use std::time::SystemTime;

/// Says things, or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    is_quiet: bool,
}

impl Log {
    pub(super) fn new(is_quiet: bool) -> Self {
        Self { is_quiet }
    }

    pub(super) fn line(self, text: &str) {
        if !self.is_quiet {
            eprintln!("{}: {text}", humantime::format_rfc3339_seconds(SystemTime::now()));
        }
    }
}
