//! The search for owners, within a budget: over all open files and mappings of the node, and arrays of maps.

use std::{
    collections::BTreeMap,
    sync::PoisonError,
    time::{Duration, Instant},
};

use agent_common::watch::{ARRAY_OF_MAPS, MapRow};

use super::Watch;
use crate::{
    observe::rings::{
        object::WatchError,
        owners::{Place, Seen, places},
        pace::Budget,
    },
    sys::clock::thread_cpu_ns,
};

/// Owners may change without a ring being made: a process that forks and ends.
const OWNERS_EVERY: Duration = Duration::from_secs(30);
/// Entries of arrays of maps that are searched for rings at most: each 512 are one more walk over all maps. Falco's
/// array has one for each CPU.
const MOST_ENTRIES: usize = 1 << 16;
/// Entries of one of them.
const MOST_ENTRIES_OF_ONE: usize = 1 << 12;

/// What is due.
pub(super) struct Search {
    budget: Budget,
    /// The last one.
    at: Instant,
    /// Searches that are still due.
    due: u32,
}

/// After a ring came or went: one now, and one at the next discovery, because a tool makes its rings before it puts them
/// into an array, and maps them later still.
const AFTER_CHANGE: u32 = 2;

impl Search {
    /// The first is due.
    pub(super) fn new(now: Instant) -> Self {
        Self { budget: Budget::new(now), at: now, due: AFTER_CHANGE }
    }

    /// Rings that come and go all the time must not make it search all the time.
    pub(super) fn is_due(&mut self, now: Instant, has_changed: bool) -> bool {
        if has_changed {
            self.due = AFTER_CHANGE;
        } else if now.saturating_duration_since(self.at) >= OWNERS_EVERY {
            self.due = self.due.max(1);
        }
        self.due > 0 && self.budget.allows(now)
    }

    fn add(&mut self, now: Instant, cost: Duration) {
        self.budget.spend(now, cost);
        self.at = now;
        self.due -= 1;
    }
}

impl Watch {
    pub(super) fn places(&mut self, rings: &[MapRow]) -> Result<BTreeMap<u32, Place>, WatchError> {
        let begun_ns = thread_cpu_ns();
        let places = self.search(rings);
        self.owners.add(Instant::now(), Duration::from_nanos(thread_cpu_ns() - begun_ns));
        places
    }

    fn search(&mut self, rings: &[MapRow]) -> Result<BTreeMap<u32, Place>, WatchError> {
        const POINTER: usize = size_of::<u64>();
        let holders = self.object.holders()?;
        self.find_owners_of_programs(&holders)?;
        let mut outer = Vec::new();
        let tables = self.object.tables()?;
        self.falcos.find(&mut self.object, &tables, &holders)?;
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.own_tgid = self.object.own_tgid();
        watched.pressed.find(&mut self.object, &tables, &holders)?;
        drop(watched);
        // For new tools it is not yet said who lost what.
        self.has_grown = true;
        let mut entries_left = MOST_ENTRIES;
        for table in tables {
            if table.map_type == ARRAY_OF_MAPS {
                let entries = (table.max_entries as usize).min(MOST_ENTRIES_OF_ONE).min(entries_left);
                entries_left -= entries;
                let length = entries * POINTER;
                let bytes = self.object.values(table.id, length)?;
                let words = bytes.chunks_exact(POINTER).filter_map(|word| word.try_into().ok());
                outer.push((table, words.map(u64::from_ne_bytes).collect()));
            }
        }
        let own_tgid = self.object.own_tgid().unwrap_or(0);
        Ok(places(&Seen { rings, outer: &outer, holders: &holders, own_tgid }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_searched_for_at_once_and_once_more() {
        let start = Instant::now();
        let mut search = Search::new(start);
        let mut due = |seconds, has_changed| {
            let now = start + Duration::from_secs(seconds);
            let is_due = search.is_due(now, has_changed);
            if is_due {
                search.add(now, Duration::from_millis(1));
            }
            is_due
        };
        assert_eq!([due(0, false), due(1, false), due(2, false)], [true, true, false]);
        assert_eq!([due(3, true), due(4, false), due(5, false)], [true, true, false]);
        assert_eq!(
            [due(33, false), due(34, false), due(35, false)],
            [false, true, false],
            "owners may change"
        );
    }

    #[test]
    fn a_change_without_budget_is_searched_for_later() {
        let start = Instant::now();
        let mut search = Search::new(start);
        let mut made = 0;
        let second = |second| start + Duration::from_secs(second);
        while search.is_due(start, true) {
            search.add(start, Duration::from_secs(1));
            made += 1;
        }
        assert!(made > AFTER_CHANGE && !search.is_due(second(63), false));
        assert!(search.is_due(second(64), false));
    }
}
