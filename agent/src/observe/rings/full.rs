//! Estimating what rings refuse that nobody counts: by looking, at each syscall exit, whether there is room.
//!
//! For tools whose counters dropctl does not know, on kernels that do not let the helpers be traced (`refusals`). It costs
//! every syscall of the node, so it is on only if asked for, and for a few rings.

mod estimate;

use std::collections::BTreeMap;

use agent_common::full::{FULL_RINGS, FullLooks, FullRing};
use estimate::Estimator;

use super::object::{Object, WatchError};
use crate::{
    sample::EstimateSample,
    sys::{barrier::wait_for_running_programs, clock},
};

/// What is looked at.
#[derive(Default)]
pub(super) struct Full {
    targets: [FullRing; FULL_RINGS],
    rings: BTreeMap<u32, Estimated>,
    /// The last number given to a generation.
    numbers: u64,
    has_ended: bool,
}

struct Estimated {
    /// Since when, `CLOCK_MONOTONIC` ns.
    since_ns: u64,
    estimator: Estimator,
}

impl Full {
    /// Looks at these rings from now on, the first few of them, and at no others. Each must have records of its tool in it:
    /// then the tool's programs are attached, and ours goes behind them.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn set(&mut self, object: &mut Object, wanted: &[FullRing]) -> Result<(), WatchError> {
        if self.has_ended {
            return Ok(());
        }
        let is_wanted = |target: &FullRing| wanted.iter().any(|one| one.id == target.id);
        let mut has_changed = false;
        for target in self.targets.iter_mut().filter(|target| target.map != 0 && !is_wanted(target)) {
            self.rings.remove(&target.id);
            *target = FullRing::default();
            has_changed = true;
        }
        if has_changed {
            object.set_full_targets(self.targets)?;
            let _ = wait_for_running_programs();
            object.forget_full(|ring| !self.rings.contains_key(&ring))?;
        }
        let mut has_new = false;
        for one in wanted {
            let free = self.targets.iter().position(|target| target.map == 0);
            let Some(index) = free.filter(|_| !self.rings.contains_key(&one.id)) else { continue };
            self.numbers += 1;
            self.targets[index] = FullRing { generation: self.numbers, ..*one };
            let since_ns = clock::monotonic_ns();
            self.rings.insert(one.id, Estimated { since_ns, estimator: Estimator::default() });
            has_new = true;
        }
        if has_new {
            object.set_full_targets(self.targets)?;
        }
        if has_new || self.rings.is_empty() {
            object.look_when_full(!self.rings.is_empty())?;
        }
        Ok(())
    }

    /// What each ring is thought to have refused.
    pub(super) fn read(&mut self, object: &Object) -> BTreeMap<u32, EstimateSample> {
        if self.rings.is_empty() {
            return BTreeMap::new();
        }
        let mut looks: BTreeMap<u32, BTreeMap<(u32, u32), FullLooks>> = BTreeMap::new();
        for (by, cpus) in object.full_looks() {
            let of_ring = looks.entry(by.ring).or_default();
            let cpus = (0..).zip(cpus).filter(|(_, looks)| *looks != FullLooks::default());
            of_ring.extend(cpus.map(|(cpu, looks)| ((cpu, by.slot), looks)));
        }
        let sample = |(id, ring): (&u32, &mut Estimated)| {
            ring.estimator.take(looks.remove(id).unwrap_or_default());
            (*id, EstimateSample { since_ns: ring.since_ns, ..ring.estimator.sample() })
        };
        self.rings.iter_mut().map(sample).collect()
    }

    /// Looks no more; what was seen can be read.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn end(&mut self, object: &mut Object) -> Result<(), WatchError> {
        self.has_ended = true;
        object.look_when_full(false)?;
        let _ = wait_for_running_programs();
        Ok(())
    }
}
