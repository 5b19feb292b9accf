//! What a Falco says about itself, beside what its maps show.

use super::{Block, Table};
use crate::{
    report::{
        model::Tool,
        number::{bytes, count, percent},
    },
    sample::{CounterLayout, FalcoFacts, KeyFacts, MetricsFacts, PageFacts, PageStatus, VersionFacts},
};

/// Names of syscalls that are listed one by one.
const NAMES_SHOWN: usize = 20;

/// A section for each tool of Falco's family.
pub(super) fn facts(tool: &Tool, page: &mut Vec<Block>) {
    let Some(facts) = &tool.falco else { return };
    let name = tool.comm.as_deref().unwrap_or("unknown");
    let pid = tool.tgid.map_or_else(String::new, |tgid| format!(", pid {tgid}"));
    page.push(Block::Heading(format!("{name}{pid}: what it says of itself, and what its maps show")));
    let mut lines = vec![("version", version(facts))];
    lines.extend(engine(facts).map(|engine| ("engine", engine)));
    lines.extend(facts.capture.map(|capture| {
        let sampling = match (capture.dropping_mode, capture.sampling_ratio) {
            (Some(true), Some(ratio)) => format!(", one event in {ratio} sampled"),
            _ => String::new(),
        };
        ("probe", format!("{} bytes kept of each I/O buffer{sampling}", capture.snaplen_bytes))
    }));
    for (name, answer) in [("/versions", &facts.versions_page), ("/metrics", &facts.metrics_page)] {
        lines.extend(answer.as_ref().map(|answer| (name, web(answer))));
    }
    lines.extend(facts.metrics.as_ref().map(|metrics| ("its own numbers", numbers(metrics))));
    page.push(Block::Facts(lines));
    configuration(facts, page);
    let mut hidden = facts.not_visible.clone();
    if facts.layout == CounterLayout::Unknown {
        hidden.push(
            "drops by category: its counters are laid out as in no release that dropctl knows".to_owned(),
        );
    }
    if facts.metrics.as_ref().is_some_and(|metrics| metrics.agrees_with_maps == Some(false)) {
        hidden.push(
            "its own numbers: they contradict its maps, so another process may answer there".to_owned(),
        );
    }
    if !hidden.is_empty() {
        page.push(Block::Text("Not visible of it:".to_owned()));
        page.push(Block::List(hidden));
    }
}

fn version(facts: &FalcoFacts) -> String {
    let unknown = || "unknown".to_owned();
    let Some(version) = &facts.version else { return unknown() };
    let VersionFacts { falco, libs, driver_schema, .. } = version;
    let or_unknown = |part: &Option<String>| part.clone().unwrap_or_else(unknown);
    let mut text = format!(
        "{}, libs {}, driver schema {}",
        or_unknown(falco),
        or_unknown(libs),
        or_unknown(driver_schema)
    );
    if !version.plugins.is_empty() {
        let plugins: Vec<String> =
            version.plugins.iter().map(|(name, version)| format!("{name} {version}")).collect();
        text += &format!(", plugins {}", plugins.join(", "));
    }
    text
}

fn engine(facts: &FalcoFacts) -> Option<String> {
    let engine = &facts.comparison.engine;
    let effective = engine.effective.as_ref()?;
    Some(match &engine.configured {
        Some(configured) if configured != effective => {
            format!("{effective}, although {configured} is configured")
        }
        _ => effective.clone(),
    })
}

fn web(page: &PageFacts) -> String {
    let why = page.why.as_deref().unwrap_or_default();
    match page.status {
        PageStatus::Answered => "answers".to_owned(),
        PageStatus::Off => format!("off: {why}"),
        PageStatus::Unreachable => format!("not reached: {why}"),
    }
}

fn numbers(metrics: &MetricsFacts) -> String {
    #[expect(clippy::cast_precision_loss, reason = "printed with three digits")]
    let share = |ppm: u64| percent(ppm as f64 / 1e6);
    let counts = [
        ("n_evts", metrics.n_evts),
        ("n_drops", metrics.n_drops),
        ("outputs_queue_num_drops", metrics.outputs_queue_num_drops),
        ("n_threads", metrics.n_threads),
        ("n_fds", metrics.n_fds),
        ("n_failed_fd_lookups", metrics.n_failed_fd_lookups),
    ];
    let mut parts: Vec<String> =
        counts.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", count(value?)))).collect();
    parts.extend(metrics.memory_rss_bytes.map(|rss| format!("memory {}", bytes(rss))));
    parts.extend(metrics.cpu_usage_ppm.map(|ppm| format!("CPU {} of one core", share(ppm))));
    parts.join(", ")
}

fn configuration(facts: &FalcoFacts, page: &mut Vec<Block>) {
    let Some(configuration) = &facts.configuration else { return };
    page.push(Block::Text(format!("Its configuration, from {}:", configuration.files.join(", "))));
    page.push(Block::Table(Table::new(
        vec!["key", "configured", "set by", "effective"],
        configuration.keys.iter().map(|key| key_row(key, facts)).collect(),
    )));
    let base = &configuration.base_syscalls;
    let mut points = Vec::new();
    let mut list = |what: &str, names: Option<&Vec<String>>| {
        if let Some(names) = names.filter(|names| !names.is_empty()) {
            let shown = &names[..names.len().min(NAMES_SHOWN)];
            let more = names.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            points.push(format!("base_syscalls.custom_set {what}: {}{more}", shown.join(", ")));
        }
    };
    list("excludes, and still traced", facts.comparison.excluded_but_traced.as_ref());
    list("includes, and not traced", facts.comparison.included_but_not_traced.as_ref());
    if base.without_effect > 0 {
        points.push(format!(
            "base_syscalls.custom_set has {} without effect: an unquoted !name is an empty text to Falco",
            count(base.without_effect)
        ));
    }
    if !points.is_empty() {
        page.push(Block::List(points));
    }
}

fn ring_count(rings: u64) -> String {
    if rings == 1 { "1 ring".to_owned() } else { format!("{rings} rings") }
}

fn key_row(key: &KeyFacts, facts: &FalcoFacts) -> Vec<String> {
    let comparison = &facts.comparison;
    let mark = |applied: Option<bool>| if applied == Some(false) { " (differs)" } else { "" };
    let (mut configured, mut effective) = (key.value.clone(), None);
    if key.key == comparison.ring_bytes.key {
        let compared = &comparison.ring_bytes;
        configured = match compared.configured {
            Some(size) => format!("{} ({})", key.value, bytes(size)),
            None => configured,
        };
        effective = compared.effective.map(|size| format!("{}{}", bytes(size), mark(compared.is_applied())));
    } else if key.key == comparison.ring_count.key {
        let compared = &comparison.ring_count;
        configured = match compared.configured {
            Some(rings) => format!("{} ({})", key.value, ring_count(rings)),
            None => configured,
        };
        effective =
            compared.effective.map(|rings| format!("{}{}", ring_count(rings), mark(compared.is_applied())));
    } else if key.key == comparison.drop_failed.key {
        let compared = &comparison.drop_failed;
        effective = compared.effective.map(|flag| format!("{flag}{}", mark(compared.is_applied())));
    } else if key.key == comparison.engine.key {
        let compared = &comparison.engine;
        effective = compared.effective.as_ref().map(|name| format!("{name}{}", mark(compared.is_applied())));
    }
    vec![
        key.key.clone(),
        configured,
        key.set_by.clone().unwrap_or_else(|| "default".to_owned()),
        effective.unwrap_or_else(|| "-".to_owned()),
    ]
}
