//! What a report contains: `dropctl.report/v1`. Fields are additive only.
//!
//! Rates are per second, sizes in bytes, times in seconds unless a name says otherwise. What is not known is absent
//! (`null`), never 0.

mod consumers;
mod perf;
mod refused;
mod tools;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    diagnose::Finding,
    evidence::Evidence,
    sample::Node,
    setup::{Hook, Mode, Naming, Visibility},
};

pub use consumers::{Blockage, Consumer, Limit};
pub use perf::PerfBuffers;
pub use refused::{Estimate, Refused, RefusedClass};
pub use tools::{
    Arrival, Category, Counters, Exit, Life, Loser, Losers, Outage, Program, Programs, Ring, Tool,
    ToolOverrun,
};

/// Value of [`Report::schema`].
pub const SCHEMA: &str = "dropctl.report/v1";

/// One report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `dropctl.report/v1`.
    pub schema: String,
    /// Which dropctl wrote it.
    pub dropctl: Build,
    /// Where it looked.
    pub node: Node,
    /// When it looked.
    pub window: WindowFacts,
    /// Whether names of hosts, addresses, paths, namespaces, pods, containers, units and cgroups are real or pseudonyms.
    #[serde(default)]
    pub names: Naming,
    /// What the node lets dropctl see, and what not.
    pub visibility: Vec<Visibility>,
    /// Two sentences: what matters most.
    pub verdict: String,
    /// The sentences that follow: other tools, and how dropctl itself did.
    #[serde(default)]
    pub also: Vec<String>,
    /// Events through the probe; absent in mode `passive`.
    pub throughput: Option<Throughput>,
    /// What was lost; absent in mode `passive`.
    pub loss: Option<Loss>,
    /// Known tools and those with BPF ring buffers, dropctl left out; absent when rings are not watched.
    pub tools: Option<Vec<Tool>>,
    /// Processes with perf buffers, in which lost samples are counted, not refused records; absent where these are not visible.
    #[serde(default)]
    pub perf_buffers: Option<Vec<PerfBuffers>>,
    /// The threads that drain their rings, as far as they are known; absent when they are not watched.
    pub consumers: Option<Vec<Consumer>>,
    /// What it means, most severe first.
    pub findings: Vec<Finding>,
    /// Syscalls, most frequent first; absent in mode `passive`.
    pub syscalls: Option<Vec<Syscall>>,
    /// Processes with most streamed events; absent when nothing is streamed.
    pub processes: Option<Processes>,
    /// What dropctl itself did and cost.
    pub own: Own,
    /// What all this was made from (`dropctl.recording/v1`, with the samples in an array): `dropctl report --input` makes
    /// the same report of it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<serde_json::Value>,
}

/// A build of dropctl.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// Version.
    pub version: String,
    /// Commit, where known.
    pub revision: Option<String>,
}

/// When.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WindowFacts {
    /// Start, UTC, RFC 3339.
    pub start: String,
    /// `CLOCK_MONOTONIC` at the start, ns; times of overruns are on the same clock.
    pub start_monotonic_ns: u64,
    /// Length, seconds.
    pub seconds: f64,
    /// Time that the node was suspended in between, seconds.
    pub suspended_seconds: f64,
}

/// Events through the probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Throughput {
    /// Source of these numbers.
    pub evidence: Evidence,
    /// Syscall exits of everybody but dropctl.
    pub seen: Flow,
    /// Records committed to the ring; absent when nothing is streamed.
    pub submitted: Option<Flow>,
    /// Records consumed; absent when nothing is streamed.
    pub consumed: Option<Flow>,
}

/// A flow of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// Events.
    pub events: u64,
    /// Mean over the window.
    pub events_per_second: f64,
    /// In the busiest second or so; absent in a window too short to tell.
    pub peak_events_per_second: Option<f64>,
    /// Ring bytes, headers included; absent for events that are not in a ring.
    pub bytes: Option<u64>,
    /// Mean over the window.
    pub bytes_per_second: Option<f64>,
}

