//! The part of a report that is about other tools.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Estimate, Refused};
use crate::{
    evidence::Evidence,
    sample::{FalcoFacts, LossRoute, Workload, WorkloadDrops},
};

/// A process with BPF ring buffers, or a known tool without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// What it is, from a closed set; `other` for a process that dropctl does not know by name, absent for rings whose
    /// owner was not found.
    pub tool: Option<String>,
    /// Name of the process.
    pub comm: Option<String>,
    /// Process id in the initial pid namespace.
    pub tgid: Option<u32>,
    /// Its life as a process; absent for tools that dropctl does not know by name.
    #[serde(default)]
    pub life: Option<Life>,
    /// Its rings.
    pub rings: Vec<Ring>,
    /// What its own probe counted in the window; absent for tools whose counters dropctl does not know.
    pub counters: Option<Counters>,
    /// What it says about itself, beside what its maps show: Falco and tools with the same probe.
    pub falco: Option<FalcoFacts>,
    /// The newest overruns of its rings, by their start; absent where it is not known when it dropped events.
    #[serde(default)]
    pub overruns: Option<Vec<ToolOverrun>>,
}

/// A known tool as a process, through all its lives since dropctl watches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Life {
    /// It runs, at the end of the window.
    pub is_running: bool,
    /// Since its last life began; absent where processes are not visible, and if it does not run.
    pub age_seconds: Option<f64>,
    /// How it takes events out of the kernel, by Falco's names of engines: `modern_ebpf`, `kmod`. Absent for tools
    /// that are not of Falco's family, and where it is not clear.
    pub engine: Option<String>,
    /// How it is installed, as its cgroup tells: `kubernetes`, `systemd`, `container`; absent for none of them.
    #[serde(default)]
    pub installation: Option<String>,
    /// Lives that began after another had ended.
    pub restarts: u64,
    /// Lives of the crash loop that it is in; absent if it is in none.
    pub crash_loop_lives: Option<u64>,
    /// Times that it loaded its probe anew in one life.
    pub reloads: u64,
    /// Time of the window in which it did not run.
    pub absent_seconds: f64,
    /// When it did not run.
    pub absences: Vec<Outage>,
    /// How its last life that ended did so.
    pub last_exit: Option<Exit>,
    /// Processes of its cgroup that the kernel killed for want of memory; absent where the cgroup does not tell.
    pub oom_kills: Option<u64>,
    /// Its BPF programs and their skipped runs; absent where they are not visible.
    pub programs: Option<Programs>,
}

/// BPF programs of a tool. A run that the kernel skips is an event that no drop counter shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Programs {
    /// Exact: counted in the kernel.
    pub evidence: Evidence,
    /// How many it has loaded.
    pub count: u64,
    /// Skipped runs of all since they were loaded (`recursion_misses`); absent before Linux 5.12.
    pub missed: Option<u64>,
    /// Those with skipped runs, most first.
    pub with_misses: Vec<Program>,
}

/// A BPF program with skipped runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Program {
    /// Id.
    pub id: u32,
    /// Name: at most 15 bytes.
    pub name: String,
    /// Skipped runs since it was loaded.
    pub missed: u64,
}

/// A stretch of time without the tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outage {
    /// From the start of the window; negative if before.
    pub start_seconds: f64,
    /// Its length; absent while the tool has not come back.
    pub seconds: Option<f64>,
}

/// The end of one life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exit {
    /// From the start of the window; negative if before.
    pub at_seconds: f64,
    /// Exit code; absent before Linux 6.15, which tells it to the parent alone, and if a signal ended it.
    pub code: Option<i32>,
    /// Signal that ended it; absent before Linux 6.15, and if it ended by itself.
    pub signal: Option<i32>,
    /// The kernel killed a process of its cgroup for want of memory just then; absent where the cgroup does not tell.
    pub is_oom: Option<bool>,
}

/// One overrun of a tool's ring: an interval in which it refused records, or in which the tool's counter of drops grew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolOverrun {
    /// Its ring by map id; absent where it is not known which of them dropped.
    pub map_id: Option<u32>,
    /// Places of that ring, as in [`Ring::places`].
    pub places: Vec<u32>,
    /// Start, seconds from the start of the window.
    pub start_seconds: f64,
    /// Length.
    pub seconds: f64,
    /// Where start and length come from. Estimated: between the readings before and after the counter grew. Exact: the
    /// first and the last refusal.
    pub times_evidence: Evidence,
    /// Events.
    pub drops: u64,
    /// Where that number comes from.
    pub drops_evidence: Evidence,
}

