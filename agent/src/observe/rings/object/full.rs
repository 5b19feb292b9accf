//! The program that looks whether rings are full, and its maps.

use agent_common::full::{FULL_ENTRIES, FULL_RINGS, FullBy, FullLooks, FullRing};
use aya::{
    Btf as AyaBtf, Ebpf, EbpfLoader, Pod,
    maps::{Array, PerCpuHashMap},
    programs::{BtfTracePoint, ProgramError, tp_btf::BtfTracePointLinkId},
};

use super::{Object, WatchError};

const TARGETS: &str = "FULL_TARGETS";
const LOOKS: &str = "FULL_LOOKS";
const PROGRAM: &str = "full_exit";

/// The attached program.
pub(super) type Link = Option<BtfTracePointLinkId>;

/// Before the object is loaded: memory for what is not wanted is not taken.
pub(super) fn size(loader: &mut EbpfLoader<'_>, is_wanted: bool) {
    loader.map_max_entries(LOOKS, if is_wanted { FULL_ENTRIES } else { 1 });
}

/// Loads the program.
pub(super) fn load(ebpf: &mut Ebpf, btf: &AyaBtf) -> Result<(), ProgramError> {
    program(ebpf)?.load("sys_exit", btf)
}

fn program(ebpf: &mut Ebpf) -> Result<&mut BtfTracePoint, ProgramError> {
    ebpf.program_mut(PROGRAM).ok_or(ProgramError::NotLoaded)?.try_into()
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
        let failed = |source: ProgramError| WatchError::Program {
            action: "attach",
            program: PROGRAM,
            source: Box::new(source),
        };
        let program = program(&mut self.ebpf).map_err(failed)?;
        if let Some(link) = self.looking.take() {
            program.detach(link).map_err(failed)?;
        }
        if on {
            self.looking = Some(program.attach().map_err(failed)?);
        }
        Ok(())
    }

    /// What was seen so far, by CPU.
    pub(in crate::observe::rings) fn full_looks(&self) -> Vec<(FullBy, Vec<FullLooks>)> {
        let Some(map) = self.ebpf.map(LOOKS) else { return Vec::new() };
        let Ok(map) = PerCpuHashMap::<_, FullBy, FullLooks>::try_from(map) else { return Vec::new() };
        // An entry that cannot be read was forgotten meanwhile.
        map.iter().flatten().map(|(by, cpus)| (by, cpus.to_vec())).collect()
    }

    /// Makes room: rings that are not looked at any more.
    pub(in crate::observe::rings) fn forget_full(
        &mut self,
        is_gone: impl Fn(u32) -> bool,
    ) -> Result<(), WatchError> {
        let gone: Vec<FullBy> =
            self.full_looks().into_iter().map(|(by, _)| by).filter(|by| is_gone(by.ring)).collect();
        let map = self.ebpf.map_mut(LOOKS).ok_or(WatchError::OwnMap)?;
        let mut map: PerCpuHashMap<_, FullBy, FullLooks> =
            PerCpuHashMap::try_from(map).map_err(WatchError::Request)?;
        // One that is gone already is as good.
        gone.iter().for_each(|by| _ = map.remove(by));
        Ok(())
    }
}

/// The array's only value.
#[repr(transparent)]
#[derive(Clone, Copy)]
struct Targets([FullRing; FULL_RINGS]);

// SAFETY: an array of plain data.
unsafe impl Pod for Targets {}
