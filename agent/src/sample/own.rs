//! What dropctl itself costs.

use serde::{Deserialize, Serialize};

/// What dropctl itself costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnSample {
    /// CPU time of all its threads, ns. What its program costs is charged to those who make the syscalls.
    pub cpu_ns: u64,
    /// Resident memory, bytes, shared pages and ring included; `None` where /proc does not say.
    pub resident_bytes: Option<u64>,
}
