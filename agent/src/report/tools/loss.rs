//! Whose events a tool dropped, and when. Pure.

use std::cmp::Reverse;

use crate::{
    evidence::Evidence,
    report::model::{Loser, Losers, ToolOverrun},
    sample::{CountedBy, LOSERS_NAMED, LosersSample, LossRoute, Overrun, Overruns},
    syscall,
    timeline::{FalcoTotals, RingTotals, seconds},
};

/// Whose the drops of the window were.
pub(in crate::report) fn whose(losers: &LosersSample) -> Losers {
    let (top, rest) = losers.top.split_at(losers.top.len().min(LOSERS_NAMED));
    let mut workloads = losers.workloads.clone();
    workloads.sort_by_key(|one| Reverse(one.drops));
    Losers {
        evidence: if losers.missed.is_some_and(|missed| missed > 0) {
            Evidence::Estimated
        } else {
            Evidence::Exact
        },
        route: losers.route,
        cannot_see: cannot_see(losers),
        top: top
            .iter()
            .map(|loser| Loser {
                tgid: loser.tgid,
                comm: loser.comm.clone(),
                cgroup_id: loser.cgroup_id,
                workload: loser.workload.clone(),
                syscall: syscall::name(loser.slot).into_owned(),
                drops: loser.drops,
            })
            .collect(),
        others: losers.others + rest.iter().map(|loser| loser.drops).sum::<u64>(),
        workloads,
        workloads_other: losers.workloads_other,
        unattributed: losers.unattributed,
        missed: losers.missed,
    }
}

fn cannot_see(losers: &LosersSample) -> Vec<String> {
    let unseen: &[&str] = match losers.route {
        LossRoute::Follow => &[
            "drops of its other hooks (exec, exit, page faults, signals)",
            "drops before the first look of each CPU",
            "drops where a preemptible kernel (6.13 and newer) switched tasks between its program and dropctl's",
        ],
        LossRoute::Helpers => &[
            "drops in interrupts and of kernel threads",
            "drops of losers that the table had no room for (8192)",
        ],
    };
    let mut unseen: Vec<String> = unseen.iter().map(|words| (*words).to_owned()).collect();
    if !losers.is_watched {
        unseen.push("it was not watched at the end".to_owned());
    }
    unseen
}

/// Overruns of a tool's rings, by their start; `None` where none is known to have or not have had any.
pub(super) fn overruns<'a>(
    rings: impl Iterator<Item = &'a RingTotals<'a>>,
    falco: Option<&FalcoTotals<'_>>,
    start_ns: u64,
) -> Option<Vec<ToolOverrun>> {
    let of_rings = rings
        .filter_map(|ring| Some((Some(ring.last.map_id), &ring.last.places[..], ring.overruns.as_ref()?)));
    let of_all = falco.and_then(|falco| Some((None, &[][..], falco.overruns.as_ref()?)));
    let known: Vec<(Option<u32>, &[u32], &Overruns)> = of_rings.chain(of_all).collect();
    let each = |(map_id, places, overruns): &(Option<u32>, &[u32], &Overruns)| {
        let (times_evidence, drops_evidence) = match overruns.counted_by {
            CountedBy::Tool => (Evidence::Estimated, Evidence::Tool),
            CountedBy::Helpers => (Evidence::Exact, Evidence::Exact),
        };
        let (map_id, places) = (*map_id, places.to_vec());
        let one = move |overrun: &Overrun| ToolOverrun {
            map_id,
            places: places.clone(),
            start_seconds: seconds(overrun.first_ns.saturating_sub(start_ns)),
            seconds: seconds(overrun.last_ns.saturating_sub(overrun.first_ns)),
            times_evidence,
            drops: overrun.drops,
            drops_evidence,
        };
        overruns.listed.iter().map(one).collect::<Vec<_>>()
    };
    let mut all: Vec<ToolOverrun> = known.iter().flat_map(each).collect();
    all.sort_by(|a, b| a.start_seconds.total_cmp(&b.start_seconds).then(a.map_id.cmp(&b.map_id)));
    (!known.is_empty()).then_some(all)
}
