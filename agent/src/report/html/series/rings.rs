//! How full rings were.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Band, Point, bands, ends, since_start};
use crate::{
    number::share,
    report::{
        model::{Report, Ring, Tool},
        page::ring_names,
    },
    sample::RingSample,
    timeline::{Slice, source::Pair},
};

/// Rings that are drawn.
pub(in crate::report::html) const MOST_RINGS: usize = 16;

/// One ring.
#[derive(Clone, Debug)]
pub(in crate::report::html) struct Filled {
    /// Its tool, process and place.
    pub(in crate::report::html) name: String,
    pub(in crate::report::html) capacity_bytes: u64,
    /// The largest backlog, as a share of its capacity.
    pub(in crate::report::html) fullest: f64,
    /// The largest backlog that a look saw in each interval, as a share of its capacity.
    pub(in crate::report::html) points: Vec<Point>,
    pub(in crate::report::html) bands: Vec<Band>,
}

/// The fullest rings, and what of the others is said.
#[derive(Clone, Debug)]
pub(in crate::report::html) struct Fullest {
    /// In the order of the page.
    pub(in crate::report::html) rings: Vec<Filled>,
    /// Rings with something in them that are not among these, and the fullest of them.
    pub(in crate::report::html) left_out: Option<(usize, f64)>,
    /// Rings that nothing came into.
    pub(in crate::report::html) empty: usize,
}

/// Rings of others, as the page names them.
pub(in crate::report::html) fn fullest(report: &Report, slice: &Slice<'_>) -> Fullest {
    let backlogs = backlogs(slice);
    let span = report.window.seconds;
    let tools = report.tools.iter().flatten();
    let all: Vec<(&Tool, &Ring)> =
        tools.flat_map(|tool| tool.rings.iter().map(move |ring| (tool, ring))).collect();
    let is_empty = |ring: &Ring| ring.produced_bytes == 0 && ring.backlog_max_bytes == 0;
    let of = |(tool, ring): &(&Tool, &Ring)| Filled {
        name: name(tool, ring),
        capacity_bytes: ring.capacity_bytes,
        fullest: share(ring.backlog_max_bytes, ring.capacity_bytes),
        points: backlogs.get(&ring.map_id).cloned().unwrap_or_default(),
        bands: bands(
            tool.overruns.iter().flatten().filter(|one| one.map_id.is_none_or(|id| id == ring.map_id)),
            span,
        ),
    };
    let used: Vec<Filled> = all.iter().filter(|(_, ring)| !is_empty(ring)).map(of).collect();
    let empty = all.len() - used.len();
    let mut ranked: Vec<(usize, Filled)> = used.into_iter().enumerate().collect();
    ranked.sort_by(|(_, one), (_, other)| other.fullest.total_cmp(&one.fullest));
    let rest = ranked.split_off(ranked.len().min(MOST_RINGS));
    ranked.sort_by_key(|(place, _)| *place);
    Fullest {
        rings: ranked.into_iter().map(|(_, ring)| ring).collect(),
        left_out: rest.first().map(|(_, first)| (rest.len(), first.fullest)),
        empty,
    }
}

fn name(tool: &Tool, ring: &Ring) -> String {
    let (name, place) = ring_names(tool, ring);
    match tool.tgid {
        Some(tgid) => format!("{name} (pid {tgid}), {place}"),
        None => format!("{name}, {place}"),
    }
}

/// By map. One id that was used twice has the points of both.
fn backlogs(slice: &Slice<'_>) -> BTreeMap<u32, Vec<Point>> {
    let mut all: BTreeMap<u32, Vec<Point>> = BTreeMap::new();
    let fill = |ring: &RingSample| Some(share(ring.interval_backlog_max_bytes, ring.capacity_bytes));
    for step in slice.steps() {
        let (from, to) = ends(slice, &step);
        for pair in step.rings().iter().filter(|pair| !pair.newest().is_own) {
            let (from, value) = match pair {
                Pair::Both(_, ring) => (from, fill(ring)),
                Pair::Began(ring) => (from.max(since_start(slice, ring.found_ns)), fill(ring)),
                Pair::Unknown(_) => (from, None),
                Pair::Ended(_) => continue,
            };
            all.entry(pair.newest().map_id).or_default().push(Point { from, to, value });
        }
    }
    // Of two with one id in one step, the later last.
    all.values_mut().for_each(|points| points.sort_by(|one, other| one.from.total_cmp(&other.from)));
    all
}

/// Tools whose charts are drawn, those that dropped most first, then those whose rings took most.
pub(in crate::report::html) fn tools(report: &Report) -> Vec<&Tool> {
    let took = |tool: &Tool| tool.rings.iter().map(|ring| ring.produced_bytes).sum::<u64>();
    let mut tools: Vec<&Tool> =
        report.tools.iter().flatten().filter(|tool| tool.tgid.is_some() && took(tool) > 0).collect();
    tools.sort_by_key(|tool| Reverse((crate::report::page::drops(tool), took(tool))));
    tools
}