/// Counters of Falco's modern probe, by Falco's names, in the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Counters {
    /// Always the tool's own.
    pub evidence: Evidence,
    /// Attempts to write an event, drops included.
    pub n_evts: u64,
    /// Mean over the window.
    pub n_evts_per_second: f64,
    /// Events for which the ring had no room.
    pub n_drops_buffer: u64,
    /// The same as a share of `n_evts`, 0 to 1.
    pub drop_share: f64,
    /// Events larger than 64 KiB (`n_drops_scratch_map`); absent where the layout is not known.
    pub n_drops_max_event_size: Option<u64>,
    /// The parts of `n_drops_buffer` that Falco puts in a category, without zeros.
    pub categories: Vec<Category>,
    /// Counters of newer releases that dropctl does not know, by their own names, without zeros.
    #[serde(default)]
    pub others: Vec<Category>,
    /// The part that is in no category (read, write, send, futex and many more); absent without categories.
    pub uncategorised: Option<u64>,
    /// `n_drops_buffer` of each CPU.
    pub drops_by_cpu: Vec<u64>,
    /// How many syscalls it traces; absent where it does not say.
    pub traced_syscalls: Option<u64>,
    /// Whose events it dropped; absent where its counters are not followed.
    pub losers: Option<Losers>,
}

/// Whose events a tool dropped: all its drops (`n_drops_buffer`, or [`Refused::drops`]) = the sum of `top`, `others` and
/// `unattributed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Losers {
    /// Exact: the tool's own counter was followed at each syscall exit, or each refusal was seen. Estimated if the kernel
    /// skipped looks at it.
    pub evidence: Evidence,
    /// How it is known.
    #[serde(default)]
    pub route: LossRoute,
    /// What that way cannot see.
    #[serde(default)]
    pub cannot_see: Vec<String>,
    /// The events of `top` and `others` by workload, most first.
    #[serde(default)]
    pub workloads: Vec<WorkloadDrops>,
    /// Those of workloads that have ended or found no place.
    #[serde(default)]
    pub workloads_other: u64,
    /// Those who lost most.
    pub top: Vec<Loser>,
    /// Events of all others.
    pub others: u64,
    /// Drops of nobody: what `cannot_see` says.
    pub unattributed: u64,
    /// Runs of the looking programs that the kernel skipped: at most so often drops count for the next syscall of a CPU,
    /// or, behind the helpers, not at all. Absent where the kernel does not count them.
    pub missed: Option<u64>,
}

/// Events of one process and syscall that a tool dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Loser {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Name of the process at its last drop.
    pub comm: Option<String>,
    /// cgroup, where the node tells.
    pub cgroup_id: Option<u64>,
    /// What it belongs to; absent where the path of its cgroup was not found.
    #[serde(default)]
    pub workload: Option<Workload>,
    /// Syscall.
    pub syscall: String,
    /// Events.
    pub drops: u64,
}

/// One of Falco's categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Category {
    /// Falco's name without `n_drops_buffer_`.
    pub name: String,
    /// Events.
    pub drops: u64,
}

/// One ring buffer of a tool. Bytes are exact; times and maxima are those of looks a few milliseconds apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ring {
    /// Id of the map.
    pub map_id: u32,
    /// Name of the map, if it has one.
    pub name: Option<String>,
    /// Its places in the array of maps that holds it: for Falco the CPUs that it serves. Empty if none does.
    pub places: Vec<u32>,
    /// Data bytes.
    pub capacity_bytes: u64,
    /// It overwrites its oldest records instead of refusing new ones.
    pub overwrites: bool,
    /// Bytes reserved and not consumed, at the end of the window.
    pub backlog_bytes: u64,
    /// The largest backlog that a look found.
    pub backlog_max_bytes: u64,
    /// From the oldest record that is not committed to the newest, at the end; absent where the kernel does not tell.
    pub pending_bytes: Option<u64>,
    /// Bytes reserved in the window, headers included.
    pub produced_bytes: u64,
    /// Mean over the window.
    pub produced_bytes_per_second: f64,
    /// Bytes consumed in the window.
    pub consumed_bytes: u64,
    /// Mean over the window.
    pub consumed_bytes_per_second: f64,
    /// Time with at least 90 % taken.
    pub above_90_percent_seconds: f64,
    /// Time without room for a record of a page (or a sixteenth of the ring).
    pub full_seconds: f64,
    /// Episodes in which nothing was consumed for 100 ms although records had come.
    pub stalls: u64,
    /// Time of all of them.
    pub stalled_seconds: f64,
    /// Records that it refused, by the tool's own counters of the CPUs that it serves, else as they were counted behind
    /// the helpers, else as estimated; absent where none of it is known.
    pub drops: Option<u64>,
    /// Overruns; absent where it is not known when it refused records.
    #[serde(default)]
    pub overrun_count: Option<u64>,
    /// Time of all of them, by the readings around them.
    #[serde(default)]
    pub overrun_seconds: Option<f64>,
    /// Where `drops` comes from.
    #[serde(default)]
    pub drops_evidence: Option<Evidence>,
    /// What was counted behind the helpers; absent where nothing was.
    #[serde(default)]
    pub refused: Option<Refused>,
    /// What it is thought to have refused; absent where that was not estimated.
    #[serde(default)]
    pub estimate: Option<Estimate>,
    /// Looks.
    pub looks: u64,
    /// The most bytes that came within a length of time: a lower bound, at least half the truth.
    pub arrivals: Vec<Arrival>,
    /// It was gone before the end.
    #[serde(default)]
    pub is_gone: bool,
}

/// One length of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Arrival {
    /// Length of time.
    pub seconds: f64,
    /// Most bytes within one such.
    pub bytes: u64,
}
