//! What a tool lost in a slice: whose events, and in which episodes. Both are cumulative in samples.

use std::cmp::Reverse;

use crate::sample::{LoserSample, LosersSample, Overrun, Overruns, WorkloadDrops};

/// Whose events were dropped between two samples; all that `to` says if nobody was known before. A loser that only the
/// later one lists may have been among the others before: where there were any, it stays one of them.
#[must_use]
pub fn losers_grown(from: Option<&LosersSample>, to: &LosersSample) -> LosersSample {
    let none = LosersSample::default();
    let from = from.unwrap_or(&none);
    let named = |loser: &LoserSample| {
        let earlier = from.top.iter().find(|other| is_same(other, loser)).map(|other| other.drops);
        let drops = grown(earlier, loser.drops, from.others == 0)?;
        Some(LoserSample { drops, ..loser.clone() })
    };
    let workload = |one: &WorkloadDrops| {
        let earlier = from.workloads.iter().find(|other| other.workload == one.workload);
        // One that is new in the list came in since, at zero.
        let drops = grown(earlier.map(|other| other.drops), one.drops, true)?;
        Some(WorkloadDrops { drops, ..one.clone() })
    };
    let mut top: Vec<LoserSample> = to.top.iter().filter_map(named).collect();
    sort(&mut top);
    let workloads: Vec<WorkloadDrops> = to.workloads.iter().filter_map(workload).collect();
    let attributed = to.attributed().saturating_sub(from.attributed());
    LosersSample {
        others: attributed.saturating_sub(top.iter().map(|loser| loser.drops).sum()),
        top,
        workloads_other: attributed.saturating_sub(workloads.iter().map(|one| one.drops).sum()),
        workloads,
        unattributed: to.unattributed.saturating_sub(from.unattributed),
        missed: to.missed.map(|missed| missed.saturating_sub(from.missed.unwrap_or(0))),
        route: to.route,
        is_watched: to.is_watched,
    }
}

/// What grew, if anything did. A count that went back had been added to the others, and began anew.
fn grown(before: Option<u64>, now: u64, is_new: bool) -> Option<u64> {
    let drops = match before {
        Some(before) => now.checked_sub(before).unwrap_or(now),
        None if is_new => now,
        None => 0,
    };
    (drops > 0).then_some(drops)
}

/// Adds what another probe of the same process dropped, later.
pub(super) fn add_losers(sum: &mut LosersSample, more: &LosersSample) {
    for loser in &more.top {
        match sum.top.iter_mut().find(|other| is_same(other, loser)) {
            Some(same) => {
                same.drops = same.drops.saturating_add(loser.drops);
                same.comm = loser.comm.clone().or_else(|| same.comm.take());
            }
            None => sum.top.push(loser.clone()),
        }
    }
    sort(&mut sum.top);
    for one in &more.workloads {
        match sum.workloads.iter_mut().find(|other| other.workload == one.workload) {
            Some(same) => same.drops = same.drops.saturating_add(one.drops),
            None => sum.workloads.push(one.clone()),
        }
    }
    sum.others = sum.others.saturating_add(more.others);
    sum.workloads_other = sum.workloads_other.saturating_add(more.workloads_other);
    sum.unattributed = sum.unattributed.saturating_add(more.unattributed);
    // Of one program, whoever is followed.
    sum.missed = sum.missed.max(more.missed);
    (sum.route, sum.is_watched) = (more.route, more.is_watched);
}

fn is_same(one: &LoserSample, other: &LoserSample) -> bool {
    (one.tgid, one.cgroup_id, one.slot) == (other.tgid, other.cgroup_id, other.slot)
}

fn sort(losers: &mut [LoserSample]) {
    losers.sort_by_key(|loser| (Reverse(loser.drops), loser.tgid, loser.slot));
}

