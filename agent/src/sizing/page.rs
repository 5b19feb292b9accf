//! What a person reads of it, in order.

use super::{
    interval::Interval,
    model::{Candidate, Held, Sizing, ToolSizing, Without},
    service::Service,
    words::{bytes_of, sharing, size},
};
use crate::{
    number::{byte_rate, bytes, count, percent, seconds},
    report::{Block, Table, alternatives},
};

/// Lengths of time whose largest arrivals are shown.
const BURSTS_SHOWN: usize = 4;

pub(super) fn lay_out(sizing: &Sizing) -> Vec<Block> {
    let mut page = vec![Block::Title("dropctl size".to_owned()), Block::Text(sizing.verdict.clone())];
    for tool in &sizing.tools {
        of_tool(tool, &mut page);
    }
    page.push(Block::Heading("What is not said".to_owned()));
    page.push(Block::List(sizing.limits.clone()));
    page
}

fn of_tool(tool: &ToolSizing, page: &mut Vec<Block>) {
    page.push(Block::Heading(format!("{}, pid {}", tool.tool.comm, tool.tool.tgid)));
    if let Some(none) = &tool.no_size_helps {
        page.push(Block::Text(format!("No size helps: {}. What would:", none.why)));
        page.push(Block::List(none.would.clone()));
    }
    page.push(Block::Facts(facts(tool)));
    alternatives(&tool.remedies, page);
    for group in tool.candidates.chunk_by(|one, other| one.cpus_for_each_buffer == other.cpus_for_each_buffer)
    {
        page.push(Block::Text(format!("Loss of what came, predicted, with {}:", sharing(&group[0]))));
        page.push(candidates(group));
    }
    if !tool.without.is_empty() {
        page.push(Block::Text(
            "If a syscall were not traced (exits exact; the rest estimated, as if its records were as large as others):".to_owned(),
        ));
        page.push(without(&tool.without));
    }
}

fn facts(tool: &ToolSizing) -> Vec<(&'static str, String)> {
    let arrivals = &tool.arrivals;
    let record =
        arrivals.record_bytes.map_or_else(String::new, |record| format!(", {record:.0} bytes a record"));
    let mut facts = vec![
        ("rings", size(tool.rings, tool.ring_bytes)),
        (
            "arrivals",
            format!(
                "{}{record}; {} refused{}",
                byte_rate(arrivals.bytes_per_second),
                bytes_of(arrivals.dropped_bytes),
                if arrivals.dropped_bytes > 0.0 { " (estimated)" } else { "" }
            ),
        ),
    ];
    let largest: Vec<String> = arrivals
        .largest
        .iter()
        .step_by(2)
        .take(BURSTS_SHOWN)
        .map(|(length, most)| format!("{} in {}", bytes(*most), seconds(*length)))
        .collect();
    if !largest.is_empty() {
        facts.push((
            "bursts",
            format!("{}; taken by one ring: {}", count(arrivals.bursts as u64), largest.join(", ")),
        ));
    }
    match &tool.service {
        Some(service) => facts.extend(drains(service)),
        None => facts.push(("drains", "unknown: its thread is not seen".to_owned())),
    }
    if let Some(utilisation) = tool.utilisation {
        facts.push(("used", format!("{} of what it drains in the long run", parts(utilisation))));
    }
    if tool.no_size_helps.is_none() {
        let Interval { low, likely, high } = tool.needed_bytes;
        facts.push((
            "needed",
            format!("{} in one ring ({} to {})", bytes_of(likely), bytes_of(low), bytes_of(high)),
        ));
    }
    facts
}

fn drains(service: &Service) -> [(&'static str, String); 2] {
    let speed = service.bytes_per_second;
    let rate = if service.is_lower_bound {
        format!("{} or more on a CPU (there was no backlog to measure it by)", byte_rate(speed.likely))
    } else {
        format!(
            "{} on a CPU ({} to {}, from {} with a backlog)",
            byte_rate(speed.likely),
            byte_rate(speed.low),
            byte_rate(speed.high),
            if service.steps == 1 { "1 second".to_owned() } else { format!("{} seconds", service.steps) }
        )
    };
    let stalls = format!(
        "{} waiting for a CPU, {} throttled, {} blocked of the time with something to drain; {} of all time idle",
        percent(service.waiting),
        percent(service.throttled),
        percent(service.blocked),
        percent(service.idle)
    );
    [("drains", rate), ("stalls", stalls)]
}

fn candidates(group: &[Candidate]) -> Block {
    let has_presets = group.iter().any(|one| one.preset.is_some());
    let row = |one: &Candidate| {
        let verdict = match one.held {
            Held::Loses => "loses",
            Held::Close => "may lose",
            Held::Holds => "holds",
            Held::PutsOff => "puts it off",
        };
        let now = if one.is_present { ", now" } else { "" };
        let first = match one.preset {
            Some(preset) => format!("{preset}{now}"),
            None if has_presets => format!("-{now}"),
            None => format!("{}{now}", bytes(one.ring_bytes)),
        };
        let mut row = vec![first];
        row.extend(has_presets.then(|| size(one.rings, one.ring_bytes)));
        row.extend([parts(one.loss), bytes(one.memory_bytes), verdict.to_owned()]);
        row
    };
    let mut columns = vec![if has_presets { "preset" } else { "ring" }];
    columns.extend(has_presets.then_some("rings"));
    columns.extend(["lost (interval)", "memory", "verdict"]);
    Block::Table(Table::new(columns, group.iter().map(row).collect()))
}

fn without(all: &[Without]) -> Block {
    let row = |one: &Without| {
        vec![
            one.syscall.clone(),
            count(one.events),
            percent(one.share),
            one.bytes_per_second.map_or_else(|| "unknown".to_owned(), byte_rate),
            one.utilisation.map_or_else(|| "unknown".to_owned(), percent),
            format!("at most {}", percent(one.loss_at_most)),
        ]
    };
    Block::Table(Table::new(
        vec!["without", "exits", "share", "bytes", "then used", "then lost"],
        all.iter().map(row).collect(),
    ))
}

/// Such as `1.20 % (0.90 to 1.60)`.
fn parts(interval: Interval) -> String {
    let Interval { low, likely, high } = interval;
    if high - low < 1e-6 {
        return percent(likely);
    }
    format!("{} ({} to {})", percent(likely), percent(low), percent(high))
}
