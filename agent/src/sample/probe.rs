//! What our own probe counted.

use serde::{Deserialize, Serialize};

/// What our own probe counted, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProbeSample {
    /// When counting began, `CLOCK_MONOTONIC` ns.
    pub since_ns: u64,
    /// Sums over CPUs.
    pub events: Events,
    /// Runs of our program that the kernel skipped (`recursion_misses`); `None` before Linux 5.12.
    pub missed: Option<u64>,
    /// Syscall exits by slot (see `agent_common::slot`), ascending, without zeros.
    pub syscalls: Vec<(u16, u64)>,
    /// Our ring and what we took out of it; `None` when nothing is streamed.
    pub stream: Option<StreamSample>,
}

impl ProbeSample {
    /// The same at the moment when counting began: nothing counted yet.
    #[must_use]
    pub fn at_its_start(&self) -> Self {
        let empty = |stream: &StreamSample| StreamSample {
            capacity_bytes: stream.capacity_bytes,
            ..StreamSample::default()
        };
        Self {
            since_ns: self.since_ns,
            missed: self.missed.map(|_| 0),
            stream: self.stream.as_ref().map(empty),
            ..Self::default()
        }
    }
}

/// Counts of the kernel half.
///
/// `attempted = submitted + dropped`; of the `seen` events one in `--sample` is attempted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Events {
    /// Syscall exits of everybody but dropctl.
    pub seen: u64,
    /// Syscall exits of dropctl itself, left out of all else.
    pub own: u64,
    /// Records tried.
    pub attempted: u64,
    /// Records committed to the ring.
    pub submitted: u64,
    /// Records that the ring refused.
    pub dropped: u64,
    /// Events that `--sample` passed over; 0 when nothing is streamed.
    pub sampled_out: u64,
}

/// Our ring, and what the drain made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamSample {
    /// Data bytes of the ring.
    pub capacity_bytes: u64,
    /// Bytes reserved since its creation, headers included.
    pub producer_bytes: u64,
    /// Bytes consumed since its creation.
    pub consumer_bytes: u64,
    /// Largest backlog that the drain found when it came to look, bytes.
    pub backlog_max_bytes: u64,
    /// Records consumed.
    pub consumed: u64,
    /// Entries that were no record of ours. Always 0, else something is broken.
    pub foreign: u64,
    /// Overruns that have ended or are going on, oldest first; the oldest are folded away past
    /// [`OVERRUNS_LISTED`].
    pub overruns: Vec<Overrun>,
    /// Number of all overruns.
    pub overrun_count: u64,
    /// Time of all overruns together, ns.
    pub overrun_ns: u64,
    /// Records that ended in an error, by slot, among the consumed ones.
    pub errors: Vec<(u16, u64)>,
    /// Who made the consumed records, most first.
    pub processes: Vec<ProcessCount>,
    /// Consumed records of processes that found no place in `processes`.
    pub processes_other: u64,
    /// Those among them of processes that were not counted one by one, because too many had come before: any of
    /// them might belong in `processes`.
    pub processes_beyond: u64,
    /// Records that may be in one of these numbers and not yet in another, because the node went on while they were read:
    /// those that came or were consumed meanwhile, and one on each CPU that was being written. 0 when all is at rest.
    pub unsettled: u64,
}

/// Overruns that a sample lists one by one.
pub const OVERRUNS_LISTED: usize = 64;

/// One episode in which the ring refused records, over all CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overrun {
    /// First refusal, `CLOCK_MONOTONIC` ns.
    pub first_ns: u64,
    /// Last refusal, `CLOCK_MONOTONIC` ns, up to one kernel tick early.
    pub last_ns: u64,
    /// Records refused.
    pub drops: u64,
}

/// Consumed records of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessCount {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// cgroup of its last record; `None` where the node does not tell.
    pub cgroup_id: Option<u64>,
    /// Records.
    pub records: u64,
    /// Name at the time of the sample; `None` when it was gone by then or is not visible to us.
    pub comm: Option<String>,
}
