//! What other tools' rings and counters come to.

use super::{Block, Table, falco};
use crate::{
    evidence::Evidence,
    report::{
        model::{Loser, Losers, Report, Ring, Tool},
        number::{byte_rate, bytes, count, percent, rate, seconds},
    },
};

/// Rings that nothing came into are counted and not listed.
pub(super) fn rings(report: &Report, page: &mut Vec<Block>) {
    let Some(tools) = &report.tools else { return };
    let all = || tools.iter().flat_map(|tool| tool.rings.iter().map(move |ring| (tool, ring)));
    let quiet = |ring: &Ring| ring.produced_bytes == 0 && ring.backlog_max_bytes == 0;
    let shown: Vec<(&Tool, &Ring)> = all().filter(|(_, ring)| !quiet(ring)).collect();
    let hidden = all().count() - shown.len();
    page.push(Block::Heading("Ring buffers of other tools (bytes exact, times from looks)".to_owned()));
    if all().next().is_none() {
        page.push(Block::Text("No other process has a BPF ring buffer.".to_owned()));
        return;
    }
    if !shown.is_empty() {
        page.push(Block::Table(
            Table::new(RING_COLUMNS.to_vec(), shown.into_iter().map(ring_row).collect())
                .sparing(&["above 90 %", "stalled"]),
        ));
    }
    if hidden > 0 {
        page.push(Block::Text(format!("{hidden} more with nothing in them.")));
    }
}

const RING_COLUMNS: [&str; 10] =
    ["tool", "pid", "ring", "size", "fullest", "in /s", "out /s", "above 90 %", "stalled", "dropped"];

/// What a tool is called: by its kind, else by its process.
pub(crate) fn tool_name(tool: &Tool) -> String {
    match (tool.tool.as_deref(), &tool.comm) {
        (Some("other"), Some(comm)) => comm.clone(),
        (Some(tool), _) => tool.to_owned(),
        (None, _) => "unknown".to_owned(),
    }
}

/// What a tool and one of its rings are called.
pub(crate) fn names(tool: &Tool, ring: &Ring) -> (String, String) {
    // Falco's array of rings has an entry for each CPU; other tools have their own order.
    let of = if tool.counters.is_some() { "CPU " } else { "#" };
    let place = match (&ring.places[..], &ring.name) {
        ([only], _) => format!("{of}{only}"),
        ([first, .., last], _) => format!("{of}{first}-{last}"),
        ([], Some(name)) => name.clone(),
        ([], None) => format!("map {}", ring.map_id),
    };
    (tool_name(tool), place)
}

fn ring_row((tool, ring): (&Tool, &Ring)) -> Vec<String> {
    let (name, place) = names(tool, ring);
    #[expect(clippy::cast_precision_loss, reason = "printed with three digits")]
    let fullest = ring.backlog_max_bytes as f64 / ring.capacity_bytes.max(1) as f64;
    vec![
        name,
        tool.tgid.map_or_else(|| "-".to_owned(), |tgid| tgid.to_string()),
        [Some(&*place), ring.overwrites.then_some("overwrites"), ring.is_gone.then_some("gone")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", "),
        bytes(ring.capacity_bytes),
        percent(fullest),
        byte_rate(ring.produced_bytes_per_second),
        byte_rate(ring.consumed_bytes_per_second),
        seconds(ring.above_90_percent_seconds),
        if ring.stalls == 0 { "-".to_owned() } else { seconds(ring.stalled_seconds) },
        dropped(ring),
    ]
}

fn dropped(ring: &Ring) -> String {
    match (&ring.estimate, ring.drops) {
        (Some(estimate), Some(drops))
            if ring.drops_evidence == Some(estimate.evidence) && ring.refused.is_none() =>
        {
            format!("about {} ({} to {})", count(drops), count(estimate.low), count(estimate.high))
        }
        (_, Some(drops)) => count(drops),
        (_, None) => "unknown".to_owned(),
    }
}

