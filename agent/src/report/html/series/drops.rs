//! Whose events a tool dropped, and when.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Point, ends};
use crate::{
    number::float,
    sample::{LosersSample, Workload},
    timeline::{self, Slice},
};

/// Workloads that are drawn; the others are one row.
pub(in crate::report::html) const MOST_WORKLOADS: usize = 6;

/// Whose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report::html) enum Whose {
    /// A workload's, by its place.
    Workload(String),
    /// Workloads' whose cgroups were not found.
    Unplaced,
    /// Workloads' that have ended, or found no place in the list.
    Ended,
    /// So many workloads' that are not drawn.
    Others(usize),
    /// Nobody's that is known.
    Unattributed,
    /// It was not looked at whose they were.
    NotFollowed,
    /// The same, and the number is an estimate.
    Estimated,
}

impl Whose {
    /// As rows are named.
    pub(in crate::report::html) fn name(&self) -> String {
        match self {
            Self::Workload(place) => place.clone(),
            Self::Unplaced => "workloads whose cgroups were not found".to_owned(),
            Self::Ended => "workloads that had ended, or found no place".to_owned(),
            Self::Others(many) => format!("{many} other workloads"),
            Self::Unattributed => "unattributed".to_owned(),
            Self::NotFollowed => "all (whose is not known)".to_owned(),
            Self::Estimated => "all, estimated (whose is not known)".to_owned(),
        }
    }

    fn is_workload(&self) -> bool {
        matches!(self, Self::Workload(_))
    }
}

/// One row.
#[derive(Clone, Debug)]
pub(in crate::report::html) struct Lost {
    pub(in crate::report::html) whose: Whose,
    /// Events.
    pub(in crate::report::html) drops: u64,
    /// Events per second in each interval.
    pub(in crate::report::html) points: Vec<Point>,
}

/// What one step says.
#[derive(Default)]
struct Step {
    /// Events.
    lost: BTreeMap<Whose, u64>,
    /// Of a tool whose counter is followed: what that grew by, and for how much of it is known whose it was.
    followed: Option<(u64, u64)>,
}

/// Of one tool, workloads with most first, then what is no workload's; none where it dropped nothing that is known.
pub(in crate::report::html) fn of(slice: &Slice<'_>, tgid: u32) -> Vec<Lost> {
    let mut steps: Vec<Option<Step>> = slice.steps().map(|step| lost(&step.slice(), tgid)).collect();
    unattributed(&mut steps);
    let mut totals: BTreeMap<Whose, u64> = BTreeMap::new();
    for (whose, drops) in steps.iter().flatten().flat_map(|step| &step.lost) {
        *totals.entry(whose.clone()).or_default() += drops;
    }
    totals.retain(|_, drops| *drops > 0);
    let (mut workloads, rest): (Vec<_>, Vec<_>) =
        totals.into_iter().partition(|(whose, _)| whose.is_workload());
    workloads.sort_by_key(|(_, drops)| Reverse(*drops));
    let others = workloads.split_off(workloads.len().min(MOST_WORKLOADS));
    let alone = |(whose, _): (Whose, u64)| (whose.clone(), vec![whose]);
    let others: Vec<Whose> = others.into_iter().map(|(whose, _)| whose).collect();
    let others = (!others.is_empty()).then_some((Whose::Others(others.len()), others));
    let rows = workloads.into_iter().map(alone).chain(others).chain(rest.into_iter().map(alone));
    rows.map(|(whose, all)| row(slice, whose, &all, &steps)).collect()
}

/// A counter and the account of whose its drops were are not read at the same instant: what one is ahead of the other in a step
/// comes in the next. Unattributed is what nobody accounts for later either.
fn unattributed(steps: &mut [Option<Step>]) {
    let (mut drops, mut known) = (0u64, 0u64);
    let mut open: Vec<u64> = steps
        .iter()
        .map(|step| {
            let (grown, accounted) = step.as_ref().and_then(|step| step.followed).unwrap_or_default();
            (drops, known) = (drops.saturating_add(grown), known.saturating_add(accounted));
            drops.saturating_sub(known)
        })
        .collect();
    let mut least = u64::MAX;
    for open in open.iter_mut().rev() {
        least = least.min(*open);
        *open = least;
    }
    let mut before = 0;
    for (step, open) in steps.iter_mut().zip(open) {
        let Some(step) = step else { continue };
        if step.followed.is_some() {
            *step.lost.entry(Whose::Unattributed).or_default() += open - before;
            before = open;
        }
    }
}

fn row(slice: &Slice<'_>, whose: Whose, all: &[Whose], steps: &[Option<Step>]) -> Lost {
    let of = |step: &Step| all.iter().filter_map(|one| step.lost.get(one)).sum::<u64>();
    let point = |(at, step): (timeline::Step<'_>, &Option<Step>)| {
        let (from, to) = ends(slice, &at);
        let value = step.as_ref().filter(|_| to > from).map(|step| float(of(step)) / (to - from));
        Point { from, to, value }
    };
    Lost {
        drops: steps.iter().flatten().map(of).sum(),
        points: slice.steps().zip(steps).map(point).collect(),
        whose,
    }
}

/// `slice`: of two samples. `None` where nothing is known of it. A tool's own counters first, as in its tables.
fn lost(slice: &Slice<'_>, tgid: u32) -> Option<Step> {
    let mut step = Step::default();
    let falcos = slice.falcos();
    let mut probes = falcos.iter().filter(|falco| falco.last.tgid == tgid && falco.known_ns > 0).peekable();
    if probes.peek().is_some() {
        for falco in probes {
            let drops = falco.counts.n_drops_buffer;
            match &falco.losers {
                Some(losers) => {
                    add(&mut step.lost, losers);
                    let (all, known) = step.followed.unwrap_or_default();
                    step.followed = Some((all + drops, known + losers.attributed()));
                }
                None => *step.lost.entry(Whose::NotFollowed).or_default() += drops,
            }
        }
        return Some(step);
    }
    let mut is_known = false;
    for ring in slice.rings().iter().filter(|ring| ring.last.is_of(tgid) && !ring.last.is_own) {
        match (&ring.refused, &ring.estimated) {
            (Some(refused), _) => {
                add(&mut step.lost, &refused.losers);
                *step.lost.entry(Whose::Unattributed).or_default() += refused.losers.unattributed;
            }
            (None, Some(estimate)) => {
                *step.lost.entry(Whose::Estimated).or_default() += estimate.likely;
            }
            (None, None) => continue,
        }
        is_known = true;
    }
    is_known.then_some(step)
}

fn add(sums: &mut BTreeMap<Whose, u64>, losers: &LosersSample) {
    for one in &losers.workloads {
        let name = one.workload.as_ref().map(Workload::path).filter(|place| !place.is_empty());
        *sums.entry(name.map_or(Whose::Unplaced, Whose::Workload)).or_default() += one.drops;
    }
    *sums.entry(Whose::Ended).or_default() += losers.workloads_other;
}
