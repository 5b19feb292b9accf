//! What the watching thread reads beside positions: whose rings they are, what tools count, and whose events they dropped.

use std::{collections::BTreeMap, sync::PoisonError, time::Instant};

use agent_common::watch::{ARRAY_OF_MAPS, MapRow};

use super::Watch;
use crate::{
    observe::rings::{
        WatchError,
        owners::{Place, Seen, places},
    },
    sys::clock,
};

/// Between readings that are always made, counters are read so seldom that it takes one part in so many of the time at
/// most: a reading walks over all maps of the node.
const READING_SHARE: u32 = 20;

impl Watch {
    /// Reads what tools count, and whose events they dropped if there are new ones. None of it under the lock that
    /// samples take.
    pub(super) fn read_all(&mut self) -> Result<(), WatchError> {
        self.read_counters()?;
        let has_grown = std::mem::take(&mut self.has_grown);
        if has_grown || std::mem::replace(&mut self.had_grown, has_grown) {
            self.follow.drain(&mut self.object)?;
            // Again: no tool may seem to have dropped less than was attributed.
            self.read_counters()?;
            self.set_losers();
        }
        self.publish();
        Ok(())
    }

    fn read_counters(&mut self) -> Result<(), WatchError> {
        let start = Instant::now();
        let grew = self.falcos.read(&mut self.object, &self.served, clock::monotonic_ns())?;
        self.next_reading = Instant::now() + start.elapsed() * READING_SHARE;
        let changed = self.follow.update(&mut self.object, &self.falcos.followables(), grew)?;
        self.has_grown |= grew || changed;
        Ok(())
    }

    /// A reading between those that are always made, while a tool's ring fills or refuses: so well is it known when it
    /// begins and ends.
    pub(super) fn read_between(&mut self) -> Result<(), WatchError> {
        if Instant::now() >= self.next_reading {
            self.read_counters()?;
            self.publish();
        }
        Ok(())
    }

    fn set_losers(&mut self) {
        let (follow, object) = (&self.follow, &self.object);
        self.falcos.set_losers(|map_id| follow.losers(object, map_id));
    }

    fn publish(&self) {
        let falcos = self.falcos.sample();
        let mut watched = self.lock();
        watched.falcos = falcos;
        for (map_id, overruns) in self.falcos.overruns() {
            if let Some(ring) = watched.rings.get_mut(&map_id) {
                ring.overruns = Some(overruns);
            }
        }
    }

    pub(super) fn places(&mut self, rings: &[MapRow]) -> Result<BTreeMap<u32, Place>, WatchError> {
        const POINTER: usize = size_of::<u64>();
        self.owners_known = Some(Instant::now());
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
        for table in tables {
            if table.map_type == ARRAY_OF_MAPS {
                let length = (table.max_entries as usize).min(4096) * POINTER;
                let bytes = self.object.values(table.id, length)?;
                let words = bytes.chunks_exact(POINTER).filter_map(|word| word.try_into().ok());
                outer.push((table, words.map(u64::from_ne_bytes).collect()));
            }
        }
        let own_tgid = self.object.own_tgid().unwrap_or(0);
        Ok(places(&Seen { rings, outer: &outer, holders: &holders, own_tgid }))
    }
}
