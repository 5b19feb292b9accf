//! What one ring refused: from the tables of the kernel half to a sample. Pure.

use std::collections::BTreeMap;

use agent_common::refusals::{CLASSES, LoserCount, Refused, RefusedTo};

use crate::{
    observe::rings::owners::name,
    sample::{LoserSample, RefusalClass, RefusedSample},
    timeline::overruns::OverrunMerge,
};

/// The helpers that each have counters of their own.
const HELPERS: usize = 3;

/// Who lost: tgid, cgroup, syscall slot.
type Who = (u32, u64, u32);

/// One ring.
pub(super) struct Tally {
    now: Counts,
    overruns: OverrunMerge,
}

/// Sums over CPUs and helpers.
#[derive(Clone, Default)]
struct Counts {
    drops: [u64; CLASSES],
    bytes: u64,
    unattributed: u64,
    losers: BTreeMap<Who, (u64, String)>,
}

impl Tally {
    pub(super) fn new(cpus: usize) -> Self {
        Self { now: Counts::default(), overruns: OverrunMerge::new(HELPERS * cpus) }
    }

    /// Before another reading.
    pub(super) fn clear(&mut self) {
        self.now = Counts::default();
    }

    /// Takes in what each CPU counted for one helper.
    pub(super) fn add(&mut self, helper: u32, cpus: &[Refused]) {
        for (cpu, refused) in cpus.iter().enumerate() {
            for (sum, count) in self.now.drops.iter_mut().zip(&refused.drops) {
                *sum += count;
            }
            self.now.bytes += refused.bytes;
            self.now.unattributed += refused.unattributed;
            self.overruns.add_cpu(HELPERS * cpu + (helper as usize).min(HELPERS - 1), &refused.episodes);
        }
    }

    /// Takes in what each CPU counted for one loser.
    pub(super) fn add_loser(&mut self, to: &RefusedTo, cpus: &[LoserCount]) {
        let who = (to.tgid, to.cgroup_id, to.slot);
        let (drops, comm) = self.now.losers.entry(who).or_default();
        for count in cpus.iter().filter(|count| count.drops > 0) {
            *drops += count.drops;
            *comm = name(&count.comm);
        }
    }

    /// After a reading that began at `now_ns`.
    pub(super) fn merge(&mut self, now_ns: u64) {
        self.overruns.merge(now_ns);
    }

    pub(super) fn sample(&self) -> RefusedSample {
        let now = &self.now;
        let classes: Vec<(RefusalClass, u64)> =
            RefusalClass::ALL.into_iter().zip(now.drops).filter(|(_, drops)| *drops > 0).collect();
        let sample = |(who, (drops, comm)): (&Who, &(u64, String))| LoserSample {
            tgid: who.0,
            comm: (!comm.is_empty()).then(|| comm.clone()),
            cgroup_id: (who.1 != 0).then_some(who.1),
            slot: u16::try_from(who.2).unwrap_or(u16::MAX),
            drops: *drops,
        };
        let mut losers: Vec<LoserSample> =
            now.losers.iter().map(sample).filter(|loser| loser.drops > 0).collect();
        losers.sort_by_key(|loser| (std::cmp::Reverse(loser.drops), loser.tgid, loser.slot));
        RefusedSample {
            since_ns: 0,
            drops: classes.iter().map(|(_, drops)| drops).sum(),
            classes,
            bytes: now.bytes,
            overruns: self.overruns.listed(),
            overrun_count: self.overruns.count(),
            overrun_ns: self.overruns.total_ns(),
            losers,
            unattributed: now.unattributed,
            missed: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use agent_common::{
        counters::{CpuOverrun, Episodes},
        refusals::{BEHIND, OUTPUT, RESERVE, TOO_BIG},
    };

    use super::*;

    fn refused(class: u32, drops: u64, first_ns: u64) -> Refused {
        let mut refused = Refused { bytes: 48 * drops, unattributed: 1, ..Refused::default() };
        refused.drops[class as usize] = drops;
        let mut episodes = Episodes { count: 1, ..Episodes::default() };
        episodes.overruns[0] = CpuOverrun { first_ns, last_ns: first_ns + 10, drops };
        refused.episodes = episodes;
        refused
    }

    fn lost(tgid: u32, drops: u64) -> (RefusedTo, LoserCount) {
        let mut comm = [0; 16];
        comm[..4].copy_from_slice(b"load");
        (RefusedTo { tgid, slot: 111, ..RefusedTo::default() }, LoserCount { drops, comm })
    }

    #[test]
    fn cpus_and_helpers_add_up_and_drops_are_attributed_and_not() {
        let mut tally = Tally::new(2);
        tally.add(RESERVE, &[refused(BEHIND, 10, 1000), Refused::default()]);
        tally.add(OUTPUT, &[Refused::default(), refused(TOO_BIG, 5, 1020)]);
        for (to, count) in [lost(7, 9), lost(8, 4)] {
            tally.add_loser(&to, &[count, LoserCount::default()]);
        }
        tally.merge(2000);
        let sample = tally.sample();
        assert_eq!(sample.drops, 15);
        assert_eq!(sample.classes, [(RefusalClass::Behind, 10), (RefusalClass::TooBig, 5)]);
        assert_eq!((sample.bytes, sample.unattributed, sample.overrun_count), (48 * 15, 2, 1));
        let losers: Vec<_> = sample.losers.iter().map(|loser| (loser.tgid, loser.drops)).collect();
        assert_eq!(losers, [(7, 9), (8, 4)]);
        assert_eq!(sample.losers[0].comm.as_deref(), Some("load"));
        let attributed: u64 = sample.losers.iter().map(|loser| loser.drops).sum();
        assert_eq!(sample.drops, attributed + sample.unattributed);
    }

    #[test]
    fn another_reading_replaces_the_one_before() {
        let mut tally = Tally::new(1);
        let (to, count) = lost(7, 9);
        for (drops, to_him) in [(10, 9), (12, 11)] {
            tally.clear();
            tally.add(RESERVE, &[refused(BEHIND, drops, 1000)]);
            tally.add_loser(&to, &[LoserCount { drops: to_him, ..count }]);
            tally.merge(1_000_000_000);
        }
        let sample = tally.sample();
        assert_eq!((sample.drops, sample.losers[0].drops, sample.unattributed), (12, 11, 1));
        assert_eq!(sample.overrun_count, 1);
    }
}
