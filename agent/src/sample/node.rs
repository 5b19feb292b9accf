//! Facts about the node that do not change while we look.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Facts about the node that do not change while we look. Nothing in it identifies whose node it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Node {
    /// Kernel release, such as `6.12.9-cloud-amd64`.
    pub kernel: Option<String>,
    /// Preemption model: as the kernel runs if debugfs is mounted, else as its version string says it was built.
    pub preemption: Option<String>,
    /// Machine architecture.
    pub architecture: String,
    /// Operating system of the root file system that dropctl sees.
    pub os: Option<String>,
    /// CPUs that the kernel is prepared for, such as `0-3`.
    pub cpus_possible: Option<String>,
    /// CPUs that are running.
    pub cpus_online: Option<String>,
    /// Memory, bytes.
    pub memory_bytes: Option<u64>,
    /// Vendor and product of the hardware or cloud.
    pub hardware: Option<String>,
}
