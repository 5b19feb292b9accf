//! What is set or built otherwise: the node, the tools, dropctl. Only what differs.

use std::collections::BTreeMap;

use super::Change;
use crate::{
    number::{bytes, count},
    report::{Report, model::Tool},
};

/// Everything that differs, in the order of the page.
pub(super) fn compare(a: &Report, b: &Report) -> Vec<Change> {
    let (before, after) = (settings(a), settings(b));
    let mut names: Vec<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.as_str()));
    let value = |of: &Settings, name: &str| {
        of.iter().find(|(other, _)| other == name).and_then(|(_, value)| value.clone())
    };
    names
        .into_iter()
        .map(|name| Change { what: name.clone(), a: value(&before, name), b: value(&after, name) })
        .filter(|change| change.a != change.b)
        .collect()
}

/// Names and values; `None`: not known.
type Settings = Vec<(String, Option<String>)>;

fn settings(report: &Report) -> Settings {
    let mut all = Settings::new();
    let node = &report.node;
    all.extend(
        [
            ("kernel", node.kernel.clone()),
            ("preemption", node.preemption.clone()),
            ("OS", node.os.clone()),
            ("CPUs online", node.cpus_online.clone()),
            ("memory", node.memory_bytes.map(bytes)),
            ("dropctl", Some(report.dropctl.version.clone())),
            ("dropctl's mode", Some(report.own.mode.as_str().to_owned())),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    // Of several processes of a tool the last counts: the one that runs now.
    let mut by_name: BTreeMap<String, &Tool> = BTreeMap::new();
    for tool in report.tools.iter().flatten() {
        by_name.insert(
            tool.tool
                .clone()
                .filter(|tool| tool != "other")
                .or_else(|| tool.comm.clone())
                .unwrap_or_default(),
            tool,
        );
    }
    for (name, tool) in by_name {
        all.extend(of_tool(report, tool).into_iter().map(|(what, value)| (format!("{name}: {what}"), value)));
    }
    all
}

fn of_tool(report: &Report, tool: &Tool) -> Settings {
    let mut all = Settings::new();
    let mut add = |what: &str, value: Option<String>| all.push((what.to_owned(), value));
    let facts = tool.falco.as_ref();
    let version = facts.and_then(|facts| facts.version.as_ref());
    add("version", version.and_then(|version| version.falco.clone()));
    add("libs", version.and_then(|version| version.libs.clone()));
    add("driver", version.and_then(|version| version.default_driver.clone()));
    add("engine", tool.life.as_ref().and_then(|life| life.engine.clone()));
    let rings = || tool.rings.iter().filter(|ring| !ring.is_gone);
    add("rings", (!tool.rings.is_empty()).then(|| count(rings().count() as u64)));
    add("bytes of each ring", rings().map(|ring| ring.capacity_bytes).max().map(bytes));
    let traced = tool.counters.as_ref().and_then(|counters| counters.traced_syscalls);
    add("traced syscalls", traced.map(count));
    let is_its = |tgid: u32| tool.tgid == Some(tgid);
    let limits = report
        .consumers
        .iter()
        .flatten()
        .filter(|one| is_its(one.tgid))
        .filter_map(|one| one.limits.as_ref());
    let least = limits.map(|limits| limits.iter().map(|limit| limit.cpus).reduce(f64::min)).next_back();
    add(
        "CPU limit",
        least.map(|least| least.map_or_else(|| "none".to_owned(), |cpus| format!("{cpus:.2} CPUs"))),
    );
    if let Some(configuration) = facts.and_then(|facts| facts.configuration.as_ref()) {
        for key in &configuration.keys {
            add(&key.key, Some(key.value.clone()));
        }
        let base = &configuration.base_syscalls;
        add(
            "base_syscalls.custom_set",
            Some(
                base.included
                    .iter()
                    .cloned()
                    .chain(base.excluded.iter().map(|name| format!("!{name}")))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        );
    }
    all
}
