//! The tools of the node and their rings, from the last sample. Pure.

use std::collections::BTreeMap;

use super::{
    lives,
    model::{Arrival, Category, Counters, Loser, Losers, Ring, Tool},
    number::{self, float, ratio},
};
use crate::{
    evidence::Evidence,
    sample::{FalcoSample, LOSERS_NAMED, LoserSample, RingOwner, RingSample, Sample},
    syscall,
    timeline::{Window, window::seconds},
};

/// Rings by owner and known tools without rings, known tools first; rings whose owner was not found come last. `None` if
/// rings are not watched.
#[must_use]
pub(super) fn build(window: &Window, last: &Sample) -> Option<Vec<Tool>> {
    let rings = last.rings.as_deref()?;
    let falcos = last.falcos.as_deref().unwrap_or_default();
    let known = last.tools.as_deref().unwrap_or_default();
    let window_seconds = seconds(window.length_ns());
    let mut by_owner: BTreeMap<Option<u32>, (Option<&RingOwner>, Vec<Ring>)> = BTreeMap::new();
    let falco_of = |tgid: Option<u32>| falcos.iter().find(|falco| Some(falco.tgid) == tgid);
    for ring in rings.iter().filter(|ring| !ring.is_own) {
        let owner = ring.owner.as_ref();
        let tgid = owner.map(|owner| owner.tgid);
        let (_, rings) = by_owner.entry(tgid).or_insert((owner, Vec::new()));
        rings.push(build_ring(ring, falco_of(tgid), window_seconds));
    }
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
            }
        })
        .collect();
    for tool in known {
        let life = Some(lives::build(tool, window, last));
        let is_same = |other: &&mut Tool| other.tgid == Some(tool.tgid) && tool.is_running;
        match tools.iter_mut().find(is_same) {
            Some(with_rings) => with_rings.life = life,
            None => tools.push(Tool {
                tool: Some(tool.tool.clone()),
                comm: Some(tool.comm.clone()),
                tgid: Some(tool.tgid),
                life,
                rings: Vec::new(),
                counters: None,
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

/// A sentence for each tool that counts its drops, hides its rings or was not there.
#[must_use]
pub(super) fn verdict(tools: &[Tool]) -> String {
    let drops = |tool: &Tool| {
        let counters = tool.counters.as_ref()?;
        let name = tool.comm.as_deref().unwrap_or("A tool without a name");
        let events = number::count(counters.n_evts);
        Some(match counters.n_drops_buffer {
            0 => format!("{name} dropped none of its {events} events."),
            drops => format!(
                "{name} dropped {} of its {events} events ({}), because its ring buffers were full.",
                number::count(drops),
                number::percent(counters.drop_share)
            ),
        })
    };
    let sentences = |tool| [lives::verdict(tool), drops(tool)].into_iter().flatten();
    tools.iter().flat_map(sentences).collect::<Vec<_>>().join(" ")
}

fn build_ring(ring: &RingSample, falco: Option<&FalcoSample>, window_seconds: f64) -> Ring {
    Ring {
        map_id: ring.map_id,
        name: ring.name.clone(),
        places: ring.places.clone(),
        drops: falco.filter(|_| !ring.places.is_empty()).map(|falco| {
            let by_cpu = drops_by_cpu(falco);
            ring.places.iter().filter_map(|cpu| by_cpu.get(*cpu as usize)).sum()
        }),
        capacity_bytes: ring.capacity_bytes,
        overwrites: ring.overwrites,
        backlog_bytes: ring.backlog_bytes,
        backlog_max_bytes: ring.backlog_max_bytes,
        pending_bytes: ring.pending_bytes,
        produced_bytes: ring.produced_bytes,
        produced_bytes_per_second: ratio(float(ring.produced_bytes), window_seconds),
        consumed_bytes: ring.consumed_bytes,
        consumed_bytes_per_second: ratio(float(ring.consumed_bytes), window_seconds),
        above_90_percent_seconds: seconds(ring.above_90_ns),
        full_seconds: seconds(ring.full_ns),
        stalls: ring.stalls,
        stalled_seconds: seconds(ring.stalled_ns),
        looks: ring.looks,
        arrivals: ring
            .arrivals
            .iter()
            .map(|(length_ns, bytes)| Arrival { seconds: seconds(*length_ns), bytes: *bytes })
            .collect(),
    }
}

/// A counter that went back was started anew; what it says now is what it counted.
fn grown(before: u64, now: u64) -> u64 {
    now.checked_sub(before).unwrap_or(now)
}

fn drops_by_cpu(falco: &FalcoSample) -> Vec<u64> {
    let before = falco.before.cpus.iter().map(|(_, drops)| *drops).chain(std::iter::repeat(0));
    before.zip(&falco.now.cpus).map(|(before, (_, now))| grown(before, *now)).collect()
}

fn counters(falco: &FalcoSample, window_seconds: f64) -> Counters {
    let (before, now) = (&falco.before, &falco.now);
    let n_evts = grown(before.n_evts, now.n_evts);
    let n_drops_buffer = grown(before.n_drops_buffer, now.n_drops_buffer);
    let earlier =
        |name: &str| before.categories.iter().find(|(other, _)| other == name).map_or(0, |(_, count)| *count);
    let all: Vec<Category> = now
        .categories
        .iter()
        .map(|(name, count)| Category { name: name.clone(), drops: grown(earlier(name), *count) })
        .collect();
    let categorised: u64 = all.iter().map(|category| category.drops).sum();
    Counters {
        evidence: Evidence::Tool,
        n_evts,
        n_evts_per_second: ratio(float(n_evts), window_seconds),
        n_drops_buffer,
        drop_share: ratio(float(n_drops_buffer), float(n_evts)),
        n_drops_max_event_size: now
            .n_drops_max_event_size
            .map(|now| grown(before.n_drops_max_event_size.unwrap_or(0), now)),
        uncategorised: (!all.is_empty()).then(|| n_drops_buffer.checked_sub(categorised)).flatten(),
        categories: all.into_iter().filter(|category| category.drops > 0).collect(),
        drops_by_cpu: drops_by_cpu(falco),
        traced_syscalls: falco.traced_syscalls.as_ref().map(|traced| traced.len() as u64),
        losers: falco.losers.as_deref().map(|losers| whose(losers, n_drops_buffer, falco.follow_missed)),
    }
}

fn whose(losers: &[LoserSample], n_drops_buffer: u64, missed: Option<u64>) -> Losers {
    let (top, others) = losers.split_at(losers.len().min(LOSERS_NAMED));
    let sum = |losers: &[LoserSample]| losers.iter().map(|loser| loser.drops).sum::<u64>();
    Losers {
        evidence: if missed.is_some_and(|missed| missed > 0) { Evidence::Estimated } else { Evidence::Exact },
        top: top
            .iter()
            .map(|loser| Loser {
                tgid: loser.tgid,
                comm: loser.comm.clone(),
                cgroup_id: loser.cgroup_id,
                syscall: syscall::name(loser.slot).into_owned(),
                drops: loser.drops,
            })
            .collect(),
        others: sum(others),
        unattributed: n_drops_buffer.saturating_sub(sum(losers)),
        missed,
    }
}
