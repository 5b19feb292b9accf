//! The threads that drain other tools' rings, and what they did with their time.

use serde::{Deserialize, Serialize};

use crate::number::share;

/// Places that a thread was blocked in, kept one by one.
pub const PLACES_KEPT: usize = 16;
/// How long a consumer of Falco's family sleeps at most when it finds all rings empty
/// (userspace/libscap/engine/modern_bpf/scap_modern_bpf.c: 500 us, doubled up to 30 ms).
pub const FALCO_BACK_OFF_NS: u64 = 30_000_000;

/// A thread that drains a tool's rings, since it was found or the window began.
///
/// `states` and `unplaced_ns` add up to `time_ns - since_ns`, to the nanosecond.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerSample {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Thread id in the initial pid namespace.
    pub tid: u32,
    /// Name of the thread.
    pub comm: String,
    /// The tool that it is, from a closed set; `other` for everybody else.
    pub tool: String,
    /// How it is known that this thread drains.
    pub known_by: KnownBy,
    /// Threads that it may be as well as this one, itself included: 1 is certain.
    pub candidates: u32,
    /// From when on its time is accounted for, `CLOCK_MONOTONIC` ns.
    pub since_ns: u64,
    /// When it was last looked at, `CLOCK_MONOTONIC` ns.
    pub time_ns: u64,
    /// What it did.
    pub states: ConsumerStates,
    /// What it did while one of its rings was more than half full: a part of `states`.
    pub pressed: ConsumerStates,
    /// Time that is in no state yet, ns: it was runnable at the last look, and the kernel tells how long a thread
    /// waited when it runs again. About a second at most.
    pub unplaced_ns: u64,
    /// The least that `throttled_ns` can be, ns: throttled time of a cgroup is summed over CPUs.
    pub throttled_min_ns: u64,
    /// The most that it can be, ns. More than `throttled_ns` only where the cgroups cannot be read.
    pub throttled_max_ns: u64,
    /// What it was blocked in, most first: the parts of `blocked_ns` that a look saw. At most [`PLACES_KEPT`].
    pub blocked_in: Vec<BlockedIn>,
    /// Times that it went to sleep; `None` where the kernel does not show.
    pub voluntary_switches: Option<u64>,
    /// Times that another thread took its CPU.
    pub involuntary_switches: Option<u64>,
    /// Page faults that had to wait for a disk.
    pub major_faults: Option<u64>,
    /// Time that it waited for block devices, ns; `None` where delay accounting is off. Part of `blocked_ns`.
    pub block_io_ns: Option<u64>,
    /// CPU limits of its cgroup and of those above it, its own first; `None` where they cannot be read.
    pub limits: Option<Vec<CpuLimit>>,
}

/// Time in each state, ns: disjoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerStates {
    /// On a CPU (`/proc/PID/task/TID/schedstat`, first number).
    pub running_ns: u64,
    /// Runnable, and another thread had the CPU (run delay less `throttled_ns`).
    pub waiting_ns: u64,
    /// Runnable, and its cgroup had used up its CPU time.
    pub throttled_ns: u64,
    /// Asleep while one of its rings was not empty, beyond the pauses that the tool is known to make.
    pub blocked_ns: u64,
    /// Asleep otherwise: its rings were empty, or it made such a pause.
    pub idle_ns: u64,
}

impl ConsumerStates {
    /// All of it, ns.
    #[must_use]
    pub fn total_ns(&self) -> u64 {
        [self.running_ns, self.waiting_ns, self.throttled_ns, self.blocked_ns, self.idle_ns]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// What grew since `before`. States only grow.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            running_ns: self.running_ns.saturating_sub(before.running_ns),
            waiting_ns: self.waiting_ns.saturating_sub(before.waiting_ns),
            throttled_ns: self.throttled_ns.saturating_sub(before.throttled_ns),
            blocked_ns: self.blocked_ns.saturating_sub(before.blocked_ns),
            idle_ns: self.idle_ns.saturating_sub(before.idle_ns),
        }
    }

    /// Adds what came later.
    pub fn add(&mut self, more: &Self) {
        self.running_ns = self.running_ns.saturating_add(more.running_ns);
        self.waiting_ns = self.waiting_ns.saturating_add(more.waiting_ns);
        self.throttled_ns = self.throttled_ns.saturating_add(more.throttled_ns);
        self.blocked_ns = self.blocked_ns.saturating_add(more.blocked_ns);
        self.idle_ns = self.idle_ns.saturating_add(more.idle_ns);
    }
}

/// How it is known which thread drains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// The tool's settings name it (Falco's `scap_tid`).
    Settings,
    /// The process has no other thread.
    OnlyThread,
    /// It used CPU time when the rings were drained, and none when they were not.
    #[default]
    CpuTime,
}

/// Somewhere a thread was blocked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedIn {
    /// State as in `/proc/PID/stat`: `S`, `D`, `T`.
    pub state: char,
    /// Function of the kernel that it slept in; `None` where the kernel does not tell us.
    pub wchan: Option<String>,
    /// Number of the syscall, by the thread's own ABI; `None` where the kernel does not tell us.
    pub syscall: Option<u32>,
    /// How long, ns: as fine as the looks.
    pub time_ns: u64,
}

/// CPU limit of a cgroup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuLimit {
    /// Path below the root of the hierarchy.
    pub cgroup: String,
    /// CPU time that it may use in each period, ns; `None` is no limit.
    pub quota_ns: Option<u64>,
    /// Period, ns.
    pub period_ns: Option<u64>,
    /// Periods in which it used up its time, since the thread was found or the window began.
    pub throttled_periods: u64,
    /// Time that its threads were held back, summed over CPUs, since then, ns.
    pub throttled_ns: u64,
}

impl CpuLimit {
    /// The CPUs that it allows; `None` is no limit.
    #[must_use]
    pub fn cpus(&self) -> Option<f64> {
        let period_ns = self.period_ns.filter(|period_ns| *period_ns > 0)?;
        Some(share(self.quota_ns?, period_ns))
    }

    /// Each of `now`, with what has come since `before`.
    #[must_use]
    pub fn since(before: &[Self], now: &[Self]) -> Vec<Self> {
        let grown = |now: &Self| {
            let before = before.iter().find(|before| before.cgroup == now.cgroup);
            let (periods, time_ns) =
                before.map_or((0, 0), |before| (before.throttled_periods, before.throttled_ns));
            Self {
                throttled_periods: now.throttled_periods.saturating_sub(periods),
                throttled_ns: now.throttled_ns.saturating_sub(time_ns),
                ..now.clone()
            }
        };
        now.iter().map(grown).collect()
    }
}
