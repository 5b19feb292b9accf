//! The part of a report that is about records that rings refused, counted behind the helpers that write to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Losers;
use crate::evidence::Evidence;

/// Records that a ring refused in the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// Exact; estimated if the kernel skipped runs of the counting programs.
    pub evidence: Evidence,
    /// Records.
    pub drops: u64,
    /// The same by class, without zeros.
    pub classes: Vec<RefusedClass>,
    /// Bytes that they would have taken, headers included; those that no ring could hold are left out.
    pub bytes: u64,
    /// Whose events they were.
    pub losers: Losers,
}

/// Records that a ring is thought to have refused in the window, where nobody counts them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// Always estimated: by how full the ring was at each syscall exit.
    pub evidence: Evidence,
    /// Records, at least.
    pub low: u64,
    /// Records, probably.
    pub likely: u64,
    /// Records, at most.
    pub high: u64,
}

/// Records refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedClass {
    /// `behind`: the consumer had not freed enough. `pending`: an uncommitted record holds most of what is taken.
    /// `lock`: the ring's lock was taken, in an NMI. `too_big`: larger than the ring. `flags`: flags that the helper
    /// does not know. `raced`: there was room again by the time of the look.
    pub class: String,
    /// Records.
    pub drops: u64,
}
