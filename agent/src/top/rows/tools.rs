//! Rings and tools: how full, how fast, how much was lost, and what the thread that drains did.

use crate::{
    evidence::Evidence,
    number::{float, percent, ratio, share},
    report::{
        self,
        model::{PerfBuffers, Ring, Tool},
    },
    sample::ConsumerSample,
    timeline::{Slice, seconds},
    top::table::{Cell, Column, Table},
};

pub(super) const RING_COLUMNS: &[Column] = &[
    Column::text("tool"),
    Column::number("pid").spare(2),
    Column::text("ring"),
    Column::number("size").spare(1),
    Column { is_falling: true, ..Column::text("backlog") },
    Column::number("peak"),
    Column::number("in /s").spare(4),
    Column::number("out /s").spare(3),
    Column::number("dropped"),
    Column::text("by").spare(5),
];
pub(super) const TOOL_COLUMNS: &[Column] = &[
    Column::text("tool"),
    Column::number("pid").spare(3),
    Column::text("state"),
    Column::number("rings").spare(1),
    Column::number("events /s").spare(4),
    Column::number("dropped"),
    Column::number("too large").spare(5),
    Column::number("share").spare(7),
    Column::text("by").spare(8),
    Column { is_whole: true, ..Column::text("thread").spare(6) },
    Column::number("restarts").spare(2),
];

/// Lost events of all tools, as far as they are known.
pub(super) fn all_dropped(tools: &[Tool]) -> Option<(u64, Evidence)> {
    sum(tools.iter().filter_map(dropped))
}

/// Events of all tools that were larger than their probes can build, as far as they are known: the tools' own numbers. No ring
/// refused them, so that they are in no other number here.
pub(super) fn all_too_large(tools: &[Tool]) -> Option<u64> {
    tools.iter().filter_map(too_large).reduce(u64::saturating_add)
}

fn too_large(tool: &Tool) -> Option<u64> {
    tool.counters.as_ref().and_then(|counters| counters.n_drops_max_event_size)
}

/// Lost events, by a tool's own counter, else by what is known of its rings.
fn dropped(tool: &Tool) -> Option<(u64, Evidence)> {
    match &tool.counters {
        Some(counters) => Some((counters.n_drops_buffer, counters.evidence)),
        None => sum(tool.rings.iter().filter_map(|ring| ring.drops.zip(ring.drops_evidence))),
    }
}

/// A sum is as good as the worst of its parts.
fn sum(parts: impl Iterator<Item = (u64, Evidence)>) -> Option<(u64, Evidence)> {
    parts.reduce(|(sum, worst), (more, evidence)| (sum.saturating_add(more), worst.max(evidence)))
}

pub(super) fn rings(recent: &Slice<'_>, newest: &Slice<'_>, tools: Option<&[Tool]>) -> Table {
    let samples = recent.last().and_then(|last| last.rings.as_deref()).unwrap_or_default();
    let now = newest.rings();
    let row = |tool: &Tool, ring: &Ring| {
        let (name, place) = report::ring_names(tool, ring);
        let totals = now.iter().rev().find(|totals| totals.last.map_id == ring.map_id);
        let per_second = |bytes: u64| ratio(float(bytes), seconds(newest.length_ns()));
        let grown = totals.filter(|totals| totals.known_ns > 0);
        let sample = samples.iter().find(|sample| sample.map_id == ring.map_id);
        let most = sample.map_or(ring.backlog_max_bytes, |sample| sample.backlog_max_bytes);
        let part = |bytes: u64| share(bytes, ring.capacity_bytes);
        let odd =
            [Some(place.as_str()), ring.overwrites.then_some("overwrites"), ring.is_gone.then_some("gone")];
        vec![
            Cell::Text(name),
            Cell::Id(tool.tgid),
            Cell::Text(odd.into_iter().flatten().collect::<Vec<_>>().join(", ")),
            Cell::Bytes(ring.capacity_bytes),
            Cell::Bar { now: part(ring.backlog_bytes), most: part(most) },
            Cell::Share(Some(part(most))),
            Cell::ByteRate(grown.map(|totals| per_second(totals.produced_bytes))),
            Cell::ByteRate(grown.map(|totals| per_second(totals.consumed_bytes))),
            Cell::Drops(ring.drops),
            Cell::By(ring.drops_evidence),
        ]
    };
    let all = tools.unwrap_or_default().iter();
    let rows = all.flat_map(|tool| tool.rings.iter().map(move |ring| (tool, ring)));
    Table {
        columns: RING_COLUMNS,
        rows: rows.map(|(tool, ring)| row(tool, ring)).collect(),
        note: "# backlog, | its peak; dropped in the last minute".to_owned(),
        empty: match tools {
            Some(_) => "No other process has a BPF ring buffer.",
            None => "Ring buffers are not watched: dropctl doctor says what is missing.",
        }
        .to_owned(),
    }
}

