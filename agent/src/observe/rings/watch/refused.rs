//! The thread's part in counting refusals: when, and where the numbers go.

use std::collections::BTreeMap;

use super::{Rings, Watch, WatchError};
use crate::{
    observe::{
        cgroups::Cgroups,
        rings::{refusals::Refusals, ring::Ring, wanted},
    },
    probe,
};

/// The programs, and when they are wanted.
pub(super) struct Counting {
    programs: Option<Refusals>,
    wanted: wanted::Refusals,
}

impl Counting {
    /// Loads them; with the reason where they are not. `hierarchy`: which cgroups the ids of records are from.
    pub(super) fn load(wanted: wanted::Refusals, hierarchy: probe::Cgroups) -> (Self, Option<String>) {
        let loaded = match wanted {
            wanted::Refusals::Off => Err("not asked for (--whose)".to_owned()),
            wanted::Refusals::Unknown | wanted::Refusals::All => {
                Refusals::load(Cgroups::of_node(hierarchy)).map_err(|error| error.to_string())
            }
        };
        let why_not = loaded.as_ref().err().cloned();
        (Self { programs: loaded.ok(), wanted }, why_not)
    }

    /// Counts no more; what was counted is read once more.
    pub(super) fn end(&mut self) {
        if let Some(programs) = &mut self.programs
            && let Err(error) = programs.end()
        {
            log::warn!("the programs that count refused records are still attached: {error}");
        }
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
        let is_wanted = match self.refusals.wanted {
            wanted::Refusals::Off => false,
            wanted::Refusals::Unknown => self.lock().rings.values().any(|ring| self.is_uncounted(ring)),
            wanted::Refusals::All => true,
        };
        let Some(programs) = &mut self.refusals.programs else { return };
        if let Err(error) = programs.set(is_wanted) {
            log::warn!("refused records are not counted: {error}");
            self.refusals.programs = None;
            self.lock().cannot_count = Some(error.to_string());
        }
    }

    /// It is of a tool whose own counters dropctl does not know.
    fn is_uncounted(&self, ring: &Ring) -> bool {
        let owner = ring.place.owner.as_ref();
        !ring.place.is_own && !owner.is_some_and(|owner| self.falcos.has(owner.tgid))
    }

    /// Gives each ring what it refused. The tables are not read under the lock that samples take.
    pub(super) fn read_refusals(&mut self) -> Result<(), WatchError> {
        if self.refusals.programs.is_none() {
            return Ok(());
        }
        let watched = self.lock();
        let of_others = watched.rings.iter().filter(|(_, ring)| !ring.place.is_own);
        let found: BTreeMap<u32, u64> = of_others.map(|(id, ring)| (*id, ring.found_ns())).collect();
        let newest = watched.rings.keys().next_back().copied().unwrap_or(0);
        drop(watched);
        let Some(programs) = &mut self.refusals.programs else { return Ok(()) };
        let mut refused = programs.read(&found, newest)?;
        for (id, ring) in &mut self.lock().rings {
            ring.refused = refused.remove(id);
        }
        Ok(())
    }
}
