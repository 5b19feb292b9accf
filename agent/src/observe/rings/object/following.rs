//! The program that follows the drop counters of tools, and its maps.

use std::os::fd::{AsFd as _, AsRawFd as _};

use agent_common::watch::{Loser, TARGETS, Target};
use aya::{
    Btf as AyaBtf, Ebpf, Pod,
    maps::{Array, PerCpuHashMap},
    programs::{BtfTracePoint, ProgramError},
};

use super::{DROPS, Object, WatchError};
use crate::probe::missed::missed_runs;

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
        let failed = |source: ProgramError| WatchError::Program {
            action: "attach",
            program: FOLLOW,
            source: Box::new(source),
        };
        let program: &mut BtfTracePoint = self
            .ebpf
            .program_mut(FOLLOW)
            .ok_or(ProgramError::NotLoaded)
            .and_then(TryInto::try_into)
            .map_err(failed)?;
        if let Some(link) = self.following.take() {
            program.detach(link).map_err(failed)?;
        }
        if on {
            self.following = Some(program.attach().map_err(failed)?);
        }
        Ok(())
    }

    /// Drops by loser, over all CPUs.
    pub(in crate::observe::rings) fn drops(&self) -> Vec<(Loser, u64)> {
        let Some(map) = self.ebpf.map(DROPS) else { return Vec::new() };
        let Ok(map) = PerCpuHashMap::<_, Loser, u64>::try_from(map) else { return Vec::new() };
        // An entry that cannot be read was forgotten meanwhile.
        map.iter().flatten().map(|(loser, cpus)| (loser, cpus.iter().sum())).collect()
    }

    /// Runs of the program that follows which the kernel skipped since it was loaded: each may have moved drops to the
    /// next syscall of its CPU. `None` where the kernel does not count them.
    pub(in crate::observe::rings) fn follow_missed(&self) -> Option<u64> {
        let fd = self.ebpf.program(FOLLOW)?.fd().ok()?;
        missed_runs(fd.as_fd().as_raw_fd())
    }

    /// Makes room in the table of losers: those of generations that are not followed any more are forgotten.
    ///
    /// # Errors
    ///
    /// [`WatchError::Request`].
    pub(in crate::observe::rings) fn keep_drops_of(&mut self, generations: &[u64]) -> Result<(), WatchError> {
        let losers: Vec<Loser> = self.drops().into_iter().map(|(loser, _)| loser).collect();
        let map = self.ebpf.map_mut(DROPS).ok_or(WatchError::OwnMap)?;
        let mut map: PerCpuHashMap<_, Loser, u64> =
            PerCpuHashMap::try_from(map).map_err(WatchError::Request)?;
        // One that is gone already is as good.
        let gone = losers.iter().filter(|loser| !generations.contains(&loser.generation));
        gone.for_each(|loser| _ = map.remove(loser));
        Ok(())
    }
}

pub(super) fn load(ebpf: &mut Ebpf, btf: &AyaBtf) -> Result<(), ProgramError> {
    let program: &mut BtfTracePoint = ebpf.program_mut(FOLLOW).ok_or(ProgramError::NotLoaded)?.try_into()?;
    program.load("sys_exit", btf)
}

/// The array's only value.
#[repr(transparent)]
#[derive(Clone, Copy)]
struct Targets([Target; TARGETS]);

// SAFETY: an array of plain data.
unsafe impl Pod for Targets {}
