//! What other tools lost: whose events, and in which episodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Overrun;

/// Losers that a report names, most first.
pub const LOSERS_NAMED: usize = 50;
/// Losers that a sample lists: more, because what one lost between two samples is known if both list it.
pub const LOSERS_LISTED: usize = 200;

/// How it is known whose events a tool dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LossRoute {
    /// The tool's own counter was followed at each syscall exit.
    #[default]
    Follow,
    /// Every refusal was seen behind the ring buffer helpers that the tool's programs call.
    Helpers,
}

/// Whose events a tool dropped since it was found. The sums of `top` and `others`, and of `workloads` and
/// `workloads_other`, are the same: what is attributed. With `unattributed` that is what the tool says that it dropped,
/// as far as every CPU has been looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LosersSample {
    /// How it is known.
    pub route: LossRoute,
    /// It is being watched now; else everything that is dropped is unattributed until it is.
    pub is_watched: bool,
    /// Those who lost most, since the tool was found, most first.
    pub top: Vec<LoserSample>,
    /// Events of all other losers.
    pub others: u64,
    /// The same events by workload. One that has come in stays until it has died.
    pub workloads: Vec<WorkloadDrops>,
    /// Events of workloads that have died or found no place; only grows.
    pub workloads_other: u64,
    /// Drops of nobody, since the tool loaded its probe: before it was watched, and those that no look explains.
    pub unattributed: u64,
    /// Runs of the watching program that the kernel skipped, since it was loaded: each may have moved drops to the next
    /// syscall of its CPU. `None` where the kernel does not count them.
    pub missed: Option<u64>,
}

impl LosersSample {
    /// Drops of which it is known whose they were.
    #[must_use]
    pub fn attributed(&self) -> u64 {
        self.top.iter().map(|loser| loser.drops).sum::<u64>() + self.others
    }
}

/// Events of one process and syscall that a tool dropped: exact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoserSample {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Name of the process at its last drop; `None` where the kernel did not tell.
    pub comm: Option<String>,
    /// cgroup; `None` where the node does not tell.
    pub cgroup_id: Option<u64>,
    /// What that cgroup is; `None` where its path was not found.
    pub workload: Option<Workload>,
    /// Syscall (see `agent_common::slot`).
    pub slot: u16,
    /// Events.
    pub drops: u64,
}

/// What a process belongs to. Names of Kubernetes take the places of ids where they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Workload {
    /// Kubernetes namespace.
    pub namespace: Option<String>,
    /// Pod: its uid while its name is not known.
    pub pod: Option<String>,
    /// Container (twelve digits of its id), systemd unit, or the end of the cgroup's path.
    pub container: Option<String>,
}

impl Workload {
    /// Such as `shop/checkout-7d4/app`.
    #[must_use]
    pub fn path(&self) -> String {
        let Self { namespace, pod, container } = self;
        let parts: Vec<&str> =
            [namespace, pod, container].into_iter().flatten().map(String::as_str).collect();
        parts.join("/")
    }
}

/// Events of one workload that a tool dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkloadDrops {
    /// Whose; `None` for those whose cgroup's path was not found.
    pub workload: Option<Workload>,
    /// Events.
    pub drops: u64,
}

/// Who counted the drops of an overrun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountedBy {
    /// The tool: dropctl saw its counter grow, so that times are those of its readings.
    #[default]
    Tool,
    /// dropctl, behind the ring buffer helpers: times are those of the first and the last refusal.
    Helpers,
}

/// Overruns of a tool's ring, or of all its rings where it is not known which of them dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overruns {
    /// Who counted the drops.
    pub counted_by: CountedBy,
    /// The newest, oldest first, at most [`super::OVERRUNS_LISTED`] that have ended and the one that may go on.
    pub listed: Vec<Overrun>,
    /// Number of all since the ring was found.
    pub count: u64,
    /// Time of all of them, ns.
    pub total_ns: u64,
}
