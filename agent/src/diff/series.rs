//! Arrivals and drops of each tool, interval by interval.

use std::collections::{BTreeMap, BTreeSet};

use super::{Unit, statistic::Interval};
use crate::{
    evidence::Evidence,
    timeline::{
        RingTotals, Slice, Step,
        source::{Pair, Source as _},
    },
};

/// Shorter intervals are joined to the one before: the last of a live look may be a few milliseconds.
const SHORTEST_NS: u64 = 500_000_000;

/// Which tool: what it is, and for one that dropctl does not know by name, its process's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) tool: String,
    pub(super) comm: String,
}

/// One tool, all of its processes.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) unit: Unit,
    /// The weakest of what its drops come from; `None` while some are not counted.
    pub(super) evidence: Option<Evidence>,
    pub(super) intervals: Vec<Interval>,
    /// By map, since a tool that reloads begins to count anew.
    pub(super) processes: BTreeSet<u32>,
}

/// What one process does in one step.
struct Piece {
    key: Key,
    tgid: u32,
    unit: Unit,
    arrivals: u64,
    drops: Option<(u64, Evidence)>,
}

/// All tools of a slice.
pub(super) fn of(slice: &Slice<'_>) -> BTreeMap<Key, Series> {
    let mut all: BTreeMap<Key, Series> = BTreeMap::new();
    for step in slice.steps() {
        let length_ns = step.length_ns();
        let mut begun: BTreeSet<Key> = BTreeSet::new();
        for piece in pieces(&step) {
            let series = all.entry(piece.key.clone()).or_insert_with(|| Series {
                unit: piece.unit,
                evidence: Some(Evidence::Exact),
                intervals: Vec::new(),
                processes: BTreeSet::new(),
            });
            series.processes.insert(piece.tgid);
            if begun.insert(piece.key) {
                series.intervals.push(Interval { length_ns, ..Interval::default() });
            }
            let drops = piece.drops.map(|(drops, _)| drops);
            series.evidence = series.evidence.zip(piece.drops).map(|(one, (_, other))| one.max(other));
            if let Some(last) = series.intervals.last_mut() {
                last.arrivals = last.arrivals.saturating_add(piece.arrivals);
                last.drops = last.drops.saturating_add(drops.unwrap_or(0));
            }
        }
    }
    all.values_mut().for_each(|series| series.intervals = joined(&series.intervals));
    all
}

fn joined(intervals: &[Interval]) -> Vec<Interval> {
    let mut joined: Vec<Interval> = Vec::with_capacity(intervals.len());
    for one in intervals {
        match joined.last_mut() {
            Some(last) if last.length_ns < SHORTEST_NS => last.join(one),
            _ => joined.push(*one),
        }
    }
    // The last one has none behind it.
    if joined.len() > 1
        && let Some(short) = joined.pop_if(|last| last.length_ns < SHORTEST_NS)
        && let Some(last) = joined.last_mut()
    {
        last.join(&short);
    }
    joined
}

fn key(tool: &str, comm: &str) -> Key {
    Key { tool: tool.to_owned(), comm: comm.to_owned() }
}

/// Tools that count count for themselves; of the others what their rings show.
fn pieces(step: &Step<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut counting: BTreeSet<u32> = BTreeSet::new();
    for pair in step.falcos() {
        let (before, falco) = match pair {
            Pair::Both(from, to) => (&from.now, to),
            Pair::Began(to) => (&to.before, to),
            Pair::Ended(_) | Pair::Unknown(_) => continue,
        };
        counting.insert(falco.id().0);
        let Some(grown) = falco.now.grown_since(before) else { continue };
        let drops = grown.n_drops_buffer.saturating_add(grown.n_drops_max_event_size.unwrap_or(0));
        pieces.push(Piece {
            key: key(&falco.tool, &falco.comm),
            tgid: falco.tgid,
            unit: Unit::Events,
            arrivals: grown.n_evts,
            drops: Some((drops, Evidence::Tool)),
        });
    }
    for ring in step.slice().rings() {
        let Some(owner) = ring.last.owner.as_ref().filter(|_| !ring.last.is_own) else { continue };
        if counting.contains(&owner.tgid) {
            continue;
        }
        let refused_bytes = ring.refused.as_ref().map_or(0, |refused| refused.bytes);
        pieces.push(Piece {
            key: key(&owner.tool, &owner.comm),
            tgid: owner.tgid,
            unit: Unit::Bytes,
            arrivals: ring.produced_bytes.saturating_add(refused_bytes),
            drops: drops(&ring),
        });
    }
    pieces
}

fn drops(ring: &RingTotals<'_>) -> Option<(u64, Evidence)> {
    let counted = ring.refused.as_ref().map(|refused| (refused.drops(), Evidence::Exact));
    counted.or_else(|| ring.estimated.map(|estimate| (estimate.likely, Evidence::Estimated)))
}
