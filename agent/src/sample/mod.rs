//! A [`Sample`]: everything known about the node at one instant, as plain data.
//!
//! Readers fill it in; nothing here reads anything. A number that is not known is `None`, never 0.

mod falco;
mod node;
mod own;
mod probe;
mod rings;
mod tools;

use serde::{Deserialize, Serialize};

pub use self::{
    falco::{FalcoCounts, FalcoSample, LOSERS_NAMED, LoserSample},
    node::Node,
    own::OwnSample,
    probe::{Events, OVERRUNS_LISTED, Overrun, ProbeSample, ProcessCount, StreamSample},
    rings::{RingOwner, RingSample},
    tools::{Absence, CrashLoop, LIVES_LISTED, ToolExit, ToolSample},
};

/// One instant on three clocks, ns. A suspend moves `boot_ns` and not `monotonic_ns`; a clock step moves
/// `real_ns` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// `CLOCK_MONOTONIC`.
    pub monotonic_ns: u64,
    /// `CLOCK_BOOTTIME`.
    pub boot_ns: u64,
    /// `CLOCK_REALTIME`, since 1970.
    pub real_ns: u64,
}

/// Facts at one instant. All counts are since the probe was attached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub clock: Clock,
    /// What our own probe counted; `None` in `passive` mode.
    pub probe: Option<ProbeSample>,
    /// Every BPF ring buffer of the node; `None` when they are not watched.
    pub rings: Option<Vec<RingSample>>,
    /// What the probes of Falco and its family count; `None` when maps are not watched.
    pub falcos: Option<Vec<FalcoSample>>,
    /// Known tools as processes; `None` when nobody looks for them.
    pub tools: Option<Vec<ToolSample>>,
    /// What dropctl itself costs.
    pub own: OwnSample,
}
