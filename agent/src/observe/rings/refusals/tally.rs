//! What one ring refused: from the tables of the kernel half, which only grow, to a sample. Pure.

use agent_common::{
    refusals::{CLASSES, Refused, RefusedTo},
    watch::{Loser, Loss},
};

use crate::{
    observe::{cgroups::Cgroups, loss::account::Account},
    sample::{CountedBy, LosersSample, LossRoute, Overruns, RefusalClass, RefusedSample},
    timeline::overruns::OverrunMerge,
};

/// The helpers that each have counters of their own.
const HELPERS: usize = 3;

/// One ring.
pub(super) struct Tally {
    now: Counts,
    overruns: OverrunMerge,
    account: Account,
}

/// Sums over CPUs and helpers.
#[derive(Clone, Default)]
struct Counts {
    drops: [u64; CLASSES],
    bytes: u64,
    unattributed: u64,
}

impl Tally {
    pub(super) fn new(cpus: usize) -> Self {
        let overruns = OverrunMerge::new(HELPERS * cpus);
        Self { now: Counts::default(), overruns, account: Account::default() }
    }

    /// What a ring refused that is counted and refused nothing.
    pub(super) fn nothing() -> RefusedSample {
        Self::new(0).sample(&Cgroups::default())
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

    /// Takes in what each CPU counted for one loser through one helper.
    pub(super) fn add_loser(&mut self, to: &RefusedTo, cpus: &[Loss], cgroups: &Cgroups) {
        let RefusedTo { cgroup_id, tgid, slot, helper, .. } = *to;
        let comm = cpus.iter().find(|loss| loss.drops > 0).map_or([0; _], |loss| loss.comm);
        let loss = Loss { drops: cpus.iter().map(|loss| loss.drops).sum(), comm };
        // Each entry of the table is one to the account: helpers take the place of its epochs.
        let loser = Loser { cgroup_id, epoch: helper.into(), tgid, slot };
        self.account.take(&loser, &loss, true, cgroups);
    }

    /// After a reading that began at `now_ns`.
    pub(super) fn end(&mut self, now_ns: u64, cgroups: &Cgroups) {
        self.overruns.merge(now_ns);
        self.account.make_room(cgroups);
    }

    pub(super) fn sample(&self, cgroups: &Cgroups) -> RefusedSample {
        let now = &self.now;
        RefusedSample {
            since_ns: 0,
            losers: LosersSample {
                route: LossRoute::Helpers,
                is_watched: true,
                unattributed: now.unattributed,
                ..self.account.sample(cgroups)
            },
            classes: RefusalClass::ALL.into_iter().zip(now.drops).filter(|(_, drops)| *drops > 0).collect(),
            bytes: now.bytes,
            overruns: Overruns {
                counted_by: CountedBy::Helpers,
                listed: self.overruns.listed(),
                count: self.overruns.count(),
                total_ns: self.overruns.total_ns(),
            },
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

    fn lost(tgid: u32, drops: u64) -> (RefusedTo, Loss) {
        let mut comm = [0; 16];
        comm[..4].copy_from_slice(b"load");
        (RefusedTo { tgid, slot: 111, ..RefusedTo::default() }, Loss { drops, comm })
    }

    fn sample(tally: &Tally) -> RefusedSample {
        tally.sample(&Cgroups::default())
    }

    #[test]
    fn cpus_and_helpers_add_up_and_drops_are_attributed_and_not() {
        let mut tally = Tally::new(2);
        tally.add(RESERVE, &[refused(BEHIND, 10, 1000), Refused::default()]);
        tally.add(OUTPUT, &[Refused::default(), refused(TOO_BIG, 5, 1020)]);
        for (to, loss) in [lost(7, 9), lost(8, 3)] {
            tally.add_loser(&to, &[loss, Loss::default()], &Cgroups::default());
        }
        let (to, loss) = lost(8, 1);
        tally.add_loser(&RefusedTo { helper: OUTPUT, ..to }, &[Loss::default(), loss], &Cgroups::default());
        tally.end(2000, &Cgroups::default());
        let sample = sample(&tally);
        assert_eq!(sample.drops(), 15);
        assert_eq!(sample.classes, [(RefusalClass::Behind, 10), (RefusalClass::TooBig, 5)]);
        assert_eq!((sample.bytes, sample.losers.unattributed, sample.overruns.count), (48 * 15, 2, 1));
        let losers: Vec<_> = sample.losers.top.iter().map(|loser| (loser.tgid, loser.drops)).collect();
        assert_eq!(losers, [(7, 9), (8, 4)]);
        assert_eq!(sample.losers.top[0].comm.as_deref(), Some("load"));
    }

    #[test]
    fn another_reading_replaces_the_one_before() {
        let mut tally = Tally::new(1);
        let (to, loss) = lost(7, 9);
        for (drops, to_him) in [(10, 9), (12, 11)] {
            tally.clear();
            tally.add(RESERVE, &[refused(BEHIND, drops, 1000)]);
            tally.add_loser(&to, &[Loss { drops: to_him, ..loss }], &Cgroups::default());
            tally.end(2000, &Cgroups::default());
        }
        let sample = sample(&tally);
        assert_eq!((sample.drops(), sample.losers.top[0].drops, sample.losers.unattributed), (12, 11, 1));
        assert_eq!((sample.overruns.count, sample.overruns.listed[0].drops), (1, 12));
    }
}
