//! A recording: what was seen, to be looked at again elsewhere or later. `dropctl.recording/v1` is JSON Lines: one header,
//! then one sample a line; compressed with gzip where a file's name ends in `.gz`. A report in JSON holds one, too.
//!
//! Fields are added, never changed: what is missing in a file is unknown, what is not known here is passed over. Files
//! come from anybody; nothing is believed about their size.

mod embedded;
mod read;
mod salvage;
mod write;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::{
    embedded::embed,
    read::{Replayed, header, read},
    salvage::salvage,
    write::{Writer, packed},
};
use crate::{sample::Node, setup::Setup};

/// Value of [`Header::schema`].
pub const SCHEMA: &str = "dropctl.recording/v1";
/// Schemas of recordings begin so; the number after it grows when an old reader would misunderstand.
const SCHEMA_FAMILY: &str = "dropctl.recording/v";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// Where.
    pub node: Node,
    /// How dropctl looked, and which version of it.
    pub setup: Setup,
    /// What happened in it; absent where the agent did not keep it for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Incident>,
}

/// An episode of loss, or without a tool, that the agent kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Incident {
    /// What it is asked for by.
    pub id: String,
    /// When it began, `CLOCK_REALTIME` ns.
    pub start_ns: u64,
    /// When it ended, or was kept, `CLOCK_REALTIME` ns.
    pub end_ns: u64,
    /// It had not ended by then.
    pub goes_on: bool,
    /// The agent that kept it ended without a word in the middle of it, and the next one told the rest from what it had left.
    pub cut_off: bool,
    /// Events that were lost, by the tools' own counters.
    pub drops: u64,
    /// Names of the tools that lost them, or did not run.
    pub tools: Vec<String>,
    /// Codes of the causes.
    pub causes: Vec<String>,
}

impl Header {
    /// Of the schema written today.
    #[must_use]
    pub fn new(node: Node, setup: Setup) -> Self {
        Self { schema: SCHEMA.to_owned(), node, setup, incident: None }
    }
}

/// Why a recording cannot be used.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// Neither a recording nor a report.
    #[error(
        "it is no recording of dropctl: {0}; `dropctl record -o FILE` and `dropctl report --format json` make them"
    )]
    NoRecording(String),
    /// From a later dropctl.
    #[error("its schema is {0}, and this dropctl reads {SCHEMA}: use a newer dropctl")]
    Newer(String),
    /// A report that holds none.
    #[error(
        "it is a report without its recording: only reports of `dropctl report --format json` can be replayed"
    )]
    NoRecordingInside,
    /// A line that is no sample.
    #[error("line {line} is no sample: {source}")]
    Malformed {
        /// From 1.
        line: u64,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// Larger than any that dropctl writes.
    #[error("{0}: it is not what dropctl writes")]
    TooLarge(&'static str),
    /// The file could not be read.
    #[error("cannot read it: {0}")]
    Read(#[from] std::io::Error),
}

#[cfg(test)]
mod tests;
