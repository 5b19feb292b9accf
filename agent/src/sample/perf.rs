//! Perf buffers: what tools had before there were ring buffers, and some still have.

use serde::{Deserialize, Serialize};

/// All perf buffers of one process that BPF programs write to: one for each CPU, and each map. Bytes and lost samples are exact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PerfBuffersSample {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Its name.
    pub comm: String,
    /// The tool that it is, from a closed set; `other` for everybody else.
    pub tool: String,
    /// It is dropctl.
    pub is_own: bool,
    /// When it was found, `CLOCK_MONOTONIC` ns. What was made while dropctl watched counts from its beginning.
    pub found_ns: u64,
    /// When it was looked at, `CLOCK_MONOTONIC` ns.
    pub time_ns: u64,
    /// How many there are.
    pub buffers: u64,
    /// Data bytes of all.
    pub capacity_bytes: u64,
    /// Bytes written and not read, of all.
    pub backlog_bytes: u64,
    /// The fullest at any look, in thousandths of its size.
    pub fullest_permille: u64,
    /// Bytes written since it was found.
    pub produced_bytes: u64,
    /// Bytes read since it was found.
    pub consumed_bytes: u64,
    /// Samples that found no room since it was found; `None` where the kernel does not count them.
    pub lost: Option<u64>,
}
