//! Records that a ring refused, as the programs behind the ring buffer helpers counted them.

use serde::{Deserialize, Serialize};

use super::{LoserSample, Overrun};

/// Why a record was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalClass {
    /// The consumer had not freed enough.
    Behind,
    /// A record that is not committed holds most of what is taken. On kernels that do not track it, this is `behind`.
    Pending,
    /// There was room, but in an NMI the ring's lock was taken.
    Lock,
    /// Larger than the ring can hold.
    TooBig,
    /// Flags that the helper does not know.
    Flags,
    /// There was room again by the time of the look.
    Raced,
}

impl RefusalClass {
    /// All, in the order in which the kernel half numbers them.
    pub const ALL: [Self; agent_common::refusals::CLASSES] =
        [Self::Behind, Self::Pending, Self::Lock, Self::TooBig, Self::Flags, Self::Raced];
}

/// What one ring refused since it is counted. Exact, apart from `missed` runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefusedSample {
    /// Since when it is counted, `CLOCK_MONOTONIC` ns: since the ring was found, or the programs were attached.
    pub since_ns: u64,
    /// Records.
    pub drops: u64,
    /// The same by class, without zeros.
    pub classes: Vec<(RefusalClass, u64)>,
    /// Bytes that they would have taken, headers included; those that no ring could hold are left out.
    pub bytes: u64,
    /// The newest overruns, oldest first, at most [`super::OVERRUNS_LISTED`] that have ended and those that may go on.
    pub overruns: Vec<Overrun>,
    /// Number of all.
    pub overrun_count: u64,
    /// Time of all of them, ns.
    pub overrun_ns: u64,
    /// Those who lost events, most first.
    pub losers: Vec<LoserSample>,
    /// Events of nobody: made in interrupts or by kernel threads, or the table of losers was full.
    pub unattributed: u64,
    /// Runs of the counting programs that the kernel skipped since they were loaded, for all rings together: so many
    /// refusals may be missing at most. `None` where the kernel does not count them.
    pub missed: Option<u64>,
}
