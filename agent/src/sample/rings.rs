//! BPF ring buffers of the node, as the last look saw them.

use serde::{Deserialize, Serialize};

use super::{EstimateSample, Overruns, RefusedSample};

/// One BPF ring buffer of the node, as the last look saw it. Bytes are exact; times and maxima are those of the looks,
/// a few milliseconds apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RingSample {
    /// Id of the map.
    pub map_id: u32,
    /// When it was found, `CLOCK_MONOTONIC` ns; or made, if dropctl was watching by then.
    pub found_ns: u64,
    /// Name of the map; `None` if it has none.
    pub name: Option<String>,
    /// When it was looked at, `CLOCK_MONOTONIC` ns.
    pub time_ns: u64,
    /// Data bytes.
    pub capacity_bytes: u64,
    /// It overwrites its oldest records instead of refusing new ones.
    pub overwrites: bool,
    /// Bytes reserved since its creation, headers included.
    pub producer_bytes: u64,
    /// Bytes consumed since its creation.
    pub consumer_bytes: u64,
    /// Bytes from the oldest record that is not committed to the newest; `None` where the kernel does not tell.
    pub pending_bytes: Option<u64>,
    /// Bytes reserved and not consumed.
    pub backlog_bytes: u64,
    /// The largest since it was found.
    pub backlog_max_bytes: u64,
    /// The largest since the sample before.
    pub interval_backlog_max_bytes: u64,
    /// Bytes reserved since it was found.
    pub produced_bytes: u64,
    /// Bytes consumed since it was found.
    pub consumed_bytes: u64,
    /// Time with at least 90 % taken, ns.
    pub above_90_ns: u64,
    /// Time without room for a record of a page (or a sixteenth of the ring), ns.
    pub full_ns: u64,
    /// Episodes in which nothing was consumed for 100 ms although records had come.
    pub stalls: u64,
    /// Time of all of them, ns.
    pub stalled_ns: u64,
    /// How often it was looked at.
    pub looks: u64,
    /// Length of time, ns, and the most bytes that came within one such that ended since the sample before; a lower bound,
    /// at least half the truth.
    pub interval_arrivals: Vec<(u64, u64)>,
    /// Episodes in which it refused records, by the tool's counter; `None` where the tool does not tell.
    pub overruns: Option<Overruns>,
    /// What it refused; `None` where that is not counted behind the helpers.
    pub refused: Option<RefusedSample>,
    /// What it is thought to have refused; `None` where that is not estimated.
    pub estimated: Option<EstimateSample>,
    /// Whose it is; `None`: nobody was found.
    pub owner: Option<RingOwner>,
    /// Its places in the array of maps that holds it: for Falco the CPUs that it serves. Empty if none does.
    pub places: Vec<u32>,
    /// It is dropctl's.
    pub is_own: bool,
}

impl RingSample {
    /// Whether it belongs to that process.
    #[must_use]
    pub fn is_of(&self, tgid: u32) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.tgid == tgid)
    }

    /// Takes over the maxima of the sample before, which is going to be left out.
    pub(super) fn absorb(&mut self, earlier: &Self) {
        self.interval_backlog_max_bytes =
            self.interval_backlog_max_bytes.max(earlier.interval_backlog_max_bytes);
        for (length_ns, bytes) in &earlier.interval_arrivals {
            match self.interval_arrivals.iter_mut().find(|(other, _)| other == length_ns) {
                Some((_, most)) => *most = (*most).max(*bytes),
                None => self.interval_arrivals.push((*length_ns, *bytes)),
            }
        }
        self.interval_arrivals.sort_unstable();
    }
}

/// The process that owns a ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RingOwner {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Its name.
    pub comm: String,
    /// The tool that it is, from a closed set; `other` for everybody else.
    pub tool: String,
}
