//! What runs in a scenario, and under which limits.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// All that is started.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Setup {
    /// From the first load on.
    pub(crate) seconds: u64,
    /// The stand-in that is looked at.
    pub(crate) tool: Process,
    /// More of them.
    #[serde(default)]
    pub(crate) other_tools: Vec<Process>,
    #[serde(default)]
    pub(crate) loads: Vec<Process>,
    #[serde(default)]
    pub(crate) hogs: Vec<Process>,
    /// For the shell; ended with the run.
    #[serde(default)]
    pub(crate) commands: Vec<String>,
    /// Flags of `dropctl report`.
    #[serde(default)]
    pub(crate) dropctl: Flags,
    /// dropctl looks before the tool starts.
    #[serde(default)]
    pub(crate) dropctl_first: bool,
}

/// Flags without their dashes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Flags(BTreeMap<String, Value>);

/// A process of the lab, in cgroups of its own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Process {
    #[serde(default)]
    pub(crate) flags: Flags,
    #[serde(default)]
    pub(crate) limits: Limits,
    /// Started again so many ms after it ended by itself.
    pub(crate) again_after_ms: Option<u64>,
}

/// Limits of its cgroups, in the words of cgroup v2.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Limits {
    /// CPU time in percent of one CPU, by quota.
    pub(crate) cpu_percent: Option<u64>,
    /// Period of that quota; 100 ms if absent.
    pub(crate) period_ms: Option<u64>,
    /// Share against others of the lab, 1 to 10000; 100 if absent.
    pub(crate) weight: Option<u64>,
    /// MiB.
    pub(crate) memory_mib: Option<u64>,
    /// KiB per second to the disk that holds temporary files.
    pub(crate) write_kib: Option<u64>,
}

impl Setup {
    /// All that may have limits.
    pub(crate) fn processes(&self) -> impl Iterator<Item = &Process> {
        let others = self.other_tools.iter().chain(&self.loads).chain(&self.hogs);
        others.chain([&self.tool])
    }
}

impl Flags {
    /// As typed: `true` is a flag without a value, `false` none at all.
    pub(crate) fn arguments(&self) -> Result<Vec<String>> {
        let mut arguments = Vec::new();
        for (name, value) in &self.0 {
            let value = match value {
                Value::Bool(false) => continue,
                Value::Bool(true) => None,
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                other => bail!("--{name} cannot be {other}"),
            };
            let dashes = if name.len() == 1 { "-" } else { "--" };
            arguments.push(format!("{dashes}{name}"));
            arguments.extend(value);
        }
        Ok(arguments)
    }
}

/// RFC 7396: members of `patch` replace those of `target`, null removes one.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(own) = target else { return };
    for (name, value) in members {
        if value.is_null() {
            own.remove(name);
        } else {
            merge(own.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
