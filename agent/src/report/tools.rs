//! The tools of the node and their rings. Pure.

pub(super) mod loss;

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    lives,
    model::{Arrival, Category, Counters, Ring, Tool},
    number::{self, float, ratio},
    refused,
};
use crate::{
    diagnose::{Finding, catalogue::Role},
    evidence::Evidence,
    sample::{FalcoCounts, RingOwner, RingSample},
    timeline::{FalcoTotals, RingTotals, Slice, seconds},
};

/// Rings by owner and known tools without rings, known tools first; rings whose owner was not found come last. `None` if
/// rings are not watched.
#[must_use]
pub(crate) fn build(slice: &Slice<'_>) -> Option<Vec<Tool>> {
    let last = slice.last().filter(|last| last.rings.is_some())?;
    let known = last.tools.as_deref().unwrap_or_default();
    let window_seconds = seconds(slice.length_ns());
    let (rings, falcos) = (slice.rings(), processes(&slice.falcos()));
    let mut by_owner: BTreeMap<Option<u32>, (Option<&RingOwner>, Vec<Ring>)> = BTreeMap::new();
    let falco_of = |tgid: Option<u32>| tgid.and_then(|tgid| falcos.get(&tgid));
    // Of a process that reloads, the newest probe's.
    let facts_of = |tgid: Option<u32>| {
        let own = last.falcos.iter().flatten().filter(|falco| Some(falco.tgid) == tgid);
        own.max_by_key(|falco| falco.map_id).map(|falco| falco.facts.clone())
    };
    for ring in rings.iter().filter(|ring| !ring.last.is_own) {
        let owner = ring.last.owner.as_ref();
        let tgid = owner.map(|owner| owner.tgid);
        let (_, rings) = by_owner.entry(tgid).or_insert((owner, Vec::new()));
        rings.push(build_ring(ring, falco_of(tgid), window_seconds));
    }
    let rings_of = |tgid: Option<u32>| {
        let is_of = move |ring: &&RingTotals<'_>| {
            !ring.last.is_own && ring.last.owner.as_ref().map(|owner| owner.tgid) == tgid
        };
        rings.iter().filter(is_of)
    };
    let mut tools: Vec<Tool> = by_owner
        .into_values()
        .map(|(owner, mut rings)| {
            rings.sort_by_key(|ring| (ring.places.first().copied(), ring.map_id));
            let tgid = owner.map(|owner| owner.tgid);
            Tool {
                tool: owner.map(|owner| owner.tool.clone()),
                comm: owner.map(|owner| owner.comm.clone()),
                tgid,
                life: None,
                rings,
                counters: falco_of(tgid).map(|falco| counters(falco, window_seconds)),
                overruns: loss::overruns(rings_of(tgid), falco_of(tgid), slice.start_ns()),
                falco: facts_of(tgid),
            }
        })
        .collect();
    for tool in known {
        let life = Some(lives::build(tool, slice));
        // The id of one that has ended may be another's by now.
        let may_be = |other: &&mut Tool| tool.is_running || other.rings.iter().all(|ring| ring.is_gone);
        let is_same = |other: &&mut Tool| other.tgid == Some(tool.tgid) && may_be(other);
        match tools.iter_mut().find(is_same) {
            Some(with_rings) => with_rings.life = life,
            None => tools.push(Tool {
                tool: Some(tool.tool.clone()),
                comm: Some(tool.comm.clone()),
                tgid: Some(tool.tgid),
                life,
                rings: Vec::new(),
                counters: None,
                overruns: None,
                falco: None,
            }),
        }
    }
    let rank = |tool: &Tool| match tool.tool.as_deref() {
        None => 2,
        Some("other") => 1,
        Some(_) => 0,
    };
    tools.sort_by_key(|tool| (rank(tool), tool.tool.clone(), tool.tgid));
    Some(tools)
}

/// A sentence for each tool that lost events, most first; then for each that was not there, hides its rings, or lost nothing
/// that it counts.
#[must_use]
pub(super) fn verdict(tools: &[Tool], findings: &[Finding]) -> Vec<String> {
    let mut lossy: Vec<(u64, String)> = tools.iter().filter_map(|tool| lost(tool, findings)).collect();
    lossy.sort_by_key(|(drops, _)| Reverse(*drops));
    let lives = tools.iter().flat_map(lives::verdict);
    lossy.into_iter().map(|(_, sentence)| sentence).chain(lives).chain(healthy(tools)).collect()
}

/// One sentence for all of one name: a crash loop is many processes.
fn healthy(tools: &[Tool]) -> Vec<String> {
    let mut all: Vec<(&str, usize, u64)> = Vec::new();
    let has_some = |tool: &&Tool| {
        tool.counters.as_ref().is_some_and(|counters| counters.n_drops_buffer == 0 && counters.n_evts > 0)
    };
    for tool in tools.iter().filter(has_some) {
        let name = tool.comm.as_deref().unwrap_or(NAMELESS);
        let events = tool.counters.as_ref().map_or(0, |counters| counters.n_evts);
        match all.iter_mut().find(|(other, ..)| *other == name) {
            Some((_, processes, sum)) => (*processes, *sum) = (*processes + 1, *sum + events),
            None => all.push((name, 1, events)),
        }
    }
    let sentence = |(name, processes, events): (&str, usize, u64)| {
        let of = if processes == 1 { String::new() } else { format!(" ({processes} processes)") };
        format!("{name}{of} dropped none of its {} events.", number::count(events))
    };
    all.into_iter().map(sentence).collect()
}

const NAMELESS: &str = "A tool without a name";

