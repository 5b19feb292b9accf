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
        pace::rest_after,
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

/// The last search for owners: over all open files and mappings of the node.
pub(super) struct Search {
    at: Instant,
    /// Not again before so long, even if there are new rings.
    rest: Duration,
    /// A ring came since.
    is_due: bool,
}

impl Watch {
    /// Rings that come and go all the time must not make it search all the time.
    pub(super) fn is_search_due(&mut self, has_new: bool) -> bool {
        let Some(last) = &mut self.owners else { return true };
        last.is_due |= has_new || last.at.elapsed() >= OWNERS_EVERY;
        last.is_due && last.at.elapsed() >= last.rest
    }

    pub(super) fn places(&mut self, rings: &[MapRow]) -> Result<BTreeMap<u32, Place>, WatchError> {
        let begun_ns = thread_cpu_ns();
        let places = self.search(rings);
        let cost = Duration::from_nanos(thread_cpu_ns() - begun_ns);
        self.owners = Some(Search { at: Instant::now(), rest: rest_after(cost), is_due: false });
        places
    }

    fn search(&mut self, rings: &[MapRow]) -> Result<BTreeMap<u32, Place>, WatchError> {
        const POINTER: usize = size_of::<u64>();
        let holders = self.object.holders()?;
        let mut outer = Vec::new();
        let tables = self.object.tables()?;
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.own_tgid = self.object.own_tgid();
        watched.falcos.find(&mut self.object, &tables, &holders)?;
        if self.object.cannot_follow().is_none() {
            self.follow.set(&mut self.object, &watched.falcos.probes())?;
        }
        drop(watched);
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
