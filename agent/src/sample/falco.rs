//! What the probes of Falco and its family count, and whose events they dropped.

use serde::{Deserialize, Serialize};

use super::{FalcoFacts, LosersSample, Overruns};

/// What the probe of a Falco, or of another tool that loads the same one, counts in its maps: the tool's own numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FalcoSample {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Its name.
    pub comm: String,
    /// The tool that it is, from a closed set; `other` for everybody else.
    pub tool: String,
    /// Id of the map of its counters: a reload makes another.
    pub map_id: u32,
    /// When it was found, `CLOCK_MONOTONIC` ns.
    pub found_ns: u64,
    /// When it was found; zeros if its maps were made while dropctl watched, so that loss at its start counts.
    pub before: FalcoCounts,
    /// At the sample.
    pub now: FalcoCounts,
    /// Numbers of the syscalls that it traces; `None` where it does not say.
    pub traced_syscalls: Option<Vec<u32>>,
    /// Whose events it dropped; `None` if that is not wanted or cannot be seen.
    pub losers: Option<LosersSample>,
    /// Episodes in which it dropped events; `None` where each ring has its own, or they are not known.
    pub overruns: Option<Overruns>,
    /// What it says about itself, beside what its maps show.
    #[serde(default)]
    pub facts: FalcoFacts,
}

/// Falco's counters, by its names, since its probe was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FalcoCounts {
    /// Attempts to write an event, drops included.
    pub n_evts: u64,
    /// Events for which the ring had no room.
    pub n_drops_buffer: u64,
    /// Events larger than 64 KiB; `None` where the layout is not known.
    pub n_drops_max_event_size: Option<u64>,
    /// The part of `n_drops_buffer` that Falco puts in a category.
    pub categories: Vec<(String, u64)>,
    /// Counters with names that dropctl does not know, where the map's type names them.
    #[serde(default)]
    pub others: Vec<(String, u64)>,
    /// `n_evts` and `n_drops_buffer` of each CPU.
    pub cpus: Vec<(u64, u64)>,
}
