//! Following the drop counters of tools: whose events they lost.
//!
//! The program that follows must run after the tool's on the same hook, so it is attached again whenever a tool comes
//! later. What the tool counted elsewhere, or before each CPU's first look, is in its total and not attributed.

use agent_common::{
    slot::NUMBERS,
    watch::{Loser, TARGETS, Target},
};

use super::object::{Object, WatchError};
use crate::{
    observe::falco::maps::ProbeMaps,
    probe::process_name,
    sample::{LOSERS_NAMED, LoserSample},
};

/// Bytes of a value up to which Falco counts exits alone (libs 0.22 and newer, 104 bytes); before, a syscall made an
/// event when it began and one when it ended.
const EXITS_ALONE: u32 = 104;
/// A tool of its first days (24 bytes) had both, too.
const FIRST_LAYOUT: u32 = 24;

/// What is followed.
#[derive(Default)]
pub(super) struct Follow {
    /// The map of counters of each target.
    maps: [Option<u32>; TARGETS],
    targets: [Target; TARGETS],
    generation: u64,
}

impl Follow {
    /// Follows these probes from now on, and no others. More than [`TARGETS`] are not followed.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn set(&mut self, object: &mut Object, probes: &[&ProbeMaps]) -> Result<(), WatchError> {
        let before = self.maps;
        for (map, target) in self.maps.iter_mut().zip(&mut self.targets) {
            if map.is_some_and(|id| !probes.iter().any(|probe| probe.counters.id == id)) {
                (*map, *target) = (None, Target::default());
            }
        }
        let mut has_new = false;
        for probe in probes.iter().filter(|probe| !before.contains(&Some(probe.counters.id))) {
            let free = self.maps.iter_mut().zip(&mut self.targets).find(|(map, _)| map.is_none());
            let Some((map, target)) = free else { break };
            self.generation += 1;
            *map = Some(probe.counters.id);
            *target = Target {
                // `n_evts` and `n_drops_buffer` come first in every layout.
                address: object.value_address(&probe.counters),
                most_events: most_events(probe.counters.value_size),
                stride: probe.counters.value_size.next_multiple_of(8),
                cpus: probe.counters.max_entries,
                generation: self.generation,
            };
            has_new = true;
        }
        if self.maps == before {
            return Ok(());
        }
        object.set_targets(self.targets)?;
        let is_followed = |map: &&u32| before.contains(&Some(**map));
        if self.maps.iter().flatten().filter(is_followed).count() < before.iter().flatten().count() {
            object.keep_drops_of(&self.targets.map(|target| target.generation))?;
        }
        let is_empty = self.maps.iter().all(Option::is_none);
        object.follow(has_new, !is_empty)
    }

    /// Who lost events of a tool, most first; `None` if it is not followed.
    pub(super) fn losers(
        &self,
        object: &Object,
        map_id: u32,
        traced: Option<&[u32]>,
    ) -> Option<Vec<LoserSample>> {
        let index = self.maps.iter().position(|map| *map == Some(map_id))?;
        let generation = self.targets[index].generation;
        let sample = |(loser, drops): (Loser, u64)| LoserSample {
            tgid: loser.tgid,
            comm: None,
            cgroup_id: (loser.cgroup_id != 0).then_some(loser.cgroup_id),
            slot: u16::try_from(loser.slot).unwrap_or(u16::MAX),
            drops,
        };
        // What the tool does not trace it did not drop: another task's look came between (see watch/follow.rs).
        let is_traced = |slot: u32| slot >= NUMBERS || traced.is_none_or(|traced| traced.contains(&slot));
        let of_this = object
            .drops()
            .into_iter()
            .filter(|(loser, _)| loser.generation == generation && is_traced(loser.slot));
        let mut losers: Vec<LoserSample> = of_this.map(sample).collect();
        losers.sort_by_key(|loser| (std::cmp::Reverse(loser.drops), loser.tgid, loser.slot));
        if object.own_tgid() == Some(std::process::id()) {
            // Not all: a table of thousands would be as many files, twice a second.
            for loser in losers.iter_mut().take(LOSERS_NAMED) {
                loser.comm = process_name(loser.tgid);
            }
        }
        Some(losers)
    }
}

fn most_events(value_size: u32) -> u64 {
    if value_size == FIRST_LAYOUT || value_size > EXITS_ALONE { 2 } else { 1 }
}
