//! What an alert means: the numbers that Falco printed, in the words of the version that printed them, what follows from
//! them, and what does not.
//!
//! `tally` takes in what was said one by one, `meaning` knows the numbers, `conclude` draws the conclusions, `page` lays
//! it out. Nothing here looks at the node.

mod conclude;
mod meaning;
mod page;
mod tally;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{diagnose::Finding, report::Drawn};

pub use tally::Tally;

/// Value of [`Explanation::schema`].
pub const SCHEMA: &str = "dropctl.explanation/v1";

/// What was said, and what it means.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Explanation {
    /// Always `dropctl.explanation/v1`.
    pub schema: String,
    /// One or two sentences.
    pub verdict: String,
    /// Drop alerts; absent where there was none.
    pub alerts: Option<Alerts>,
    /// Metrics snapshots; absent where there was none.
    pub snapshots: Option<Snapshots>,
    /// Each number of the alerts, summed over them, and what it counts.
    pub numbers: Vec<Number>,
    /// What follows from them.
    pub conclusions: Vec<String>,
    /// What does not.
    pub limits: Vec<String>,
    /// What an agent or a recording shows of that time; absent where none covers it.
    pub moment: Option<Moment>,
}

/// What was seen at the time of the alerts.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Moment {
    /// Who saw it, such as `the agent of this node` or a file.
    pub source: String,
    /// What it found.
    pub findings: Vec<Finding>,
}

/// Drop alerts, summed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Alerts {
    /// How many.
    pub count: u64,
    /// Further lines of Falco's log about the same drops; they are not in the sums.
    pub repeated: u64,
    /// Which versions write such alerts, oldest first; empty where only lines of the log were there.
    pub versions: Vec<Versions>,
    /// Time of the first, as it was written.
    pub first: Option<String>,
    /// Time of the last, as it was written.
    pub last: Option<String>,
    /// Dropped events.
    pub n_drops: u64,
    /// Events of the alerts that have both numbers; absent where none has.
    pub n_evts: Option<u64>,
    /// Dropped share of `n_evts`, 0 to 1; absent where the two contradict each other or one is missing.
    pub share: Option<f64>,
    /// The largest, largest first.
    pub largest: Vec<One>,
}

/// Versions by the form of their alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Versions {
    /// Such as `0.36 to 0.41`.
    pub versions: String,
    /// What in the alert says so.
    pub because: String,
    /// How many alerts look like it.
    pub alerts: u64,
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct One {
    /// When, as it was written.
    pub time: Option<String>,
    /// Dropped events.
    pub n_drops: u64,
    /// All events, where it says so.
    pub n_evts: Option<u64>,
}

/// Metrics snapshots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Snapshots {
    /// How many.
    pub count: u64,
    /// Falco's version; absent before 0.36.
    pub version: Option<String>,
    /// Such as `modern_bpf`; absent in old versions.
    pub engine: Option<String>,
    /// Time of the first, as it was written.
    pub first: Option<String>,
    /// Time of the last, as it was written.
    pub last: Option<String>,
    /// Starts of Falco between them: its counters began anew.
    pub restarts: u64,
    /// Events between the first and the last, restarts left out; absent where its kernel counters are off.
    pub n_evts: Option<u64>,
    /// Dropped events between the first and the last.
    pub n_drops: Option<u64>,
    /// The largest share of drops between two of them, 0 to 1.
    pub worst_share: Option<f64>,
    /// `falco.cpu_usage_perc` of the last: of one CPU.
    pub cpu_percent: Option<f64>,
    /// Failed look-ups of file descriptors in its state, since it started.
    pub failed_fd_lookups: Option<u64>,
    /// Alerts lost because its bounded output queue was full, since it started.
    pub outputs_queue_num_drops: Option<u64>,
}

/// One number of the alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Number {
    /// As Falco names it.
    pub name: String,
    /// Its sum.
    pub value: u64,
    /// What it counts in that version.
    pub meaning: String,
}

/// Markdown, for an issue.
#[must_use]
pub fn markdown(explanation: &Explanation) -> String {
    Drawn::Markdown.of(&page::lay_out(explanation))
}

/// Text, for a terminal.
#[must_use]
pub fn text(explanation: &Explanation) -> String {
    Drawn::Text.of(&page::lay_out(explanation))
}

/// HTML, for a browser.
#[must_use]
pub fn html(explanation: &Explanation) -> String {
    Drawn::Html.of(&page::lay_out(explanation))
}

/// JSON, for programs.
///
/// # Errors
///
/// Never in practice: all of it can be written as JSON.
pub fn json(explanation: &Explanation) -> serde_json::Result<String> {
    serde_json::to_string_pretty(explanation).map(|text| text + "\n")
}

#[cfg(test)]
mod tests;