/// Overruns between two samples, the first taken at `from_ns`: those that began, and those that went on, from then.
#[must_use]
pub fn overruns_grown(from: Option<&Overruns>, to: &Overruns, from_ns: u64) -> Overruns {
    let earlier =
        |one: &Overrun| from.and_then(|from| from.listed.iter().find(|it| it.first_ns == one.first_ns));
    let mut went_on = 0;
    let mut part = |one: &Overrun| match earlier(one) {
        None => Some(*one),
        Some(before) => {
            let drops = one.drops.checked_sub(before.drops).filter(|drops| *drops > 0)?;
            went_on += 1;
            Some(Overrun { first_ns: from_ns.clamp(one.first_ns, one.last_ns), last_ns: one.last_ns, drops })
        }
    };
    let listed: Vec<Overrun> = to.listed.iter().filter_map(&mut part).collect();
    let grown = |count: fn(&Overruns) -> u64| count(to).saturating_sub(from.map_or(0, count));
    Overruns {
        counted_by: to.counted_by,
        listed,
        count: grown(|overruns| overruns.count) + went_on,
        total_ns: grown(|overruns| overruns.total_ns),
    }
}

/// Adds those of another probe of the same process, later.
pub(super) fn add_overruns(sum: &mut Overruns, more: &Overruns) {
    sum.listed.extend(&more.listed);
    sum.count += more.count;
    sum.total_ns += more.total_ns;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Workload;

    fn loser(tgid: u32, drops: u64) -> LoserSample {
        LoserSample { tgid, drops, ..LoserSample::default() }
    }

    fn workload(name: &str, drops: u64) -> WorkloadDrops {
        let workload = Some(Workload { container: Some(name.to_owned()), ..Workload::default() });
        WorkloadDrops { workload, drops }
    }

    fn sample(top: &[(u32, u64)], others: u64) -> LosersSample {
        LosersSample {
            top: top.iter().map(|(tgid, drops)| loser(*tgid, *drops)).collect(),
            others,
            ..LosersSample::default()
        }
    }

    #[test]
    fn who_may_have_been_among_the_others_stays_there() {
        let exact = losers_grown(Some(&sample(&[(7, 100)], 0)), &sample(&[(8, 120), (7, 104)], 0));
        assert_eq!((exact.top, exact.others), (vec![loser(8, 120), loser(7, 4)], 0));
        let from = sample(&[(7, 100)], 10);
        let grown = losers_grown(Some(&from), &sample(&[(8, 120), (7, 104)], 3));
        assert_eq!((grown.top, grown.others), (vec![loser(7, 4)], 113), "8 had lost up to 10 before");
        let back = losers_grown(Some(&from), &sample(&[(7, 5)], 115));
        assert_eq!((back.top, back.others), (vec![loser(7, 5)], 5), "it had gone to the others");
        let all = losers_grown(None, &sample(&[(7, 5)], 2));
        assert_eq!((all.top, all.others), (vec![loser(7, 5)], 2));
    }

    #[test]
    fn a_workload_that_died_takes_its_past_along() {
        let from = LosersSample { workloads: vec![workload("a", 100)], ..sample(&[(7, 100)], 0) };
        let to = LosersSample {
            workloads: vec![workload("b", 20)],
            workloads_other: 105,
            ..sample(&[(7, 105), (8, 20)], 0)
        };
        let grown = losers_grown(Some(&from), &to);
        assert_eq!((grown.attributed(), grown.workloads_other), (25, 5));
        assert_eq!(grown.workloads, [workload("b", 20)]);
    }

    #[test]
    fn an_overrun_that_went_on_counts_from_the_start() {
        let one = |first_ns, last_ns, drops| Overrun { first_ns, last_ns, drops };
        let of = |listed: Vec<Overrun>| Overruns {
            count: listed.len() as u64,
            total_ns: listed.iter().map(|one| one.last_ns - one.first_ns).sum(),
            listed,
            ..Overruns::default()
        };
        let from = of(vec![one(10, 20, 5), one(50, 90, 7)]);
        let to = of(vec![one(10, 20, 5), one(50, 120, 9), one(300, 310, 1)]);
        let grown = overruns_grown(Some(&from), &to, 100);
        assert_eq!(grown.listed, [one(100, 120, 2), one(300, 310, 1)]);
        assert_eq!((grown.count, grown.total_ns), (2, 40));
        assert_eq!(overruns_grown(None, &to, 0), to);
    }
}
