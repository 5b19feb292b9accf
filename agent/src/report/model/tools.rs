//! The part of a report that is about other tools.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Refused;
use crate::{evidence::Evidence, sample::FalcoFacts};

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

/// Whose events a tool dropped: `n_drops_buffer` = the sum of `top`, `others` and `unattributed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Losers {
    /// Exact: the tool's own counter was followed at each syscall exit. Estimated if the kernel skipped looks at it.
    pub evidence: Evidence,
    /// Those who lost most.
    pub top: Vec<Loser>,
    /// Events of all others.
    pub others: u64,
    /// Drops that no syscall exit explains: of the tool's other hooks, before the first look of a CPU, or of runs that
    /// the kernel skipped.
    pub unattributed: u64,
    /// Runs of the program that follows which the kernel skipped, since it was loaded: at most so often drops count for
    /// the next syscall of a CPU. Absent where the kernel does not count them.
    pub missed: Option<u64>,
}

/// Events of one process and syscall that a tool dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Loser {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Name, unless it was gone at the end or dropctl runs in another pid namespace.
    pub comm: Option<String>,
    /// cgroup, where the node tells.
    pub cgroup_id: Option<u64>,
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
    /// the helpers; absent where neither is known.
    pub drops: Option<u64>,
    /// Which of the two.
    pub drops_evidence: Option<Evidence>,
    /// What was counted behind the helpers; absent where nothing was.
    pub refused: Option<Refused>,
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
