//! BPF programs of the node: who holds them, and their skipped runs.

use std::io;

use agent_common::watch::{HolderRow, NOT_COUNTED, ProgramRow, Request};
use aya::{
    Btf as AyaBtf, Ebpf,
    maps::{Array, Map},
    programs::{ProgramError, RawTracePoint, RawTracePointRunOptions, TestRun as _},
};

use super::{HOLDERS, Object, WatchError, iterator};

const PROGRAMS: (&str, &str) = ("programs", "bpf_prog");
const LEARN: &str = "learn_cpu";
const OWN_CPU: &str = "OWN_CPU";
/// By CPU, where its per-CPU memory lies.
pub(super) const CPUS: &str = "CPUS";

/// What of programs can be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sight {
    /// Names and ids (Linux 5.9).
    programs: bool,
    /// Skipped runs on every CPU (5.12).
    missed: bool,
    /// File operations of programs; 0 until learned.
    operations: u64,
}

/// Loads the programs that look at programs.
pub(super) fn load(ebpf: &mut Ebpf, btf: &AyaBtf) -> Result<(), WatchError> {
    super::load(ebpf, btf, PROGRAMS)
}

impl Object {
    /// Learns where each CPU's memory lies. Where that fails, skipped runs are not known.
    pub(super) fn look_into_programs(&mut self, cpus: u32, is_counted: bool) {
        let missed = is_counted && self.learn_cpus(cpus).is_ok();
        self.programs = Sight { programs: true, missed, operations: 0 };
    }

    fn learn_cpus(&mut self, cpus: u32) -> Result<(), Box<dyn std::error::Error>> {
        let absent = || io::Error::other("a map of the watching programs is absent");
        let own_id = match self.ebpf.map(OWN_CPU) {
            Some(Map::PerCpuArray(map)) => map.info()?.id(),
            _ => return Err(absent().into()),
        };
        let program: &mut RawTracePoint =
            self.ebpf.program_mut(LEARN).ok_or(ProgramError::NotLoaded)?.try_into()?;
        program.load()?;
        for cpu in aya::util::online_cpus().map_err(|(_, error)| error)?.into_iter().filter(|cpu| *cpu < cpus)
        {
            program.test_run(RawTracePointRunOptions { cpu: Some(cpu), ..RawTracePointRunOptions::new() })?;
        }
        program.unload()?;
        // In place of its value such an array has the pointer that the distance is added to (`bpf_array.pptrs`).
        let pointer = self.values(own_id, size_of::<u64>())?;
        let pointer = u64::from_ne_bytes(pointer.try_into().map_err(|_| absent())?);
        let map = self.ebpf.map_mut(CPUS).ok_or_else(absent)?;
        let mut map: Array<_, u64> = Array::try_from(map)?;
        for cpu in 0..cpus {
            let address = map.get(&cpu, 0)?;
            map.set(cpu, if address == 0 { 0 } else { address.wrapping_sub(pointer) }, 0)?;
        }
        Ok(())
    }

    /// Every program; `None` where they cannot be seen. Skipped runs are [`NOT_COUNTED`] where these cannot.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(in crate::observe::rings) fn programs(&mut self) -> Result<Option<Vec<ProgramRow>>, WatchError> {
        if !self.programs.programs {
            return Ok(None);
        }
        let mut rows: Vec<ProgramRow> = self.pass(PROGRAMS.0)?;
        if !self.programs.missed {
            rows.iter_mut().for_each(|row| row.missed = NOT_COUNTED);
        }
        Ok(Some(rows))
    }

    /// Who has programs open: rows as those of maps, with a program's address in place of a map's.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(in crate::observe::rings) fn program_holders(
        &mut self,
        programs: &[ProgramRow],
    ) -> Result<Vec<HolderRow>, WatchError> {
        if self.programs.operations == 0 {
            // As with maps: one such file is known, that of a program of ours.
            let failed = |source: ProgramError| WatchError::Program {
                action: "find",
                program: PROGRAMS.0,
                source: Box::new(source),
            };
            let own =
                iterator(&mut self.ebpf, PROGRAMS.0).and_then(|program| program.info()).map_err(failed)?;
            let own = programs.iter().find(|row| row.id == own.id()).ok_or(WatchError::OwnMap)?;
            self.ask(Request { own_map: own.address, ..Request::default() })?;
            let holders: Vec<HolderRow> = self.pass(HOLDERS.0)?;
            self.programs.operations = holders.first().ok_or(WatchError::OwnMap)?.operations;
        }
        self.ask(Request { map_operations: self.programs.operations, ..Request::default() })?;
        self.pass(HOLDERS.0)
    }
}
