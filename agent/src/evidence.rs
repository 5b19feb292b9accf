//! Where a number comes from: every output says it of each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Counted in the kernel.
    Exact,
    /// A tool's own counter.
    Tool,
    /// By a stated method.
    Estimated,
}

impl Evidence {
    /// As in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Tool => "tool",
            Self::Estimated => "estimated",
        }
    }
}
