//! A [`Sample`]: everything known about the node at one instant, as plain data.
//!
//! Readers fill it in; nothing here reads anything. A number that is not known is `None`, never 0.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// What dropctl itself costs.
    pub own: OwnSample,
}

/// One BPF ring buffer of the node, as the last look saw it. Bytes are exact; times and maxima are those of the looks,
/// a few milliseconds apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingSample {
    /// Id of the map.
    pub map_id: u32,
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
    /// Length of time, ns, and the most bytes that came within one such; a lower bound, at least half the truth.
    pub arrivals: Vec<(u64, u64)>,
    /// Whose it is; `None`: nobody was found.
    pub owner: Option<RingOwner>,
    /// Its places in the array of maps that holds it: for Falco the CPUs that it serves. Empty if none does.
    pub places: Vec<u32>,
    /// It is dropctl's.
    pub is_own: bool,
}

/// The process that owns a ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingOwner {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Its name.
    pub comm: String,
    /// The tool that it is, from a closed set; `other` for everybody else.
    pub tool: String,
}

/// What the probe of a Falco, or of another tool that loads the same one, counts in its maps: the tool's own numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FalcoSample {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Its name.
    pub comm: String,
    /// The tool that it is, from a closed set; `other` for everybody else.
    pub tool: String,
    /// When it was found, or the window began.
    pub before: FalcoCounts,
    /// At the sample.
    pub now: FalcoCounts,
    /// Numbers of the syscalls that it traces; `None` where it does not say.
    pub traced_syscalls: Option<Vec<u32>>,
    /// Whose events it dropped since it was found or the window began, most first; `None` if it is not followed.
    pub losers: Option<Vec<LoserSample>>,
    /// Runs of the program that follows which the kernel skipped, since it was loaded: each may have moved drops to
    /// the next syscall of its CPU. `None` where the kernel does not count them.
    pub follow_missed: Option<u64>,
}

/// Losers that are named, most first.
pub const LOSERS_NAMED: usize = 50;

/// Events of one process and syscall that a tool dropped: exact, by following the tool's own counter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoserSample {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Name at the time of the sample; `None` when it was gone by then or is not visible to us.
    pub comm: Option<String>,
    /// cgroup; `None` where the node does not tell.
    pub cgroup_id: Option<u64>,
    /// Syscall (see `agent_common::slot`).
    pub slot: u16,
    /// Events.
    pub drops: u64,
}

/// Falco's counters, by its names, since its probe was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FalcoCounts {
    /// Attempts to write an event, drops included.
    pub n_evts: u64,
    /// Events for which the ring had no room.
    pub n_drops_buffer: u64,
    /// Events larger than 64 KiB; `None` where the layout is not known.
    pub n_drops_max_event_size: Option<u64>,
    /// The part of `n_drops_buffer` that Falco puts in a category.
    pub categories: Vec<(String, u64)>,
    /// `n_evts` and `n_drops_buffer` of each CPU.
    pub cpus: Vec<(u64, u64)>,
}

/// What our own probe counted, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeSample {
    /// Sums over CPUs.
    pub events: Events,
    /// Runs of our program that the kernel skipped (`recursion_misses`); `None` before Linux 5.12.
    pub missed: Option<u64>,
    /// Syscall exits by slot (see `agent_common::slot`), ascending, without zeros.
    pub syscalls: Vec<(u16, u64)>,
    /// Our ring and what we took out of it; `None` when nothing is streamed.
    pub stream: Option<StreamSample>,
}

/// Counts of the kernel half.
///
/// `attempted = submitted + dropped`; of the `seen` events one in `--sample` is attempted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// Overruns that a sample lists one by one.
pub const OVERRUNS_LISTED: usize = 64;

/// One episode in which the ring refused records, over all CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// What dropctl itself costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnSample {
    /// CPU time of all its threads, ns. What its program costs is charged to those who make the syscalls.
    pub cpu_ns: u64,
    /// Resident memory, bytes, shared pages and ring included; `None` where /proc does not say.
    pub resident_bytes: Option<u64>,
}

/// Facts about the node that do not change while we look. Nothing in it identifies whose node it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Node {
    /// Kernel release, such as `6.12.9-cloud-amd64`.
    pub kernel: Option<String>,
    /// Preemption model: as the kernel runs if debugfs is mounted, else as its version string says it was built.
    pub preemption: Option<String>,
    /// Machine architecture.
    pub architecture: String,
    /// Operating system of the root file system that dropctl sees.
    pub os: Option<String>,
    /// CPUs that the kernel is prepared for, such as `0-3`.
    pub cpus_possible: Option<String>,
    /// CPUs that are running.
    pub cpus_online: Option<String>,
    /// Memory, bytes.
    pub memory_bytes: Option<u64>,
    /// Vendor and product of the hardware or cloud.
    pub hardware: Option<String>,
}
