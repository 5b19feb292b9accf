//! The program that looks whether rings are full, and its maps.

use agent_common::full::{FULL_ENTRIES, FULL_RINGS, FullBy, FullLooks, FullRing};
use aya::{Btf as AyaBtf, Ebpf, EbpfLoader, Pod, maps::Array, programs::ProgramError};

use super::{Object, WatchError, behind};
use crate::observe::rings::tables;

const TARGETS: &str = "FULL_TARGETS";
const LOOKS: &str = "FULL_LOOKS";
const PROGRAM: &str = "full_exit";

/// Before the object is loaded: memory for what is not wanted is not taken.
pub(super) fn size(loader: &mut EbpfLoader<'_>, is_wanted: bool) {
    loader.map_max_entries(LOOKS, if is_wanted { FULL_ENTRIES } else { 1 });
}

/// Loads the program.
pub(super) fn load(ebpf: &mut Ebpf, btf: &AyaBtf) -> Result<(), ProgramError> {
    behind::load(ebpf, btf, PROGRAM)
}

impl Object {
    /// Why no ring can be looked at; `None` if it can.
    pub(in crate::observe::rings) fn cannot_estimate(&self) -> Option<&str> {
        self.cannot_estimate.as_deref()
    }

    /// What is to be looked at.
    pub(in crate::observe::rings) fn set_full_targets(
        &mut self,
        targets: [FullRing; FULL_RINGS],
    ) -> Result<(), WatchError> {
        let map = self.ebpf.map_mut(TARGETS).ok_or(WatchError::OwnMap)?;
        let mut map: Array<_, Targets> = Array::try_from(map).map_err(WatchError::Request)?;
        map.set(0, Targets(targets), 0).map_err(WatchError::Request)
    }

    /// Attaches the program, behind all that are attached by now, or detaches it.
    pub(in crate::observe::rings) fn look_when_full(&mut self, on: bool) -> Result<(), WatchError> {
        behind::put(&mut self.ebpf, PROGRAM, &mut self.looking, on)
    }

    /// What was seen so far, by CPU.
    pub(in crate::observe::rings) fn full_looks(&self) -> Vec<(FullBy, Vec<FullLooks>)> {
        let Some(map) = self.ebpf.map(LOOKS) else { return Vec::new() };
        tables::rows(map, |by, cpus: &[FullLooks]| (by, cpus.to_vec())).unwrap_or_default()
    }

    /// Makes room: rings that are not looked at any more.
    pub(in crate::observe::rings) fn forget_full(
        &mut self,
        is_gone: impl Fn(u32) -> bool,
    ) -> Result<(), WatchError> {
        let gone: Vec<FullBy> =
            self.full_looks().into_iter().map(|(by, _)| by).filter(|by| is_gone(by.ring)).collect();
        let map = self.ebpf.map_mut(LOOKS).ok_or(WatchError::OwnMap)?;
        tables::remove::<FullBy, FullLooks>(map, &gone).map_err(WatchError::Request)
    }
}

/// The array's only value.
#[repr(transparent)]
#[derive(Clone, Copy)]
struct Targets([FullRing; FULL_RINGS]);

// SAFETY: an array of plain data.
unsafe impl Pod for Targets {}
