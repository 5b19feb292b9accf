//! What other tools lost: whose events, and in which episodes.

use serde::{Deserialize, Serialize};

use super::Overrun;

/// What a process belongs to. Names of Kubernetes take the places of ids where they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Workload {
    /// Kubernetes namespace.
    pub namespace: Option<String>,
    /// Pod: its uid while its name is not known.
    pub pod: Option<String>,
    /// Container (twelve digits of its id), systemd unit, or the end of the cgroup's path.
    pub container: Option<String>,
}

/// Who counted the drops of an overrun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountedBy {
    /// The tool: dropctl saw its counter grow, so that times are those of its readings.
    #[default]
    Tool,
}

/// Overruns of a tool's ring, or of all its rings where it is not known which of them dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overruns {
    /// Who counted the drops.
    pub counted_by: CountedBy,
    /// The newest, oldest first, at most [`super::OVERRUNS_LISTED`] that have ended and the one that may go on.
    pub listed: Vec<Overrun>,
    /// Number of all since the ring was found or the window began.
    pub count: u64,
    /// Time of all of them, ns.
    pub total_ns: u64,
}
