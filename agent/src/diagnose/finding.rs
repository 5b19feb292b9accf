//! What a rule says. Codes and names are public interface: never reused, never renamed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Code, such as `DC901`.
    pub code: String,
    /// Name, such as `own-overrun`.
    pub name: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence.
    pub summary: String,
    /// The numbers behind it.
    pub evidence: Vec<String>,
    /// What to change.
    pub remedies: Vec<String>,
}

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something is lost or hidden.
    Warning,
    /// Act now.
    Critical,
}

impl Severity {
    /// As in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// How sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Points that way.
    Low,
    /// Nothing speaks against it.
    Medium,
    /// Counted, or the only explanation.
    High,
}

impl Confidence {
    /// As in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}
