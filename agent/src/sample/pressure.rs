//! What node and cgroups run short of.

use serde::{Deserialize, Serialize};

/// The node, and the cgroups of each tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PressureSample {
    /// The node.
    pub node: NodePressure,
    /// Tools with rings, by process id.
    pub tools: Vec<ToolPressure>,
}

/// The node as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePressure {
    /// Pressure stall information; `None` where the kernel has none.
    pub stalls: Option<Stalls>,
    /// CPU time that the hypervisor gave to others, over all CPUs, since boot, ns.
    pub steal_ns: Option<u64>,
    /// CPU time of all kinds but idle, over all CPUs, since boot, ns; `steal_ns` included.
    pub busy_ns: Option<u64>,
    /// Load average of the last minute, in thousandths.
    pub load_1_milli: Option<u64>,
    /// Threads that run or wait for a CPU.
    pub runnable: Option<u64>,
    /// Threads that wait for a disk.
    pub blocked: Option<u64>,
    /// CPUs that run.
    pub cpus_online: Option<u64>,
    /// Memory that can be had without swapping, bytes.
    pub available_bytes: Option<u64>,
}

/// Time that was lost to a shortage (`/proc/pressure`, `*.pressure`), since boot or since the cgroup was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stalls {
    /// CPU.
    pub cpu: Option<Stall>,
    /// Memory.
    pub memory: Option<Stall>,
    /// Disks.
    pub io: Option<Stall>,
}

/// Of one resource, ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stall {
    /// At least one thread waited.
    pub some_ns: u64,
    /// All threads that could have run waited; `None` where the kernel does not say.
    pub full_ns: Option<u64>,
}

/// The cgroups of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolPressure {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Its memory cgroup and those above it, its own first; `None` where they cannot be read.
    pub memory: Option<Vec<MemoryGroup>>,
    /// Stalls of its own cgroup; `None` where the kernel has none (cgroup v1).
    pub stalls: Option<Stalls>,
}

/// Memory of a cgroup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryGroup {
    /// Path below the root of the hierarchy.
    pub cgroup: String,
    /// Used, bytes, page cache included.
    pub current_bytes: Option<u64>,
    /// Limit, bytes; `None` is no limit.
    pub limit_bytes: Option<u64>,
    /// Times that its use went over `memory.high` (v2).
    pub high_events: Option<u64>,
    /// Times that it was about to go over its own limit, those below it left out (v2 `max` of `memory.events.local`, v1
    /// `memory.failcnt`).
    pub max_events: Option<u64>,
    /// Processes that were killed for it.
    pub oom_kills: Option<u64>,
}