/// What tools of Falco's family count themselves.
pub(super) fn counters(report: &Report, page: &mut Vec<Block>) {
    for tool in report.tools.iter().flatten() {
        let Some(counters) = &tool.counters else { continue };
        let name = tool.comm.as_deref().unwrap_or("unknown");
        let pid = tool.tgid.map_or_else(String::new, |tgid| format!(", pid {tgid}"));
        page.push(Block::Heading(format!("{name}{pid}: its own counters")));
        let mut facts = vec![
            ("n_evts", format!("{} ({} /s)", count(counters.n_evts), rate(counters.n_evts_per_second))),
            (
                "n_drops_buffer",
                format!("{} ({} of n_evts)", count(counters.n_drops_buffer), percent(counters.drop_share)),
            ),
        ];
        if counters.n_drops_buffer > 0 {
            let mut parts: Vec<String> = counters
                .categories
                .iter()
                .map(|category| format!("{} {}", count(category.drops), category.name))
                .collect();
            parts.extend(counters.uncategorised.map(|drops| format!("{} in no category", count(drops))));
            facts.push(("by category", parts.join(", ")));
            let cpus = counters.drops_by_cpu.iter().enumerate().filter(|(_, drops)| **drops > 0);
            let cpus: Vec<String> =
                cpus.map(|(cpu, drops)| format!("{} on CPU {cpu}", count(*drops))).collect();
            facts.push(("by CPU", cpus.join(", ")));
        }
        if !counters.others.is_empty() {
            let others = counters.others.iter().map(|other| format!("{} {}", count(other.drops), other.name));
            facts.push(("others", others.collect::<Vec<_>>().join(", ")));
        }
        if let Some(drops) = counters.n_drops_max_event_size.filter(|drops| *drops > 0) {
            facts.push(("n_drops_scratch_map", count(drops)));
        }
        if let Some(traced) = counters.traced_syscalls {
            facts.push(("traced", format!("{traced} syscalls")));
        }
        page.push(Block::Facts(facts));
        if let Some(losers) = counters.losers.as_ref().filter(|_| counters.n_drops_buffer > 0) {
            let how = match losers.missed {
                Some(missed) if missed > 0 => format!("; the kernel skipped {} looks at it", count(missed)),
                _ => String::new(),
            };
            page.push(Block::Text(format!(
                "Whose events {name} dropped, by following {name}'s own counter{how}:"
            )));
            self::losers(losers, counters.n_drops_buffer, page);
        }
        falco::facts(tool, page);
    }
}

/// When tools of Falco's family dropped events.
pub(super) fn overruns(report: &Report, page: &mut Vec<Block>) {
    for tool in report.tools.iter().flatten() {
        let overruns = tool.overruns.as_deref().unwrap_or_default();
        if overruns.is_empty() {
            continue;
        }
        let name = tool.comm.as_deref().unwrap_or("unknown");
        let how = match overruns[0].times_evidence {
            Evidence::Exact => "by each refusal: exact",
            _ => "times estimated, drops its own",
        };
        page.push(Block::Heading(format!("{name}: when it dropped events ({how})")));
        let rows = overruns.iter().rev().take(OVERRUNS_SHOWN).rev().map(|overrun| {
            let ring = match (overrun.places.first(), overrun.map_id) {
                (Some(place), _) => place.to_string(),
                (None, Some(map_id)) => format!("map {map_id}"),
                (None, None) => "all".to_owned(),
            };
            vec![ring, seconds(overrun.start_seconds), seconds(overrun.seconds), count(overrun.drops)]
        });
        let rows = rows.collect();
        page.push(Block::Table(Table::new(vec!["ring", "start", "length", "dropped"], rows)));
        let hidden = overruns.len().saturating_sub(OVERRUNS_SHOWN);
        if hidden > 0 {
            page.push(Block::Text(format!("{hidden} more before these.")));
        }
    }
}

/// Rows of the table of overruns.
const OVERRUNS_SHOWN: usize = 10;

/// What a loser belongs to, in one word or two.
fn workload(loser: &Loser) -> String {
    let Some(workload) = &loser.workload else {
        return loser.cgroup_id.map_or_else(|| "unknown".to_owned(), |id| format!("cgroup {id}"));
    };
    workload.path()
}

/// Rows of the table of losers.
const LOSERS_SHOWN: usize = 10;

/// Whose events they were, of `all` drops, and what that leaves out.
pub(super) fn losers(losers: &Losers, all: u64, page: &mut Vec<Block>) {
    page.push(whose(losers, all));
    page.push(Block::Text(format!(
        "Not seen this way, and so unattributed: {}.",
        losers.cannot_see.join("; ")
    )));
}

fn whose(losers: &Losers, all: u64) -> Block {
    #[expect(clippy::cast_precision_loss, reason = "printed with three digits")]
    let share = |drops: u64| percent(drops as f64 / all.max(1) as f64);
    let mut rows: Vec<Vec<String>> = losers
        .top
        .iter()
        .take(LOSERS_SHOWN)
        .map(|loser| {
            vec![
                loser.comm.clone().unwrap_or_else(|| "unknown".to_owned()),
                loser.tgid.to_string(),
                workload(loser),
                loser.syscall.clone(),
                count(loser.drops),
                share(loser.drops),
            ]
        })
        .collect();
    let hidden: u64 = losers.top.iter().skip(LOSERS_SHOWN).map(|loser| loser.drops).sum();
    for (name, drops) in [("all others", losers.others + hidden), ("unattributed", losers.unattributed)] {
        if drops > 0 {
            let empty = String::new;
            rows.push(vec![name.to_owned(), empty(), empty(), empty(), count(drops), share(drops)]);
        }
    }
    Block::Table(Table::new(vec!["process", "pid", "workload", "syscall", "dropped", "share"], rows))
}
