//! The text of /metrics with Falco's habit of repeating HELP and TYPE before every sample.

use std::fmt::{Display, Write as _};

/// A page under way.
#[derive(Debug, Default)]
pub(super) struct Page(String);

/// Kind of a series.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Counter,
    Gauge,
}

impl Page {
    /// One sample. `labels` are as printed, without braces.
    pub(super) fn sample(&mut self, kind: Kind, name: &str, labels: &str, value: impl Display) {
        self.with_note(kind, name, labels, "", value);
    }

    /// One sample with something more behind its HELP.
    pub(super) fn with_note(
        &mut self,
        kind: Kind,
        name: &str,
        labels: &str,
        note: &str,
        value: impl Display,
    ) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        // Writing to a string does not fail.
        let _ = writeln!(
            self.0,
            "# HELP falcosecurity_{name} https://falco.org/docs/metrics/{note}\n\
             # TYPE falcosecurity_{name} {kind}\n\
             falcosecurity_{name}{labels} {value}"
        );
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}
