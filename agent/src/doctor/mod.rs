//! What this node allows: facts (`facts`, read by `read`), judged one by one (`judge`), laid out once (`page`).
//!
//! `read` is the only part with I/O. That programs load and rings are seen is not inferred from capabilities: the command
//! starts what `dropctl report` starts, takes one sample and ends it ([`Tried`]).

mod facts;
mod judge;
mod page;
mod read;
mod redact;

use serde::Serialize;

pub use self::{
    facts::{
        AgentFacts, Facts, KernelFacts, LockedMemory, MountFacts, OtherFacts, Reach, RightsFacts, Seen, Tried,
    },
    judge::judge,
    read::read,
};
use crate::{report::Drawn, setup::Naming};

/// Value of [`Examination::schema`].
pub const SCHEMA: &str = "dropctl.doctor/v1";

/// All checks of one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// Always `dropctl.doctor/v1`.
    pub schema: &'static str,
    /// Version of the dropctl that looked.
    pub dropctl: &'static str,
    /// Whose names it has.
    pub names: Naming,
    /// One or two sentences.
    pub verdict: String,
    /// Nothing is missing that dropctl needs.
    pub can_run: bool,
    /// In the order of the page.
    pub checks: Vec<Check>,
}

/// One thing that a node has or lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Part of the node that it is about, from a closed set.
    pub topic: Topic,
    /// Name, stable within a topic.
    pub name: &'static str,
    /// What came of it.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// What is lost, or not known, as it is; absent where nothing is.
    pub lost: Option<String>,
    /// Commands and lines of manifests that supply it; any one of them is enough.
    pub ways: Vec<String>,
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// The kernel.
    Kernel,
    /// What this process may do.
    Rights,
    /// File systems and namespaces.
    Mounts,
    /// What was tried: our own programs, and what they see.
    Tried,
    /// Others on the node.
    Others,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is as it should be.
    Ok,
    /// dropctl runs without it and shows less, or costs more.
    Limited,
    /// dropctl needs it.
    Missing,
    /// It cannot be read from here.
    Unknown,
    /// Good to know.
    Info,
}

impl Status {
    /// The word on the page and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Limited => "limited",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Info => "info",
        }
    }
}

/// Markdown, for an issue.
#[must_use]
pub fn markdown(examination: &Examination) -> String {
    Drawn::Markdown.of(&page::lay_out(examination))
}

/// Text, for a terminal.
#[must_use]
pub fn text(examination: &Examination) -> String {
    Drawn::Text.of(&page::lay_out(examination))
}

/// HTML, for a browser.
#[must_use]
pub fn html(examination: &Examination) -> String {
    Drawn::Html.of(&page::lay_out(examination))
}

/// JSON, for programs.
///
/// # Errors
///
/// Never in practice: all of it can be written as JSON.
pub fn json(examination: &Examination) -> serde_json::Result<String> {
    serde_json::to_string_pretty(examination).map(|text| text + "\n")
}

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;
