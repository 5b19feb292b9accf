//! The answer, as plain data.

use schemars::JsonSchema;
use serde::Serialize;

use super::{interval::Interval, service::Service};
use crate::diagnose::{Subject, finding::Remedy};

/// Value of [`Sizing::schema`].
pub const SCHEMA: &str = "dropctl.sizing/v1";

/// Which buffer would have been enough.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Sizing {
    /// Always `dropctl.sizing/v1`.
    pub schema: String,
    /// A sentence or two for each tool.
    pub verdict: String,
    /// What was seen.
    pub window: Window,
    /// Each tool that has rings and had something in them.
    pub tools: Vec<ToolSizing>,
    /// What is not said, and why.
    pub limits: Vec<String>,
}

/// The time that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Window {
    /// Its length.
    pub seconds: f64,
    /// Bursts that come less often than this may not have been in it (19 times in 20 they are seen that come more often:
    /// three in the window): nothing is said about them.
    pub rarest_seconds: f64,
    /// It is too short to stand for more than itself.
    pub is_short: bool,
}

/// One tool.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ToolSizing {
    /// Which.
    pub tool: Subject,
    /// One or two sentences.
    pub verdict: String,
    /// Falco's version; absent where it is not known.
    pub version: Option<String>,
    /// Bytes of each ring now.
    pub ring_bytes: u64,
    /// Rings now.
    pub rings: usize,
    /// What came.
    pub arrivals: Arrivals,
    /// The thread that drains; absent where it is not seen.
    pub service: Option<Service>,
    /// What came, as a part of what the thread drains in the long run, stalls included: from 1 on no size helps. Absent
    /// where the thread is not seen.
    pub utilisation: Option<Interval>,
    /// Why no size helps; absent where one does or nothing is lost.
    pub no_size_helps: Option<NoSize>,
    /// The largest backlog that a ring without end would have had, bytes.
    pub needed_bytes: Interval,
    /// Each size and sharing of rings; the present sharing first.
    pub candidates: Vec<Candidate>,
    /// The smallest with the present sharing that would have lost nothing; absent where none is, or no size helps.
    pub smallest: Option<Candidate>,
    /// The least memory with any sharing; absent where that is `smallest`, or there is none.
    pub least_memory: Option<Candidate>,
    /// What to change.
    pub remedies: Vec<Remedy>,
    /// What it would save not to trace a syscall: those that make most of what arrives, if that is counted.
    pub without: Vec<Without>,
}

/// What came into a tool's rings.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Arrivals {
    /// Bytes that were due in a second: taken (exact), and refused.
    pub bytes_per_second: f64,
    /// Bytes that were refused: drops at the mean size of a record (estimated), unless their bytes were counted.
    pub dropped_bytes: f64,
    /// Events that were refused; absent where they are not counted.
    pub drops: Option<u64>,
    /// The share of what was due that was refused, in events where they are counted.
    pub loss: f64,
    /// Mean bytes of a record, the ring's header included; absent where records are not counted.
    pub record_bytes: Option<f64>,
    /// Length of time, s, and the most bytes that one ring took within one such.
    pub largest: Vec<(f64, u64)>,
    /// Steps of the recording in which a ring was filled by a sixteenth or more.
    pub bursts: usize,
}

/// No size helps.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NoSize {
    /// Why.
    pub why: String,
    /// What would.
    pub would: Vec<String>,
}

/// One size and sharing of rings.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Candidate {
    /// Falco's `buf_size_preset`; absent for other tools, and other sizes.
    pub preset: Option<usize>,
    /// Bytes of each ring.
    pub ring_bytes: u64,
    /// Falco's `cpus_for_each_buffer`, 0 for one ring for all; absent for other tools.
    pub cpus_for_each_buffer: Option<usize>,
    /// Rings.
    pub rings: usize,
    /// Memory that they take: locked, from the start.
    pub memory_bytes: u64,
    /// Addresses that they take: the data are mapped twice.
    pub virtual_bytes: u64,
    /// The share of what was due that it would have lost, 0 to 1 (estimated; of the present one, counted).
    pub loss: Interval,
    /// What that means.
    pub held: Held,
    /// It is what the tool has.
    pub is_present: bool,
}

/// Whether a candidate would have held what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// It loses something.
    Loses,
    /// Probably it would have held all, but the bounds do not exclude a loss.
    Close,
    /// It would have held all of it.
    Holds,
    /// It would have held all of it, and no more if it had gone on.
    PutsOff,
}

/// Not tracing one syscall.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Without {
    /// Its name.
    pub syscall: String,
    /// Exits of it, in the time of the loss where there was one (exact).
    pub events: u64,
    /// The share of all exits of traced syscalls, 0 to 1.
    pub share: f64,
    /// Bytes per second that it takes away: only where nearly all records are its own, because the size of a record of one syscall
    /// is not known (estimated).
    pub bytes_per_second: Option<f64>,
    /// What would be left of the utilisation, if its records are as large as others.
    pub utilisation: Option<f64>,
    /// The share of what was due that rings as they are would lose at most, if its records are as large as others (estimated).
    pub loss_at_most: f64,
}
