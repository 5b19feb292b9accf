//! The thread's part in counting refusals: when, and where the numbers go.

use std::collections::BTreeMap;

use agent_common::full::FullRing;

use super::{Object, Rings, Wanted, Watch, WatchError};
use crate::observe::{
    cgroups::Cgroups,
    rings::{full::Full, refusals::Refusals, ring::Ring, wanted},
};

/// The programs, and when they are wanted.
pub(super) struct Counting {
    programs: Option<Refusals>,
    wanted: wanted::Refusals,
    /// Where nothing can be counted.
    full: Full,
    wanted_estimate: wanted::Refusals,
}

impl Counting {
    /// Loads them; with the reason where they are not.
    pub(super) fn load(wanted: &Wanted, object: &Object) -> (Self, Option<String>) {
        let loaded = match wanted.refusals {
            wanted::Refusals::Off => Err("not asked for (--whose)".to_owned()),
            wanted::Refusals::Unknown | wanted::Refusals::All => {
                Refusals::load(Cgroups::of_node(object.cgroups())).map_err(|error| error.to_string())
            }
        };
        let why_not = loaded.as_ref().err().cloned();
        let counting = Self {
            programs: loaded.ok(),
            wanted: wanted.refusals,
            full: Full::default(),
            wanted_estimate: if object.cannot_estimate().is_none() {
                wanted.estimate
            } else {
                wanted::Refusals::Off
            },
        };
        (counting, why_not)
    }

    /// Counts and looks no more; what was seen is read once more.
    pub(super) fn end(&mut self, object: &mut Object) -> Result<(), WatchError> {
        if let Some(programs) = &mut self.programs
            && let Err(error) = programs.end()
        {
            log::warn!("the programs that count refused records are still attached: {error}");
        }
        self.full.end(object)
    }
}

impl Rings {
    /// Why refusals are not counted behind the helpers; `None` if they are, or will be once a ring needs it.
    #[must_use]
    pub fn cannot_count_refusals(&self) -> Option<String> {
        self.lock().cannot_count.clone()
    }

    /// Why refusals are not estimated either; `None` if they are, where they are not counted.
    #[must_use]
    pub fn cannot_estimate(&self) -> Option<&str> {
        self.cannot_estimate.as_deref()
    }
}

impl Watch {
    /// Attaches or detaches the programs behind the helpers, as rings come and go. If that fails, it says why, and goes on
    /// without them.
    pub(super) fn want_refusals(&mut self) -> Result<(), WatchError> {
        let is_wanted = match self.refusals.wanted {
            wanted::Refusals::Off => false,
            wanted::Refusals::Unknown => self.lock().rings.values().any(|ring| self.is_uncounted(ring)),
            wanted::Refusals::All => true,
        };
        let Some(programs) = &mut self.refusals.programs else { return self.want_estimate() };
        if let Err(error) = programs.set(is_wanted) {
            log::warn!("refused records are not counted: {error}");
            self.refusals.programs = None;
            self.lock().cannot_count = Some(error.to_string());
        }
        Ok(())
    }

    /// Looks at rings that nobody counts for.
    fn want_estimate(&mut self) -> Result<(), WatchError> {
        let is_wanted = |ring: &&Ring| match self.refusals.wanted_estimate {
            wanted::Refusals::Off => false,
            wanted::Refusals::Unknown => self.is_uncounted(ring),
            wanted::Refusals::All => true,
        };
        let wanted: Vec<FullRing> =
            self.lock().rings.values().filter(is_wanted).filter_map(Ring::full_ring).collect();
        self.refusals.full.set(&mut self.object, &wanted)
    }

    /// It is of a tool whose own counters dropctl does not know.
    fn is_uncounted(&self, ring: &Ring) -> bool {
        let owner = ring.place.owner.as_ref();
        !ring.place.is_own && !owner.is_some_and(|owner| self.falcos.has(owner.tgid))
    }

    /// Gives each ring what it refused. The tables are not read under the lock that samples take.
    pub(super) fn read_refusals(&mut self) -> Result<(), WatchError> {
        if self.refusals.programs.is_none() {
            let estimated = self.refusals.full.read(&self.object);
            for (id, ring) in &mut self.lock().rings {
                ring.estimated = estimated.get(id).copied();
            }
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
