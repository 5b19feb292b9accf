//! Records that a ring is thought to have refused, where nothing counts them.

use serde::{Deserialize, Serialize};

/// What one ring is thought to have refused since it is looked at. Estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EstimateSample {
    /// Since when it is looked at, `CLOCK_MONOTONIC` ns.
    pub since_ns: u64,
    /// Records, at least.
    pub low: u64,
    /// Records, probably.
    pub likely: u64,
    /// Records, at most.
    pub high: u64,
}
