//! Two stretches of time, before a change and after it: did the change help? docs/diff.md has the method. Pure.
//!
//! `series` takes arrivals and drops of each tool out of a timeline, interval by interval; `statistic` says how much of their
//! difference is chance; `judge` says what follows; `compare` puts the two reports side by side, `configuration` what was
//! set; `page` lays it out.

mod compare;
mod configuration;
mod judge;
mod page;
mod series;
mod statistic;

use serde::Serialize;

pub use self::{
    compare::{Given, compare},
    statistic::{Interval, Ratio},
};
use crate::{
    diagnose::{Code, Confidence, Role},
    evidence::Evidence,
    report::Drawn,
};

/// Value of [`Diff::schema`].
pub const SCHEMA: &str = "dropctl.diff/v1";

/// A before and B after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Always `dropctl.diff/v1`.
    pub schema: &'static str,
    /// Over all tools.
    pub outcome: Outcome,
    /// One or two sentences.
    pub verdict: String,
    /// What else bears on it.
    pub notes: Vec<String>,
    /// Before.
    pub a: Side,
    /// After.
    pub b: Side,
    /// Tools that are in both, the largest loss first.
    pub tools: Vec<ToolDiff>,
    /// Causes and other findings.
    pub findings: Vec<FindingDiff>,
    /// What is set or built otherwise.
    pub configuration: Vec<Change>,
}

/// Did it help?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Less is lost.
    Improved,
    /// More is lost.
    Worse,
    /// As much, within a fifth.
    NoChange,
    /// The two do not say.
    CannotTell,
}

impl Outcome {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::Worse => "worse",
            Self::NoChange => "no change",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// File; `the recording` where names are pseudonyms.
    pub source: String,
    /// Start, UTC, RFC 3339.
    pub start: String,
    /// Length, seconds.
    pub seconds: f64,
    /// Version of the dropctl that looked.
    pub dropctl: String,
}

/// What arrivals are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Events, as the tool counts them, drops included. Losses are per million of them.
    Events,
    /// Bytes of rings, of tools that do not count their events; refused bytes included where they are known. Losses are
    /// events per MiB of them.
    Bytes,
}

impl Unit {
    /// Arrivals that a loss is stated for.
    #[must_use]
    pub fn per(self) -> f64 {
        match self {
            Self::Events => 1e6,
            Self::Bytes => 1_048_576.0,
        }
    }

    /// The same in words.
    #[must_use]
    pub fn per_words(self) -> &'static str {
        match self {
            Self::Events => "per million",
            Self::Bytes => "per MiB",
        }
    }
}

/// One tool in both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToolDiff {
    /// What it is, from a closed set.
    pub tool: String,
    /// Name of its process.
    pub comm: String,
    /// Did it help?
    pub outcome: Outcome,
    /// How sure; absent where it cannot be told, and where nothing was lost in either.
    pub confidence: Option<Confidence>,
    /// Why, in one sentence.
    pub why: String,
    /// What arrivals are counted in.
    pub unit: Unit,
    /// Before.
    pub a: Loss,
    /// After.
    pub b: Loss,
    /// Loss after by loss before; absent where there is too little to say.
    pub ratio: Option<Ratio>,
    /// By ring, by class, by workload: parts of the loss, each normalised by all arrivals of the tool.
    pub parts: Vec<Part>,
    /// Rates, fill, and where the time of the draining threads went.
    pub quantities: Vec<Quantity>,
}

/// What a tool lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Loss {
    /// Intervals between samples that were compared.
    pub intervals: u64,
    /// Their time, seconds.
    pub seconds: f64,
    /// In units.
    pub arrivals: u64,
    /// Mean.
    pub arrivals_per_second: f64,
    /// In the busiest interval.
    pub peak_arrivals_per_second: f64,
    /// Events; absent where they are not counted.
    pub drops: Option<u64>,
    /// Where that comes from.
    pub evidence: Option<Evidence>,
    /// Normalised; absent where nothing arrived or drops are not counted.
    pub loss: Option<f64>,
}

/// What the loss of a tool is cut by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Ring.
    Ring,
    /// Falco's category.
    Class,
    /// Workload.
    Workload,
}

/// A part of a loss. Absent values: it is not in that one, or not counted there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// What it is cut by.
    pub by: By,
    /// Name.
    pub name: String,
    /// Events before.
    pub a_drops: Option<u64>,
    /// Events after.
    pub b_drops: Option<u64>,
    /// Normalised, before.
    pub a_loss: Option<f64>,
    /// Normalised, after.
    pub b_loss: Option<f64>,
}

/// A number of both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quantity {
    /// Name.
    pub name: &'static str,
    /// How to read it.
    pub kind: Kind,
    /// Before; absent where it is not known.
    pub a: Option<f64>,
    /// After.
    pub b: Option<f64>,
}

/// How a quantity is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Per second.
    Rate,
    /// Bytes per second.
    ByteRate,
    /// 0 to 1.
    Share,
    /// Seconds.
    Seconds,
}

/// A finding that went, came or stayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingDiff {
    /// Which.
    pub code: Code,
    /// Its name.
    pub name: String,
    /// What kind of statement it is.
    pub role: Role,
    /// Name of the tool that it is about; absent where it is about the node or dropctl.
    pub tool: Option<String>,
    /// What it said before; absent: it was not there.
    pub a: Option<String>,
    /// What it says after.
    pub b: Option<String>,
}

/// Something that is set or built otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Such as `falco: engine.modern_ebpf.buf_size_preset`.
    pub what: String,
    /// Before; absent: not known.
    pub a: Option<String>,
    /// After.
    pub b: Option<String>,
}

/// Markdown, for an issue.
#[must_use]
pub fn markdown(diff: &Diff) -> String {
    Drawn::Markdown.of(&page::lay_out(diff))
}

/// Text, for a terminal.
#[must_use]
pub fn text(diff: &Diff) -> String {
    Drawn::Text.of(&page::lay_out(diff))
}

/// HTML, for a browser.
#[must_use]
pub fn html(diff: &Diff) -> String {
    Drawn::Html.of(&page::lay_out(diff))
}

/// JSON, for programs.
///
/// # Errors
///
/// Never in practice: all of it can be written as JSON.
pub fn json(diff: &Diff) -> serde_json::Result<String> {
    serde_json::to_string_pretty(diff).map(|text| text + "\n")
}

#[cfg(test)]
mod tests;
