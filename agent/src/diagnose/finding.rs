//! What a rule says. Codes and names are public interface: never reused, never renamed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalogue::{Code, Role};
use crate::evidence::Evidence;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Code, such as `DC901`.
    pub code: Code,
    /// Name, such as `own-overrun`.
    pub name: String,
    /// What kind of statement it is.
    pub role: Role,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The tool that it is about; absent where it is about the node or dropctl.
    pub tool: Option<Subject>,
    /// Causes: events of the loss that it explains; absent where they cannot be counted.
    pub drops: Option<u64>,
    /// One sentence.
    pub summary: String,
    /// The numbers behind it.
    pub evidence: Vec<Fact>,
    /// Causes that were next in line, and why they were ruled out.
    pub ruled_out: Vec<RuledOut>,
    /// What to change.
    pub remedies: Vec<Remedy>,
}

/// A tool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// What it is, from a closed set; `other` for a process that dropctl does not know by name.
    pub tool: String,
    /// Name of the process.
    pub comm: String,
    /// Process id in the initial pid namespace.
    pub tgid: u32,
}

/// One number, or several that belong together, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// In words.
    pub text: String,
    /// Where its numbers come from; absent where it has none.
    pub evidence: Option<Evidence>,
}

/// A cause that it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuledOut {
    /// Its code.
    pub code: Code,
    /// Its name.
    pub name: String,
    /// Why not.
    pub why: String,
}

/// Something to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remedy {
    /// In words.
    pub text: String,
    /// The setting; absent where it is no setting of the tool.
    pub key: Option<String>,
    /// What it is now; absent where that is not known.
    pub from: Option<String>,
    /// What it should be.
    pub to: Option<String>,
    /// Settings that change with it.
    #[serde(default)]
    pub also: Vec<Changed>,
    /// Memory that the tool's rings take then, bytes; absent where it is not about rings.
    #[serde(default)]
    pub memory_bytes: Option<u64>,
    /// The change in the form that the installation takes, all of them together; none where version or installation is not
    /// known.
    #[serde(default)]
    pub snippets: Vec<Snippet>,
}

/// A setting, and its values before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// The setting.
    pub key: String,
    /// What it is now; absent where that is not known.
    pub from: Option<String>,
    /// What it should be.
    pub to: String,
}

/// Lines to put somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snippet {
    /// Where: a file, or what takes them.
    pub place: String,
    /// The lines.
    pub text: String,
}

impl Finding {
    /// With nothing but its code; a rule fills in the rest.
    #[must_use]
    pub fn new(code: Code, severity: Severity, confidence: Confidence, summary: String) -> Self {
        Self {
            code,
            name: code.name().to_owned(),
            role: code.role(),
            severity,
            confidence,
            tool: None,
            drops: None,
            summary,
            evidence: Vec::new(),
            ruled_out: Vec::new(),
            remedies: Vec::new(),
        }
    }
}

impl Fact {
    /// Something that was seen and has no number.
    #[must_use]
    pub fn seen(text: String) -> Self {
        Self { text, evidence: None }
    }

    /// Counted in the kernel.
    #[must_use]
    pub fn exact(text: String) -> Self {
        Self { text, evidence: Some(Evidence::Exact) }
    }

    /// What a tool says of itself.
    #[must_use]
    pub fn tool(text: String) -> Self {
        Self { text, evidence: Some(Evidence::Tool) }
    }

    /// By a method that the text names.
    #[must_use]
    pub fn estimated(text: String) -> Self {
        Self { text, evidence: Some(Evidence::Estimated) }
    }
}

impl RuledOut {
    /// This cause, for that reason.
    #[must_use]
    pub fn new(code: Code, why: String) -> Self {
        Self { code, name: code.name().to_owned(), why }
    }
}

impl Remedy {
    /// Advice in words.
    #[must_use]
    pub fn advice(text: String) -> Self {
        Self {
            text,
            key: None,
            from: None,
            to: None,
            also: Vec::new(),
            memory_bytes: None,
            snippets: Vec::new(),
        }
    }

    /// A setting, and its values before and after.
    #[must_use]
    pub fn setting(text: String, key: &str, from: Option<String>, to: String) -> Self {
        Self { key: Some(key.to_owned()), from, to: Some(to), ..Self::advice(text) }
    }

    /// Settings that change together, the one that matters first.
    #[must_use]
    pub fn of(text: String, changed: Vec<Changed>) -> Self {
        let mut changed = changed.into_iter();
        let Some(Changed { key, from, to }) = changed.next() else { return Self::advice(text) };
        Self { also: changed.collect(), ..Self::setting(text, &key, from, to) }
    }
}

impl Snippet {
    /// These lines in that place.
    #[must_use]
    pub fn new(place: String, text: String) -> Self {
        Self { place, text }
    }
}

/// How bad.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
