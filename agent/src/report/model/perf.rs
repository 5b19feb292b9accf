//! The part of a report that is about perf buffers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;

/// All perf buffers of one process that BPF programs write to: one for each CPU, and each map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PerfBuffers {
    /// Exact: bytes and lost samples are the kernel's own.
    pub evidence: Evidence,
    /// What the process is, from a closed set; `other` for one that dropctl does not know by name.
    pub tool: String,
    /// Its name.
    pub comm: String,
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// How many it has.
    pub buffers: u64,
    /// Data bytes of all.
    pub capacity_bytes: u64,
    /// Bytes written and not read at the end, of all.
    pub backlog_bytes: u64,
    /// The fullest of them at any look since it was found, as a share of its size.
    pub fullest_share: f64,
    /// Bytes written.
    pub produced_bytes: u64,
    /// The same by second.
    pub produced_bytes_per_second: f64,
    /// Bytes read.
    pub consumed_bytes: u64,
    /// The same by second.
    pub consumed_bytes_per_second: f64,
    /// Samples that found no room; absent where the kernel does not count them (before Linux 6.0, where it is not backported).
    pub lost: Option<u64>,
    /// The process ended, or closed them.
    pub is_gone: bool,
}
