//! Asking a running agent what it remembers, over a Unix socket that only its owner may open.
//!
//! One question a connection: a line of JSON, answered by a line of JSON and, if that says so, a recording until the end
//! (docs/recording.md). Neither side trusts the other's sizes or its patience.

pub mod client;
pub mod server;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::recording::Incident;

/// Where an agent listens unless told otherwise.
pub const PATH: &str = "/run/dropctl/agent.sock";
/// Longest line of a question.
const QUESTION_BYTES: u64 = 4096;
/// Longest line of an answer: sixteen incidents take less.
const ANSWER_BYTES: u64 = 1 << 20;
/// How long either side waits for the other to go on.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "want", rename_all = "snake_case")]
pub enum Question {
    /// The last minutes, ns.
    Since {
        /// How many ns.
        length_ns: u64,
    },
    /// One incident: `last`, its id, or a time within it (RFC 3339).
    Incident {
        /// Which.
        which: String,
    },
    /// Which incidents there are.
    Incidents,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// A recording follows.
    Recording {
        /// What has to be said about it, a sentence each.
        notes: Vec<String>,
    },
    /// Oldest first.
    Incidents {
        /// All that are kept.
        incidents: Vec<Incident>,
    },
    /// There is no answer.
    Refused {
        /// Why, and what there is instead.
        why: String,
    },
}

#[cfg(test)]
mod tests;
