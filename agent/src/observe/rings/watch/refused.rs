//! The thread's part in counting refusals: when, and where the numbers go.

use std::{collections::BTreeMap, sync::PoisonError};

use super::{Rings, Watch, WatchError};
use crate::observe::rings::{refusals::Refusals, ring::Ring, wanted};

/// The programs, and when they are wanted.
pub(super) struct Counting {
    programs: Option<Refusals>,
    wanted: wanted::Refusals,
}

impl Counting {
    /// Loads them; with the reason where they are not.
    pub(super) fn load(wanted: wanted::Refusals) -> (Self, Option<String>) {
        let loaded = match wanted {
            wanted::Refusals::Off => Err("not asked for (--whose)".to_owned()),
            wanted::Refusals::Unknown | wanted::Refusals::All => {
                Refusals::load().map_err(|error| error.to_string())
            }
        };
        let why_not = loaded.as_ref().err().cloned();
        (Self { programs: loaded.ok(), wanted }, why_not)
    }
}

impl Rings {
    /// Why refusals are not counted behind the helpers; `None` if they are, or will be once a ring needs it.
    #[must_use]
    pub fn cannot_count_refusals(&self) -> Option<String> {
        self.lock().cannot_count.clone()
    }
}

impl Watch {
    /// Attaches or detaches the programs behind the helpers, as rings come and go. If that fails, it says why, and goes on
    /// without them.
    pub(super) fn want_refusals(&mut self) {
        let Some(programs) = &mut self.refusals.programs else { return };
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let probes = watched.falcos.probes();
        let knows_counters = |ring: &Ring| {
            let owner = ring.place.owner.as_ref();
            owner.is_some_and(|owner| probes.iter().any(|probe| probe.tgid == owner.tgid))
        };
        let is_wanted = match self.refusals.wanted {
            wanted::Refusals::Off => false,
            wanted::Refusals::Unknown => {
                watched.rings.values().any(|ring| !ring.place.is_own && !knows_counters(ring))
            }
            wanted::Refusals::All => true,
        };
        drop(probes);
        drop(watched);
        if let Err(error) = programs.set(is_wanted) {
            log::warn!("refused records are not counted: {error}");
            self.refusals.programs = None;
            self.lock().cannot_count = Some(error.to_string());
        }
    }

    /// Gives each ring what it refused.
    pub(super) fn read_refusals(&mut self) -> Result<(), WatchError> {
        let Some(programs) = &mut self.refusals.programs else { return Ok(()) };
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let of_others = watched.rings.iter().filter(|(_, ring)| !ring.place.is_own);
        let found: BTreeMap<u32, u64> = of_others.map(|(id, ring)| (*id, ring.found_ns())).collect();
        let newest = watched.rings.keys().next_back().copied().unwrap_or(0);
        let mut refused = programs.read(&found, newest)?;
        for (id, ring) in &mut watched.rings {
            ring.refused = refused.remove(id);
        }
        Ok(())
    }
}
