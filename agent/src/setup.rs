//! How the probe runs: what the user asked for and what the node allowed. Plain data, shared by those who load
//! and those who report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What runs per syscall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Count everything, and write records to our ring.
    Stream,
    /// Count everything.
    Count,
    /// Nothing: only the rings of others are watched.
    Passive,
}

impl Mode {
    /// The name used in options, labels and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Count => "count",
            Self::Passive => "passive",
        }
    }
}

/// Whether to see whose events other tools drop: a second program on the hook of the tool's, while it is attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// Never.
    #[default]
    Off,
    /// From the first drop on, until there were none for a while.
    Auto,
    /// While there is a tool whose drops can be followed.
    On,
}

/// How dropctl looks: what does not change while it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Version of the dropctl that looks.
    pub version: String,
    /// Commit that it was built from, where known.
    #[serde(default)]
    pub revision: Option<String>,
    /// What the probe was asked for.
    pub request: Request,
    /// Where it sits; `None` in mode `passive`.
    #[serde(default)]
    pub hook: Option<Hook>,
    /// What the node allows.
    #[serde(default)]
    pub visibility: Vec<Visibility>,
    /// Time between samples, ns; 0 if there is no such rule.
    #[serde(default)]
    pub interval_ns: u64,
    /// Whose names the samples have.
    #[serde(default)]
    pub names: Naming,
}

/// What names of hosts, addresses, paths, namespaces, pods, containers, units and cgroups are (docs/redaction.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Naming {
    /// Those of the node.
    #[default]
    Real,
    /// Pseudonyms.
    Pseudonyms,
}

/// What the user wants of the probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Mode.
    pub mode: Mode,
    /// Stream one event in this many; at least 1.
    pub sample: u32,
    /// Ring size, bytes: a power of two, at least a page.
    pub ring_bytes: u32,
    /// Processes to keep counts of, among the streamed events.
    pub processes: usize,
}

/// Where the program sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Hook {
    /// `tp_btf/sys_exit`: kernel memory by plain loads.
    #[serde(rename = "tp_btf/sys_exit")]
    Btf,
    /// `raw_tp/sys_exit`: kernel memory through a helper, about 25 ns more per read.
    #[serde(rename = "raw_tp/sys_exit")]
    Raw,
}

impl Hook {
    /// As in section names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Btf => "tp_btf/sys_exit",
            Self::Raw => "raw_tp/sys_exit",
        }
    }
}

/// One thing that this node lets us see, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Visibility {
    /// Name from a closed set; the label of `dropctl_visibility`.
    pub capability: String,
    /// Whether it is there.
    pub available: bool,
    /// What it gives, or what is hidden without it and how to get it.
    pub note: String,
}