/// What was lost. This version measures its own ring; other tools follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Loss {
    /// Source of these numbers.
    pub evidence: Evidence,
    /// Records that dropctl's own ring refused; absent when nothing is streamed.
    pub dropped: Option<u64>,
    /// Runs of dropctl's program that the kernel skipped; absent where it does not count them.
    pub missed: Option<u64>,
    /// Number of overruns of dropctl's own ring; absent when nothing is streamed.
    pub overrun_count: Option<u64>,
    /// Time of all of them together; absent when nothing is streamed.
    pub overrun_seconds: Option<f64>,
    /// The newest overruns, oldest first.
    pub overruns: Vec<Overrun>,
}

/// One overrun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Overrun {
    /// First refusal, seconds from the start of the window.
    pub start_seconds: f64,
    /// Until the last refusal, up to one kernel tick short.
    pub seconds: f64,
    /// Records refused.
    pub drops: u64,
}

/// One syscall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Syscall {
    /// `read`, `ia32:read`, `x32:read`, `none` (an exit without a number, such as rt_sigreturn) or `other`.
    pub syscall: String,
    /// Exits; exact.
    pub events: u64,
    /// Mean over the window.
    pub events_per_second: f64,
    /// Share of all exits, 0 to 1.
    pub share: f64,
    /// Exits with an error among the consumed records; absent when nothing is streamed.
    pub errors: Option<u64>,
}

/// Who made the streamed events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Processes {
    /// Exact if every event was streamed, none dropped, and no process went uncounted, else estimated: counts of
    /// the consumed records.
    pub evidence: Evidence,
    /// The processes with most records, most first.
    pub top: Vec<Process>,
    /// Records of all others.
    pub other_records: u64,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Process {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Name, unless it was gone at the end or dropctl runs in another pid namespace.
    pub comm: Option<String>,
    /// cgroup of its last record.
    pub cgroup_id: Option<u64>,
    /// Consumed records.
    pub records: u64,
}

/// What dropctl itself did and cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Own {
    /// What ran per syscall.
    pub mode: Mode,
    /// Where; absent in mode `passive`.
    pub hook: Option<Hook>,
    /// One event in this many was streamed.
    pub sample: u32,
    /// CPU time of its threads, seconds. What its program costs is charged to those who make the syscalls.
    pub cpu_seconds: f64,
    /// The same as a share of one core, 0 to 1.
    pub cpu_share: f64,
    /// Resident memory, bytes.
    pub resident_bytes: Option<u64>,
    /// Its ring; absent when nothing is streamed.
    pub ring: Option<OwnRing>,
    /// Every event accounted for; absent in mode `passive`.
    pub accounting: Option<Accounting>,
}

/// dropctl's ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnRing {
    /// Data bytes.
    pub capacity_bytes: u64,
    /// Largest backlog found, bytes.
    pub backlog_max_bytes: u64,
}

/// Where every event went. `holds` says whether the equations do:
/// `in_flight_before + attempted = consumed + dropped + in_flight` and `in_flight_before + submitted = consumed + in_flight`,
/// up to `unsettled`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accounting {
    /// Events that were due: seen and missed; absent where missed runs are not counted.
    pub due: Option<u64>,
    /// Events counted.
    pub seen: u64,
    /// Runs that the kernel skipped.
    pub missed: Option<u64>,
    /// Runs for dropctl's own threads, left out of all else.
    pub own: u64,
    /// Records tried.
    pub attempted: u64,
    /// Records committed.
    pub submitted: u64,
    /// Records consumed.
    pub consumed: u64,
    /// Records refused.
    pub dropped: u64,
    /// Records left in the ring, from its positions.
    pub in_flight: u64,
    /// Records that were in it at the start: attempted before, consumed since.
    #[serde(default)]
    pub in_flight_before: u64,
    /// Records that moved while the numbers at the start and at the end were read, as counted then: 0 for a report whose
    /// ends were at rest, as those of a live look are.
    #[serde(default)]
    pub unsettled: u64,
    /// Whether it all adds up.
    pub holds: bool,
}
