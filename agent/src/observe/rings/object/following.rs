//! The program that follows the drop counters of tools, and its maps.

use std::os::fd::{AsFd as _, AsRawFd as _};

use agent_common::watch::{Followed, Loser, Loss, NAME_BYTES, TARGETS, Target};
use aya::{Btf as AyaBtf, Ebpf, Pod, maps::Array, programs::ProgramError};

use super::{DROPS, FOLLOWED, Object, WatchError, behind};
use crate::{observe::rings::tables, probe::missed::missed_runs};

const FOLLOWING: &str = "FOLLOWING";
const FOLLOW: &str = "follow_exit";

impl Object {
    /// Why no tool's drops can be followed; `None` if they can.
    pub(in crate::observe::rings) fn cannot_follow(&self) -> Option<&str> {
        self.cannot_follow.as_deref()
    }

    /// What is to be followed.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(in crate::observe::rings) fn set_targets(
        &mut self,
        targets: [Target; TARGETS],
    ) -> Result<(), WatchError> {
        let map = self.ebpf.map_mut(FOLLOWING).ok_or(WatchError::OwnMap)?;
        let mut map: Array<_, Targets> = Array::try_from(map).map_err(WatchError::Request)?;
        map.set(0, Targets(targets), 0).map_err(WatchError::Request)
    }

    /// Attaches the program that follows, behind all that are attached by now; or detaches it.
    ///
    /// # Errors
    ///
    /// [`WatchError::Program`].
    pub(in crate::observe::rings) fn follow(&mut self, again: bool, on: bool) -> Result<(), WatchError> {
        if self.cannot_follow.is_some() || (on && !again && self.following.is_some()) {
            return Ok(());
        }
        behind::put(&mut self.ebpf, FOLLOW, &mut self.following, on)
    }

    /// Whether the program that follows is attached.
    pub(in crate::observe::rings) fn is_following(&self) -> bool {
        self.following.is_some()
    }

    /// Says where a target's counters stood before it is followed. It must have no address, and no run may be left that
    /// saw one.
    ///
    /// # Errors
    ///
    /// [`WatchError::Request`].
    pub(in crate::observe::rings) fn set_followed(
        &mut self,
        target: usize,
        cpus: &[(u64, u64)],
    ) -> Result<(), WatchError> {
        let map = self.ebpf.map_mut(FOLLOWED).ok_or(WatchError::OwnMap)?;
        let mut map: Array<_, Followed> = Array::try_from(map).map_err(WatchError::Request)?;
        for (cpu, (events, drops)) in cpus.iter().enumerate() {
            let place = place(cpu, target);
            if place < map.len() {
                let followed = Followed { last: [*events, *drops], ..Followed::default() };
                map.set(place, followed, 0).map_err(WatchError::Request)?;
            }
        }
        Ok(())
    }

    /// What the first `cpus` CPUs last saw of a target.
    pub(in crate::observe::rings) fn followed(&self, target: usize, cpus: usize) -> Vec<Followed> {
        let Some(map) = self.ebpf.map(FOLLOWED) else { return Vec::new() };
        let Ok(map) = Array::<_, Followed>::try_from(map) else { return Vec::new() };
        (0..cpus).map_while(|cpu| map.get(&place(cpu, target), 0).ok()).collect()
    }

    /// What each loser lost, over all CPUs. One pass over the table for all targets.
    pub(in crate::observe::rings) fn losses(&self) -> Vec<(Loser, Loss)> {
        let Some(map) = self.ebpf.map(DROPS) else { return Vec::new() };
        let sum = |cpus: &[Loss]| Loss {
            drops: cpus.iter().map(|loss| loss.drops).sum(),
            comm: cpus.iter().max_by_key(|loss| loss.drops).map_or([0; NAME_BYTES], |loss| loss.comm),
        };
        tables::rows(map, |loser, cpus: &[Loss]| (loser, sum(cpus))).unwrap_or_default()
    }

    /// Runs of the program that follows which the kernel skipped since it was loaded: each may have moved drops to the
    /// next syscall of its CPU. `None` where the kernel does not count them.
    pub(in crate::observe::rings) fn follow_missed(&self) -> Option<u64> {
        let fd = self.ebpf.program(FOLLOW)?.fd().ok()?;
        missed_runs(fd.as_fd().as_raw_fd())
    }

    /// Takes losers out of the table that no run counts any more.
    ///
    /// # Errors
    ///
    /// [`WatchError::Request`].
    pub(in crate::observe::rings) fn forget_losers(&mut self, losers: &[Loser]) -> Result<(), WatchError> {
        let map = self.ebpf.map_mut(DROPS).ok_or(WatchError::OwnMap)?;
        tables::remove::<Loser, Loss>(map, losers).map_err(WatchError::Request)
    }
}

/// Where a CPU keeps what it saw of a target.
pub(super) fn place(cpu: usize, target: usize) -> u32 {
    u32::try_from(cpu * TARGETS + target).unwrap_or(u32::MAX)
}

pub(super) fn load(ebpf: &mut Ebpf, btf: &AyaBtf) -> Result<(), ProgramError> {
    behind::load(ebpf, btf, FOLLOW)
}

/// The array's only value.
#[repr(transparent)]
#[derive(Clone, Copy)]
struct Targets([Target; TARGETS]);

// SAFETY: an array of plain data.
unsafe impl Pod for Targets {}
