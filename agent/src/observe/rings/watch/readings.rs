//! What the watching thread reads beside positions: what tools count, and whose events they dropped.

use std::time::Instant;

use super::Watch;
use crate::{observe::rings::WatchError, sys::clock};

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
        self.read_refusals()
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
}
