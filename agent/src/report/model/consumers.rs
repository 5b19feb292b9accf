//! The part of a report that is about the threads that drain rings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;

/// A thread that drains a tool's rings, and where its time went. The five states are disjoint; with `unplaced` they
/// are all of `seconds`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Consumer {
    /// Source of these times: exact if they are the kernel's and each is of one state, estimated where throttled or
    /// blocked time was told apart by what happened at the same time.
    pub evidence: Evidence,
    /// What the tool is, from a closed set.
    pub tool: String,
    /// Its process, in the initial pid namespace.
    pub tgid: u32,
    /// The thread, in the same.
    pub tid: u32,
    /// Name of the thread.
    pub comm: String,
    /// How it is known that this thread drains: `settings`, `only_thread`, `cpu_time`.
    pub known_by: String,
    /// Threads that it may be as well, itself included: 1 is certain.
    pub candidates: u32,
    /// Time that is accounted for: less than the window if the thread was found later.
    pub seconds: f64,
    /// On a CPU.
    pub running_seconds: f64,
    /// Runnable, while another thread had the CPU.
    pub waiting_seconds: f64,
    /// Runnable, while a cgroup above it had used up its CPU time.
    pub throttled_seconds: f64,
    /// The least that throttled time can be.
    pub throttled_min_seconds: f64,
    /// The most.
    pub throttled_max_seconds: f64,
    /// Asleep while a ring was not empty, beyond the pauses that the tool is known to make.
    pub blocked_seconds: f64,
    /// Asleep otherwise.
    pub idle_seconds: f64,
    /// In no state: it was runnable at the last look.
    pub unplaced_seconds: f64,
    /// What it was blocked in, most first.
    pub blocked_in: Vec<Blockage>,
    /// CPU limits above it, its own cgroup's first, those without any left out; absent where they cannot be read.
    pub limits: Option<Vec<Limit>>,
    /// Page faults that waited for a disk.
    pub major_faults: Option<u64>,
}

/// Somewhere a thread was blocked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Blockage {
    /// `S` asleep, `D` asleep and deaf to signals, `T` stopped.
    pub state: String,
    /// Function of the kernel; absent where it does not tell.
    pub wchan: Option<String>,
    /// Syscall; absent where the kernel does not tell.
    pub syscall: Option<String>,
    /// How long, as fine as the looks.
    pub seconds: f64,
}

/// CPU limit of a cgroup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// Path below the root of the hierarchy.
    pub cgroup: String,
    /// CPUs that it may use on average.
    pub cpus: f64,
    /// Length of the period.
    pub period_seconds: f64,
    /// Periods in which it used up its time.
    pub throttled_periods: u64,
    /// Time that its threads were held back, summed over CPUs.
    pub throttled_seconds: f64,
}