/// What it lost, and why; `None` if it lost nothing that is known.
fn lost(tool: &Tool, findings: &[Finding]) -> Option<(u64, String)> {
    let name = tool.comm.as_deref().unwrap_or(NAMELESS);
    let Some(counters) = &tool.counters else {
        let refused: u64 = tool.rings.iter().filter_map(|ring| ring.drops).sum();
        let is_thought = tool
            .rings
            .iter()
            .any(|ring| ring.drops_evidence == Some(Evidence::Estimated) && ring.refused.is_none());
        let about = if is_thought { "about " } else { "" };
        return (refused > 0)
            .then(|| (refused, format!("{name} dropped {about}{} events.", number::count(refused))));
    };
    let drops = counters.n_drops_buffer;
    // The cause of the largest loss comes first.
    let cause = findings.iter().find(|finding| {
        let subject = finding.tool.as_ref().map(|subject| subject.tgid);
        finding.role == Role::Cause && finding.drops.is_some() && subject == tool.tgid
    });
    let why = cause.map_or_else(
        || "because its ring buffers were full".to_owned(),
        |cause| format!("{} {}, confidence {}", cause.code.as_str(), cause.name, cause.confidence.as_str()),
    );
    (drops > 0).then(|| {
        let sentence = format!(
            "{name} dropped {} of its {} events ({}), {why}.",
            number::count(drops),
            number::count(counters.n_evts),
            number::percent(counters.drop_share)
        );
        (drops, sentence)
    })
}

/// What the probes of each process counted: one that reloads has several, one after the other.
fn processes<'a>(falcos: &[FalcoTotals<'a>]) -> BTreeMap<u32, FalcoTotals<'a>> {
    let mut by_tgid: BTreeMap<u32, FalcoTotals<'a>> = BTreeMap::new();
    for falco in falcos {
        by_tgid
            .entry(falco.last.tgid)
            .and_modify(|sum| sum.add_other(falco))
            .or_insert_with(|| falco.clone());
    }
    by_tgid
}

fn build_ring(ring: &RingTotals<'_>, falco: Option<&FalcoTotals<'_>>, window_seconds: f64) -> Ring {
    let RingSample { map_id, name, places, capacity_bytes, overwrites, .. } = ring.last;
    let by_tool = falco.filter(|_| !places.is_empty()).map(|falco| {
        places.iter().filter_map(|cpu| falco.counts.cpus.get(*cpu as usize)).map(|(_, drops)| drops).sum()
    });
    let refused = ring.refused.as_ref().map(refused::build);
    let estimate = ring.estimated.as_ref().map(refused::estimate);
    let counted = refused.as_ref().map(|refused| (refused.drops, refused.evidence));
    let thought = estimate.as_ref().map(|estimate| (estimate.likely, estimate.evidence));
    let (drops, drops_evidence) =
        by_tool.map(|drops| (drops, Evidence::Tool)).or(counted).or(thought).unzip();
    Ring {
        map_id: *map_id,
        name: name.clone(),
        places: places.clone(),
        drops,
        drops_evidence,
        refused,
        estimate,
        capacity_bytes: *capacity_bytes,
        overwrites: *overwrites,
        backlog_bytes: ring.last.backlog_bytes,
        backlog_max_bytes: ring.backlog_max_bytes,
        pending_bytes: ring.last.pending_bytes,
        produced_bytes: ring.produced_bytes,
        produced_bytes_per_second: ratio(float(ring.produced_bytes), window_seconds),
        consumed_bytes: ring.consumed_bytes,
        consumed_bytes_per_second: ratio(float(ring.consumed_bytes), window_seconds),
        above_90_percent_seconds: seconds(ring.above_90_ns),
        full_seconds: seconds(ring.full_ns),
        stalls: ring.stalls,
        stalled_seconds: seconds(ring.stalled_ns),
        overrun_count: ring.overruns.as_ref().map(|overruns| overruns.count),
        overrun_seconds: ring.overruns.as_ref().map(|overruns| seconds(overruns.total_ns)),
        looks: ring.looks,
        arrivals: ring
            .arrivals
            .iter()
            .map(|(length_ns, bytes)| Arrival { seconds: seconds(*length_ns), bytes: *bytes })
            .collect(),
        is_gone: ring.is_gone,
    }
}

fn counters(falco: &FalcoTotals<'_>, window_seconds: f64) -> Counters {
    let FalcoCounts { n_evts, n_drops_buffer, n_drops_max_event_size, ref categories, ref others, ref cpus } =
        falco.counts;
    let categorised: u64 = categories.iter().map(|(_, drops)| drops).sum();
    let of = |(name, drops): &(String, u64)| Category { name: name.clone(), drops: *drops };
    let named = categories.iter().filter(|(_, drops)| *drops > 0);
    Counters {
        evidence: Evidence::Tool,
        n_evts,
        n_evts_per_second: ratio(float(n_evts), window_seconds),
        n_drops_buffer,
        drop_share: ratio(float(n_drops_buffer), float(n_evts)),
        n_drops_max_event_size,
        uncategorised: (!categories.is_empty()).then(|| n_drops_buffer.checked_sub(categorised)).flatten(),
        categories: named.map(of).collect(),
        others: others.iter().filter(|(_, drops)| *drops > 0).map(of).collect(),
        drops_by_cpu: cpus.iter().map(|(_, drops)| *drops).collect(),
        traced_syscalls: falco.last.traced_syscalls.as_ref().map(|traced| traced.len() as u64),
        losers: falco.losers.as_ref().map(loss::whose),
    }
}
