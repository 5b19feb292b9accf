//! Records that a ring refused, as the programs behind the ring buffer helpers counted them.

use serde::{Deserialize, Serialize};

use super::{LosersSample, Overruns};

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

/// What one ring refused since it is counted. Exact, apart from runs of the counting programs that were missed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefusedSample {
    /// Since when it is counted, `CLOCK_MONOTONIC` ns: since the ring was found, or the programs were attached.
    pub since_ns: u64,
    /// Whose events they were. Nobody's are those made in interrupts or by kernel threads, and those that found the table
    /// of losers full. `missed`: for all rings together; so many refusals may be missing at most.
    pub losers: LosersSample,
    /// All of them by why, without zeros. Read a moment after `losers`: while a ring refuses, this may be ahead.
    pub classes: Vec<(RefusalClass, u64)>,
    /// Bytes that they would have taken, headers included; those that no ring could hold are left out.
    pub bytes: u64,
    /// When.
    pub overruns: Overruns,
}

impl RefusedSample {
    /// Records.
    #[must_use]
    pub fn drops(&self) -> u64 {
        self.losers.attributed() + self.losers.unattributed
    }
}
