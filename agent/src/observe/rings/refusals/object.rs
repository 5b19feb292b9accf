//! Loading the counting programs, attaching them, reading their tables.

use std::{
    os::fd::{AsFd as _, AsRawFd as _},
    path::Path,
};

use agent_common::{
    refusals::{Places, Refused, RefusedBy, RefusedTo},
    watch::Loss,
};
use aya::{
    Btf as AyaBtf, Ebpf, EbpfLoader, Pod,
    maps::{MapError, PerCpuArray},
    programs::{FExit, ProgramError, fexit::FExitLinkId},
};
use thiserror::Error;

use super::places;
use crate::{
    btf::{Btf, BtfError, VMLINUX},
    observe::rings::{
        offsets::{self, OffsetsError},
        tables,
    },
    probe::{Facts, FactsError, Plan, missed::missed_runs},
    setup,
    sys::heap,
};

/// Why refusals cannot be counted.
#[derive(Debug, Error)]
pub enum RefusalsError {
    /// The kernel's types cannot be read.
    #[error("kernel types: {0}")]
    Types(#[source] BtfError),
    /// This kernel has no such member.
    #[error("this kernel's types have no {0}.{1}")]
    Absent(&'static str, &'static str),
    /// As above.
    #[error(transparent)]
    Offsets(#[from] OffsetsError),
    /// The node could not be looked at.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// The kernel's symbols cannot be read.
    #[error("cannot read /proc/kallsyms: {0}")]
    Symbols(#[source] std::io::Error),
    /// Interrupts could not be told from tasks.
    #[error(
        "the kernel does not show where it counts preemption (/proc/kallsyms; needs CAP_SYSLOG and KALLSYMS_ALL), \
         without which an interrupt's events would be blamed on a task"
    )]
    PreemptCount,
    /// The object or its maps were refused.
    #[error("cannot load the counting programs: {0}")]
    Object(#[source] Box<aya::EbpfError>),
    /// aya cannot read the kernel's types.
    #[error("cannot read the kernel's types: {0}")]
    Btf(#[source] Box<aya::BtfError>),
    /// A program was refused.
    #[error("the kernel does not let {function} be traced ({})", reason(source))]
    Program {
        /// Which of the helpers.
        function: &'static str,
        /// What the kernel said.
        source: Box<ProgramError>,
    },
    /// A table is missing, or cannot be read.
    #[error("a table of the counting programs: {0}")]
    Table(#[source] MapError),
    /// A map is missing.
    #[error("the counting programs have no map {0}")]
    NoMap(&'static str),
}

/// What the kernel said in one line: the errors of syscalls, without the verifier's log.
fn reason(error: &ProgramError) -> String {
    match error {
        ProgramError::LoadError { io_error, .. } => io_error.to_string(),
        ProgramError::SyscallError(error) => error.io_error.to_string(),
        other => other.to_string(),
    }
}

/// Built by build.rs.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/dropctl-refusals"));

const REFUSED: &str = "REFUSED";
const REFUSED_TO: &str = "REFUSED_TO";
const UNTRACKED: &str = "UNTRACKED";
/// Programs and the helpers that they sit behind. The last came with 5.19.
const PROGRAMS: [(&str, &str); 3] = [
    ("reserve_exit", "bpf_ringbuf_reserve"),
    ("output_exit", "bpf_ringbuf_output"),
    (DYNPTR, "bpf_ringbuf_reserve_dynptr"),
];
const DYNPTR: &str = "dynptr_exit";
/// As in `observe/rings/object.rs`: wanted for the places of members.
const UNUSED: setup::Request =
    setup::Request { mode: setup::Mode::Count, sample: 1, ring_bytes: 4096, processes: 0 };

/// What one table holds: a key, and the values of all CPUs.
type Rows<K, V> = Vec<(K, Vec<V>)>;

/// Refusals, and losers.
type Tables = (Rows<RefusedBy, Refused>, Rows<RefusedTo, Loss>);

/// The loaded programs.
pub(super) struct Object {
    ebpf: Ebpf,
    programs: Vec<(&'static str, &'static str)>,
    links: Vec<(&'static str, FExitLinkId)>,
    cpus: usize,
}

impl Object {
    pub(super) fn load() -> Result<Self, RefusalsError> {
        let btf = Btf::read(Path::new(VMLINUX)).map_err(RefusalsError::Types)?;
        let facts = Facts::read()?;
        let offsets = offsets::read(&btf)?;
        // Judged after the programs: where these are refused, that is the reason to give.
        let places = places::read(&btf, facts.kernel);
        let placed = places.as_ref().map_or_else(|_| Places::default(), |places| *places);
        drop(btf);
        let settings = Plan::new(&facts, &UNUSED).settings;
        let mut ebpf = EbpfLoader::new()
            .override_global("OFFSETS", &offsets, true)
            .override_global("SETTINGS", &settings, true)
            .override_global("PLACES", &placed, true)
            .load(OBJECT)
            .map_err(|error| RefusalsError::Object(Box::new(error)))?;
        let btf = AyaBtf::from_sys_fs().map_err(|error| RefusalsError::Btf(Box::new(error)))?;
        let mut programs = Vec::new();
        for (name, function) in PROGRAMS {
            match program(&mut ebpf, name).and_then(|program| program.load(function, &btf)) {
                Ok(()) => programs.push((name, function)),
                // A kernel without the helper has no such function.
                Err(ProgramError::Btf(_)) if name == DYNPTR => {}
                Err(source) => return Err(RefusalsError::Program { function, source: Box::new(source) }),
            }
        }
        drop(btf);
        heap::give_back();
        places?;
        Ok(Self { ebpf, programs, links: Vec::new(), cpus: facts.cpus as usize })
    }

    pub(super) fn cpus(&self) -> usize {
        self.cpus
    }

    pub(super) fn is_attached(&self) -> bool {
        !self.links.is_empty()
    }

    /// All of them, or none.
    pub(super) fn attach(&mut self) -> Result<(), RefusalsError> {
        if self.is_attached() {
            return Ok(());
        }
        for (name, function) in self.programs.clone() {
            match attach(&mut self.ebpf, name, function) {
                Ok(link) => self.links.push((name, link)),
                Err(source) => {
                    self.detach()?;
                    return Err(RefusalsError::Program { function, source: Box::new(source) });
                }
            }
        }
        Ok(())
    }

    pub(super) fn detach(&mut self) -> Result<(), RefusalsError> {
        for (name, link) in self.links.drain(..) {
            program(&mut self.ebpf, name)
                .and_then(|program| program.detach(link))
                .map_err(|source| RefusalsError::Program { function: name, source: Box::new(source) })?;
        }
        Ok(())
    }

    /// Both tables; losers first, so that they have no more drops than there are.
    pub(super) fn tables(&self) -> Result<Tables, RefusalsError> {
        let losers = rows(&self.ebpf, REFUSED_TO)?;
        Ok((rows(&self.ebpf, REFUSED)?, losers))
    }

    /// Makes room: removes the entries of rings that `is_gone` says are.
    pub(super) fn forget(&mut self, is_gone: impl Fn(u32) -> bool) -> Result<(), RefusalsError> {
        let (refused, losers) = self.tables()?;
        let refused: Vec<RefusedBy> =
            refused.into_iter().map(|(by, _)| by).filter(|by| is_gone(by.ring)).collect();
        remove::<RefusedBy, Refused>(&mut self.ebpf, REFUSED, &refused)?;
        let losers: Vec<RefusedTo> =
            losers.into_iter().map(|(to, _)| to).filter(|to| is_gone(to.ring)).collect();
        remove::<RefusedTo, Loss>(&mut self.ebpf, REFUSED_TO, &losers)
    }

    /// Refusals that found no entry for their ring.
    pub(super) fn untracked(&self) -> Result<u64, RefusalsError> {
        let map = self.ebpf.map(UNTRACKED).ok_or(RefusalsError::NoMap(UNTRACKED))?;
        let map = PerCpuArray::<_, u64>::try_from(map).map_err(RefusalsError::Table)?;
        Ok(map.get(&0, 0).map_err(RefusalsError::Table)?.iter().sum())
    }

    /// Runs that the kernel skipped, of all programs.
    pub(super) fn missed(&self) -> Option<u64> {
        let missed = |(name, _): &(&str, _)| {
            let fd = self.ebpf.program(name)?.fd().ok()?;
            missed_runs(fd.as_fd().as_raw_fd())
        };
        self.programs.iter().map(missed).sum()
    }
}

/// Before Linux 5.13 a program that was detached cannot be attached again (ENOENT): another takes its place.
fn attach(ebpf: &mut Ebpf, name: &str, function: &str) -> Result<FExitLinkId, ProgramError> {
    let program = program(ebpf, name)?;
    match program.attach() {
        Err(ProgramError::SyscallError(error)) if error.io_error.kind() == std::io::ErrorKind::NotFound => {
            let btf = AyaBtf::from_sys_fs().map_err(ProgramError::Btf)?;
            program.unload()?;
            program.load(function, &btf)?;
            drop(btf);
            heap::give_back();
            program.attach()
        }
        outcome => outcome,
    }
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut FExit, ProgramError> {
    ebpf.program_mut(name).ok_or(ProgramError::NotLoaded)?.try_into()
}

fn rows<K: Pod, V: Pod>(ebpf: &Ebpf, name: &'static str) -> Result<Rows<K, V>, RefusalsError> {
    let map = ebpf.map(name).ok_or(RefusalsError::NoMap(name))?;
    tables::rows(map, |key, cpus: &[V]| (key, cpus.to_vec())).map_err(RefusalsError::Table)
}

fn remove<K: Pod, V: Pod>(ebpf: &mut Ebpf, name: &'static str, keys: &[K]) -> Result<(), RefusalsError> {
    if keys.is_empty() {
        return Ok(());
    }
    let map = ebpf.map_mut(name).ok_or(RefusalsError::NoMap(name))?;
    tables::remove::<K, V>(map, keys).map_err(RefusalsError::Table)
}
