//! What Falco's form for issues asks for, filled in.

use super::known;
use crate::report::{
    lives::{age, end},
    model::{Limit, Report, Tool},
    number::{bytes, seconds},
};
use crate::{
    sample::{ConfigurationFacts, FalcoFacts, VersionFacts},
    setup::Naming,
};

/// Tools that have a line of their own.
const MOST_TOOLS: usize = 3;
/// What a page says that has no real names.
pub(crate) const PSEUDONYMS: &str = "pseudonyms for all that names this node, its users and workloads; names of processes \
                                     stay (docs/redaction.md)";
/// Settings that are named.
const MOST_SETTINGS: usize = 8;

pub(super) fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let node = &report.node;
    let version = match &report.dropctl.revision {
        Some(revision) => format!("{} ({revision})", report.dropctl.version),
        None => report.dropctl.version.clone(),
    };
    let mut facts = of_tools(report);
    let memory = node
        .memory_bytes
        .map_or_else(|| "memory unknown".to_owned(), |size| format!("{} of memory", bytes(size)));
    facts.extend([
        (
            "kernel",
            format!("{}, preemption {}", known(node.kernel.as_ref()), known(node.preemption.as_ref())),
        ),
        ("OS", known(node.os.as_ref())),
        (
            "machine",
            format!(
                "{}, {}, CPUs {} online of {}, {memory}",
                node.architecture,
                node.hardware.as_deref().unwrap_or("hardware unknown"),
                known(node.cpus_online.as_ref()),
                known(node.cpus_possible.as_ref())
            ),
        ),
        (
            "dropctl",
            format!("{version}, looked for {} from {}", seconds(report.window.seconds), report.window.start),
        ),
    ]);
    if report.names == Naming::Pseudonyms {
        facts.push(("names", PSEUDONYMS.to_owned()));
    }
    if report.window.suspended_seconds >= 0.01 {
        facts.push(("suspended", seconds(report.window.suspended_seconds)));
    }
    facts
}

/// Those of Falco's family, or that are known and run.
fn of_tools(report: &Report) -> Vec<(&'static str, String)> {
    let is_known = |tool: &&Tool| tool.falco.is_some() || tool.counters.is_some() || tool.life.is_some();
    let mut tools: Vec<&Tool> = report.tools.iter().flatten().filter(is_known).collect();
    // Of a process that has gone nothing but its name may be left: that is said by its next life.
    tools.sort_by_key(|tool| tool.life.is_none());
    let mut lines: Vec<String> = Vec::new();
    for line in tools.iter().map(|tool| of_tool(report, tool)) {
        let front = format!("{line}, ");
        if !lines.iter().any(|known| *known == line || known.starts_with(&front)) {
            lines.push(line);
        }
    }
    let mut facts: Vec<(&'static str, String)> =
        lines.into_iter().take(MOST_TOOLS).map(|line| ("tool", line)).collect();
    let configured = tools.iter().find_map(|tool| tool.falco.as_ref());
    if let Some(said) = configured {
        facts.extend(said.configuration.as_ref().map(|configuration| ("settings", settings(configuration))));
        facts.extend(said.version.as_ref().and_then(plugins).map(|plugins| ("plugins", plugins)));
    }
    facts
}

fn of_tool(report: &Report, tool: &Tool) -> String {
    let mut parts =
        vec![format!("{}{}", tool.comm.as_deref().unwrap_or("unknown"), version(tool.falco.as_ref()))];
    let life = tool.life.as_ref();
    let engine = life.and_then(|life| life.engine.as_deref());
    parts.extend(engine.map(|engine| format!("engine {engine}")));
    parts.extend(life.and_then(|life| life.installation.as_deref()).map(|how| format!("in {how}")));
    let consumers = report.consumers.iter().flatten();
    let limits = consumers.filter(|one| Some(one.tgid) == tool.tgid).filter_map(|one| one.limits.as_ref());
    let tightest = limits.flatten().min_by(|one, other| one.cpus.total_cmp(&other.cpus));
    parts.extend(tightest.map(|Limit { cpus, .. }| format!("limited to {cpus:.2} CPUs")));
    if let Some(life) = life {
        parts.push(match (life.is_running, life.age_seconds) {
            (false, _) => "not running".to_owned(),
            (true, Some(seconds)) => format!("running for {}", age(seconds)),
            (true, None) => "running".to_owned(),
        });
        match life.restarts {
            0 => {}
            1 => parts.push("1 restart".to_owned()),
            many => parts.push(format!("{many} restarts")),
        }
        parts.extend(life.last_exit.as_ref().map(|exit| format!("last end: {}", end(exit))));
    }
    parts.join(", ")
}

fn version(said: Option<&FalcoFacts>) -> String {
    let Some(VersionFacts { falco, libs, driver_api, .. }) = said.and_then(|said| said.version.as_ref())
    else {
        return String::new();
    };
    let part = |name: &str, part: &Option<String>| part.as_ref().map(|part| format!("{name}{part}"));
    [part(" ", falco), part("libs ", libs), part("driver API ", driver_api)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// Those that somebody set; Falco's web server and its metrics do not drop.
fn settings(configuration: &ConfigurationFacts) -> String {
    let is_beside =
        |key: &str| ["webserver", "metrics", "config_files", "watch_"].iter().any(|top| key.starts_with(top));
    let set: Vec<String> = configuration
        .keys
        .iter()
        .filter(|key| key.set_by.is_some() && !is_beside(&key.key))
        .map(|key| format!("{} {}", key.key, key.value))
        .collect();
    match set.len() {
        0 => "Falco's defaults".to_owned(),
        more if more > MOST_SETTINGS => {
            format!("{} and {} more", set[..MOST_SETTINGS].join(", "), more - MOST_SETTINGS)
        }
        _ => set.join(", "),
    }
}

fn plugins(version: &VersionFacts) -> Option<String> {
    let all: Vec<String> =
        version.plugins.iter().map(|(name, version)| format!("{name} {version}")).collect();
    (!all.is_empty()).then(|| all.join(", "))
}
