//! Drops by process and syscall, as a table of the kernel half shows them again and again. Pure.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
};

use agent_common::watch::{Loser, Loss, NAME_BYTES};

use super::workloads::Workloads;
use crate::{
    observe::cgroups::Cgroups,
    sample::{LOSERS_LISTED, LoserSample, LosersSample},
};

/// Losers that are kept apart; beyond, the half that lost least is added up.
const MOST_LOSERS: usize = 8192;

/// What is known of the drops of one tool.
#[derive(Clone, Debug, Default)]
pub struct Account {
    losers: BTreeMap<Key, Lost>,
    others: u64,
    workloads: Workloads,
    /// Drops by the kernel's table that are not the loser's after all.
    refused: u64,
    /// What the kernel's table said last.
    seen: HashMap<Loser, u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    tgid: u32,
    cgroup_id: u64,
    slot: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Lost {
    drops: u64,
    comm: [u8; NAME_BYTES],
}

impl Account {
    /// Takes in an entry of the kernel's table, which only grows. What `is_possible` refuses is nobody's.
    pub fn take(&mut self, loser: &Loser, loss: &Loss, is_possible: bool, cgroups: &Cgroups) {
        let before = self.seen.insert(*loser, loss.drops).unwrap_or(0);
        let drops = loss.drops.saturating_sub(before);
        if drops == 0 {
            return;
        }
        if !is_possible {
            self.refused += drops;
            return;
        }
        let Loser { cgroup_id, tgid, slot, .. } = *loser;
        let lost = self.losers.entry(Key { tgid, cgroup_id, slot }).or_default();
        lost.drops += drops;
        lost.comm = loss.comm;
        self.workloads.add(cgroups.workload(cgroup_id), cgroup_id, drops);
        if self.losers.len() > MOST_LOSERS {
            self.keep_half();
        }
    }

    /// The kernel's table no longer has the entries of this epoch.
    pub fn forget(&mut self, epoch: u64) {
        self.seen.retain(|loser, _| loser.epoch != epoch);
    }

    /// Workloads that have died make room, where there is none.
    pub fn make_room(&mut self, cgroups: &Cgroups) {
        if self.workloads.is_full() {
            self.workloads.bury(|cgroup_id| cgroups.is_alive(cgroup_id));
        }
    }

    /// Drops that were blamed on somebody who cannot have lost them.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Whose they were; how that is known is left to the caller.
    #[must_use]
    pub fn sample(&self, cgroups: &Cgroups) -> LosersSample {
        let mut order: Vec<(&Key, &Lost)> = self.losers.iter().collect();
        order.sort_by_key(|(key, lost)| (Reverse(lost.drops), key.tgid, key.slot));
        let (top, rest) = order.split_at(order.len().min(LOSERS_LISTED));
        let named = |(key, lost): &(&Key, &Lost)| LoserSample {
            tgid: key.tgid,
            comm: name(&lost.comm),
            cgroup_id: (key.cgroup_id != 0).then_some(key.cgroup_id),
            workload: cgroups.workload(key.cgroup_id),
            slot: u16::try_from(key.slot).unwrap_or(u16::MAX),
            drops: lost.drops,
        };
        LosersSample {
            top: top.iter().map(named).collect(),
            others: self.others + rest.iter().map(|(_, lost)| lost.drops).sum::<u64>(),
            workloads: self.workloads.sample(),
            workloads_other: self.workloads.other(),
            ..LosersSample::default()
        }
    }

    fn keep_half(&mut self) {
        let mut order: Vec<(u64, Key)> = self.losers.iter().map(|(key, lost)| (lost.drops, *key)).collect();
        order.sort_by_key(|(drops, _)| Reverse(*drops));
        let folded: HashSet<(u32, u64, u32)> =
            order.iter().skip(MOST_LOSERS / 2).map(|(_, key)| (key.tgid, key.cgroup_id, key.slot)).collect();
        let others = &mut self.others;
        self.losers.retain(|key, lost| {
            let stays = !folded.contains(&(key.tgid, key.cgroup_id, key.slot));
            if !stays {
                *others += lost.drops;
            }
            stays
        });
    }
}

fn name(comm: &[u8; NAME_BYTES]) -> Option<String> {
    let length = comm.iter().position(|byte| *byte == 0).unwrap_or(NAME_BYTES);
    (length > 0).then(|| String::from_utf8_lossy(&comm[..length]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loser(tgid: u32, epoch: u64) -> Loser {
        Loser { cgroup_id: 7, epoch, tgid, slot: 111 }
    }

    fn loss(drops: u64) -> Loss {
        let mut comm = [0; NAME_BYTES];
        comm[..4].copy_from_slice(b"make");
        Loss { drops, comm }
    }

    fn taken(entries: &[(u32, u64, u64)]) -> Account {
        let mut account = Account::default();
        for (tgid, epoch, drops) in entries {
            account.take(&loser(*tgid, *epoch), &loss(*drops), true, &Cgroups::default());
        }
        account
    }

    fn total(account: &Account) -> (u64, u64) {
        let sample = account.sample(&Cgroups::default());
        let by_workload: u64 = sample.workloads.iter().map(|one| one.drops).sum();
        (sample.attributed(), by_workload + sample.workloads_other)
    }

    #[test]
    fn an_entry_that_is_read_again_counts_once() {
        let account = taken(&[(5, 1, 10), (5, 1, 10), (5, 1, 12), (6, 1, 1)]);
        let sample = account.sample(&Cgroups::default());
        assert_eq!((sample.top[0].drops, sample.top[0].comm.as_deref()), (12, Some("make")));
        assert_eq!(total(&account), (13, 13));
    }

    #[test]
    fn a_new_epoch_begins_at_zero_and_adds_up() {
        let mut account = taken(&[(5, 1, 10)]);
        account.forget(1);
        account.take(&loser(5, 2), &loss(4), true, &Cgroups::default());
        assert_eq!(account.sample(&Cgroups::default()).top[0].drops, 14);
    }

    #[test]
    fn what_cannot_be_theirs_is_nobodys() {
        let mut account = taken(&[(5, 1, 10)]);
        account.take(&loser(5, 1), &loss(13), false, &Cgroups::default());
        assert_eq!((account.refused(), total(&account)), (3, (10, 10)));
    }

    #[test]
    fn those_who_lost_least_are_added_up() {
        let mut account = Account::default();
        for tgid in 0..=u32::try_from(MOST_LOSERS).unwrap() {
            account.take(&loser(tgid, 1), &loss(u64::from(tgid) + 1), true, &Cgroups::default());
        }
        let all: u64 = (1..=MOST_LOSERS as u64 + 1).sum();
        assert_eq!((account.losers.len(), total(&account)), (MOST_LOSERS / 2, (all, all)));
        assert_eq!(account.sample(&Cgroups::default()).top[0].tgid, u32::try_from(MOST_LOSERS).unwrap());
    }
}