pub(super) fn tools(recent: &Slice<'_>, newest: &Slice<'_>, tools: Option<&[Tool]>) -> Table {
    let perf = report::perf_buffers(recent).unwrap_or_default();
    let consumers = recent.consumers().unwrap_or_default();
    let now = newest.falcos();
    let per_second = |tgid: Option<u32>| {
        let mut of =
            now.iter().filter(|falco| Some(falco.last.tgid) == tgid && falco.known_ns > 0).peekable();
        of.peek()?;
        Some(ratio(float(of.map(|falco| falco.counts.n_evts).sum()), seconds(newest.length_ns())))
    };
    let known = tools.unwrap_or_default();
    let mut rows: Vec<Vec<Cell>> = known
        .iter()
        .map(|tool| {
            let buffers = perf.iter().find(|buffers| Some(buffers.tgid) == tool.tgid);
            let lost = || buffers.and_then(|buffers| Some((buffers.lost?, buffers.evidence)));
            let (drops, evidence) = dropped(tool).or_else(lost).unzip();
            vec![
                Cell::Text(report::tool_name(tool)),
                Cell::Id(tool.tgid),
                Cell::Text(state(tool)),
                Cell::Count(Some(tool.rings.len() as u64 + buffers.map_or(0, |buffers| buffers.buffers))),
                Cell::Rate(per_second(tool.tgid)),
                Cell::Drops(drops),
                Cell::Drops(too_large(tool)),
                Cell::Share(tool.counters.as_ref().map(|counters| counters.drop_share)),
                Cell::By(evidence),
                Cell::Text(thread(tool.tgid, &consumers)),
                Cell::Count(tool.life.as_ref().map(|life| life.restarts)),
            ]
        })
        .collect();
    let is_new = |buffers: &&PerfBuffers| known.iter().all(|tool| tool.tgid != Some(buffers.tgid));
    rows.extend(perf.iter().filter(is_new).map(of_perf));
    Table {
        columns: TOOL_COLUMNS,
        rows,
        note: "share: of its events; thread: what it did most, idling aside".to_owned(),
        empty: "No tool with ring or perf buffers runs, and none that dropctl knows by name.".to_owned(),
    }
}

fn of_perf(buffers: &PerfBuffers) -> Vec<Cell> {
    let name = if buffers.tool == "other" { &buffers.comm } else { &buffers.tool };
    vec![
        Cell::Text(name.clone()),
        Cell::Id(Some(buffers.tgid)),
        Cell::Text(if buffers.is_gone { "gone" } else { "perf" }.to_owned()),
        Cell::Count(Some(buffers.buffers)),
        Cell::Rate(None),
        Cell::Drops(buffers.lost),
        Cell::Drops(None),
        Cell::Share(None),
        Cell::By(buffers.lost.map(|_| buffers.evidence)),
        Cell::Text("-".to_owned()),
        Cell::Count(None),
    ]
}

fn state(tool: &Tool) -> String {
    let Some(life) = &tool.life else {
        let is_gone = !tool.rings.is_empty() && tool.rings.iter().all(|ring| ring.is_gone);
        return if is_gone { "gone" } else { "-" }.to_owned();
    };
    match (life.crash_loop_lives, life.is_running) {
        (Some(_), _) => "crash loop".to_owned(),
        (None, true) => {
            life.engine.as_deref().filter(|engine| *engine != "modern_ebpf").unwrap_or("runs").to_owned()
        }
        (None, false) => "ended".to_owned(),
    }
}

/// What the thread that drains did most of the time, but for idling.
fn thread(tgid: Option<u32>, consumers: &[ConsumerSample]) -> String {
    let Some(consumer) = consumers.iter().find(|consumer| Some(consumer.tgid) == tgid) else {
        return "-".to_owned();
    };
    let states = &consumer.states;
    let all = [
        ("runs", states.running_ns),
        ("waits", states.waiting_ns),
        ("throttled", states.throttled_ns),
        ("blocked", states.blocked_ns),
    ];
    let total_ns = states.total_ns();
    match all.into_iter().max_by_key(|(_, time_ns)| *time_ns) {
        Some((what, time_ns)) if total_ns > 0 => format!("{what} {}", percent(share(time_ns, total_ns))),
        _ => "-".to_owned(),
    }
}
