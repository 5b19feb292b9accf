//! BPF programs of the node: who holds them, and their skipped runs.

use std::{collections::BTreeSet, io};

use agent_common::watch::{HolderRow, MOST_CPUS, NOT_COUNTED, ProgramRow, Request};
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
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// Names and ids (Linux 5.9).
    programs: bool,
    /// Skipped runs of CPUs (5.12).
    missed: Option<Cpus>,
    /// File operations of programs; 0 until learned.
    operations: u64,
}

/// CPUs whose skipped runs are added up: those that were on at any pass. What one missed that has been off ever since
/// is not among them.
#[derive(Debug)]
struct Cpus {
    /// All that there may be.
    possible: u32,
    learned: BTreeSet<u32>,
    /// What a distance is added to, of our own per-CPU memory.
    own: u64,
}

/// Loads the programs that look at programs.
pub(super) fn load(ebpf: &mut Ebpf, btf: &AyaBtf) -> Result<(), WatchError> {
    super::load(ebpf, btf, PROGRAMS)
}

impl Object {
    /// Prepares for looking at skipped runs, if the kernel counts them. More CPUs than [`MOST_CPUS`] would not all be added
    /// up: then they are not known.
    pub(super) fn look_into_programs(&mut self, cpus: u32, is_counted: bool) {
        let can_count = is_counted && cpus <= MOST_CPUS;
        let missed = can_count.then(|| self.prepare(cpus).ok()).flatten();
        self.programs = Sight { programs: true, missed, operations: 0 };
    }

    fn prepare(&mut self, possible: u32) -> Result<Cpus, Box<dyn std::error::Error>> {
        let id = match self.ebpf.map(OWN_CPU) {
            Some(Map::PerCpuArray(map)) => map.info()?.id(),
            _ => return Err(absent().into()),
        };
        let program: &mut RawTracePoint =
            self.ebpf.program_mut(LEARN).ok_or(ProgramError::NotLoaded)?.try_into()?;
        program.load()?;
        // In place of its value such an array has the pointer that the distance is added to (`bpf_array.pptrs`).
        let own = self.values(id, size_of::<u64>())?;
        let own = u64::from_ne_bytes(own.try_into().map_err(|_| absent())?);
        Ok(Cpus { possible, learned: BTreeSet::new(), own })
    }

    /// Learns where the memory of CPUs lies that were not on before. Whether the skipped runs of all are known then.
    fn learn_cpus(&mut self) -> Result<bool, Box<dyn std::error::Error>> {
        let Some(cpus) = &mut self.programs.missed else { return Ok(false) };
        let online = aya::util::online_cpus().map_err(|(_, error)| error)?;
        for cpu in online.into_iter().filter(|cpu| *cpu < cpus.possible) {
            if cpus.learned.contains(&cpu) {
                continue;
            }
            let program: &mut RawTracePoint =
                self.ebpf.program_mut(LEARN).ok_or(ProgramError::NotLoaded)?.try_into()?;
            program.test_run(RawTracePointRunOptions { cpu: Some(cpu), ..RawTracePointRunOptions::new() })?;
            let mut map: Array<_, u64> = Array::try_from(self.ebpf.map_mut(CPUS).ok_or_else(absent)?)?;
            let address = map.get(&cpu, 0)?;
            map.set(cpu, address.wrapping_sub(cpus.own), 0)?;
            cpus.learned.insert(cpu);
        }
        Ok(true)
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
        let sees_missed = self.learn_cpus().unwrap_or(false);
        let mut rows: Vec<ProgramRow> = self.pass(PROGRAMS.0)?;
        if !sees_missed {
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

fn absent() -> io::Error {
    io::Error::other("a map of the watching programs is absent")
}
