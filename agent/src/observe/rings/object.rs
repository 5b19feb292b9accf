//! Loading the watching programs and running a pass of one. Nothing is attached: a pass exists while its file is read.

mod behind;
mod following;
mod full;
mod perf;
mod programs;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Read as _},
    os::fd::AsFd as _,
    path::Path,
};

use agent_common::watch::{CHUNK_BYTES, HolderRow, MapRow, Request, ValueChunk};
use aya::{
    Btf as AyaBtf, Ebpf, EbpfLoader, Pod,
    maps::{Array, Map, MapData, MapError},
    programs::{Iter, ProgramError, tp_btf::BtfTracePointLinkId},
};
use thiserror::Error;

use super::offsets::{self, OffsetsError};
use crate::{
    btf::{Btf, VMLINUX},
    probe::{Cgroups, Facts, FactsError, Plan},
    setup,
    sys::{heap, iterator::Iteration, rows},
};

/// Why the rings of the node cannot be watched.
#[derive(Debug, Error)]
pub enum WatchError {
    /// The kernel's types do not tell where things are.
    #[error(transparent)]
    Offsets(#[from] OffsetsError),
    /// The object or its maps were refused.
    #[error("cannot load the watching programs: {0}")]
    Object(#[source] Box<aya::EbpfError>),
    /// aya cannot read the kernel's types.
    #[error("cannot read the kernel's types: {0}")]
    Btf(#[source] Box<aya::BtfError>),
    /// A program was refused.
    #[error("cannot {action} program {program}: {source}")]
    Program {
        /// `load` or `run`.
        action: &'static str,
        /// Its name.
        program: &'static str,
        /// What the kernel said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A pass could not be read.
    #[error("cannot read a pass of {program}: {source}")]
    Pass {
        /// The program.
        program: &'static str,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The node could not be looked at.
    #[error(transparent)]
    Facts(FactsError),
    /// A map is missing, or could not be written.
    #[error("a map of the watching programs: {0}")]
    Request(#[source] MapError),
    /// Refusals could not be counted any more.
    #[error(transparent)]
    Refusals(#[from] super::refusals::RefusalsError),
    /// The kernel did not show our own map.
    #[error("the kernel does not show dropctl's own map")]
    OwnMap,
}

/// The watching half, built by build.rs.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/dropctl-watch"));

const REQUEST: &str = "REQUEST";
const FOLLOWED: &str = "FOLLOWED";
const DROPS: &str = "DROPS";
/// The plan's settings are wanted for the places of members; nothing is streamed here.
const UNUSED: setup::Request =
    setup::Request { mode: setup::Mode::Count, sample: 1, ring_bytes: 4096, processes: 0 };
const RINGS: (&str, &str) = ("rings", "bpf_map");
const TABLES: (&str, &str) = ("tables", "bpf_map");
const VALUES: (&str, &str) = ("values", "bpf_map");
const HOLDERS: (&str, &str) = ("holders", "task_file");
/// Linux 5.12 and newer.
const MAPPINGS: (&str, &str) = ("mappings", "task_vma");

/// The loaded programs.
pub(super) struct Object {
    ebpf: Ebpf,
    own_map_id: u32,
    /// File operations of maps; 0 until learned.
    map_operations: u64,
    /// Our process id in the initial pid namespace; `None` until learned.
    own_tgid: Option<u32>,
    has_pending: bool,
    sees_mappings: bool,
    /// `bpf_array.value`.
    array_value: u64,
    /// Why nothing can be followed; `None` if something can.
    cannot_follow: Option<String>,
    following: Option<BtfTracePointLinkId>,
    /// Why no ring can be looked at; `None` if it can.
    cannot_estimate: Option<String>,
    looking: Option<BtfTracePointLinkId>,
    cgroups: Cgroups,
    /// Programs of others and their skipped runs.
    programs: programs::Sight,
    /// Perf buffers of others.
    perf: perf::Sight,
    /// By program, once it has run.
    iterations: BTreeMap<&'static str, Iteration>,
    buffer: Vec<u8>,
}

impl Object {
    /// Loads the programs; those for `whose` drops and for an `estimate` only if they are wanted.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn load(whose: bool, estimate: bool) -> Result<Self, WatchError> {
        let btf = Btf::read(Path::new(VMLINUX)).map_err(OffsetsError::from)?;
        let offsets = offsets::read(&btf)?;
        drop(btf);
        let mut loader = EbpfLoader::new();
        let facts = Facts::read().map_err(WatchError::Facts)?;
        let settings = Plan::new(&facts, &UNUSED).settings;
        loader
            .override_global("OFFSETS", &offsets, true)
            .override_global("SETTINGS", &settings, true)
            .map_max_entries(FOLLOWED, following::place(facts.cpus as usize, 0))
            .map_max_entries(programs::CPUS, facts.cpus);
        if !whose {
            loader.map_max_entries(DROPS, 1);
        }
        full::size(&mut loader, estimate);
        let mut ebpf = loader.load(OBJECT).map_err(|error| WatchError::Object(Box::new(error)))?;
        drop(loader);
        let btf = AyaBtf::from_sys_fs().map_err(|error| WatchError::Btf(Box::new(error)))?;
        for program in [RINGS, TABLES, VALUES, HOLDERS] {
            load(&mut ebpf, &btf, program)?;
        }
        let sees_mappings = load(&mut ebpf, &btf, MAPPINGS).is_ok();
        let cannot_follow = if whose {
            following::load(&mut ebpf, &btf).err().map(|error| error.to_string())
        } else {
            Some("not asked for (--whose)".to_owned())
        };
        let cannot_estimate = if estimate {
            full::load(&mut ebpf, &btf).err().map(|error| error.to_string())
        } else {
            Some("not asked for (--whose on)".to_owned())
        };
        let sees_programs = programs::load(&mut ebpf, &btf).is_ok();
        let perf = perf::Sight::load(&mut ebpf, &btf, offsets.event_buffer != 0, offsets.event_lost != 0);
        drop(btf);
        heap::give_back();
        let own_map_id = match ebpf.map(REQUEST) {
            Some(Map::Array(map)) => map.info().map_err(WatchError::Request)?.id(),
            _ => return Err(WatchError::OwnMap),
        };
        let has_pending = offsets.ringbuf_pending != 0;
        let buffer = vec![0; 1 << 16];
        let mut object = Self {
            ebpf,
            own_map_id,
            map_operations: 0,
            own_tgid: None,
            has_pending,
            sees_mappings,
            array_value: offsets.array_value.into(),
            cannot_follow,
            following: None,
            cannot_estimate,
            looking: None,
            cgroups: facts.cgroups,
            programs: programs::Sight::default(),
            perf,
            iterations: BTreeMap::new(),
            buffer,
        };
        if sees_programs {
            object.look_into_programs(facts.cpus, offsets.stats_misses != 0);
        }
        Ok(object)
    }

    /// Which hierarchy the cgroup ids of losers are from.
    pub(super) fn cgroups(&self) -> Cgroups {
        self.cgroups
    }

    /// Where the first value of an array lies in kernel memory.
    pub(super) fn value_address(&self, array: &MapRow) -> u64 {
        array.address + self.array_value
    }

    /// Whether this kernel tells the position of the oldest record that is not committed.
    pub(super) fn has_pending(&self) -> bool {
        self.has_pending
    }

    /// A map of ours.
    pub(super) fn own_map_id(&self) -> u32 {
        self.own_map_id
    }

    /// Our process id in the initial pid namespace, once [`Self::holders`] has run.
    pub(super) fn own_tgid(&self) -> Option<u32> {
        self.own_tgid
    }

    /// Every ring buffer.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn rings(&mut self) -> Result<Vec<MapRow>, WatchError> {
        self.pass(RINGS.0)
    }

    /// Every array of maps, and the arrays with a known name.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn tables(&mut self) -> Result<Vec<MapRow>, WatchError> {
        self.ask(Request::default())?;
        self.pass(TABLES.0)
    }

    /// The first `length` bytes of an array's values; fewer if it vanishes meanwhile. The distance from one value to
    /// the next is its size rounded up to 8 (`array_map_alloc`, kernel/bpf/arraymap.c).
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn values(&mut self, map_id: u32, length: usize) -> Result<Vec<u8>, WatchError> {
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let wanted = (length - bytes.len()).min(CHUNK_BYTES);
            let place = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let request =
                Request { map_id, offset: place(bytes.len()), length: place(wanted), ..Request::default() };
            self.ask(request)?;
            let chunks: Vec<ValueChunk> = self.pass(VALUES.0)?;
            let Some(chunk) = chunks.first().filter(|chunk| chunk.map_id == map_id) else { break };
            bytes.extend_from_slice(&chunk.bytes[..wanted]);
        }
        Ok(bytes)
    }

    /// Every process that has a map open or, where the kernel tells, mapped.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn holders(&mut self) -> Result<Vec<HolderRow>, WatchError> {
        if self.map_operations == 0 {
            self.learn_map_operations()?;
        }
        self.ask(Request { map_operations: self.map_operations, ..Request::default() })?;
        let mut rows = self.pass(HOLDERS.0)?;
        if self.sees_mappings {
            rows.extend(self.pass::<HolderRow>(MAPPINGS.0)?);
        }
        Ok(rows)
    }

    /// How the kernel tells a file that is a map: by its operations, whose address is in no symbol table that every
    /// kernel has. But one such file is known, our own.
    fn learn_map_operations(&mut self) -> Result<(), WatchError> {
        self.ask(Request { map_id: self.own_map_id, ..Request::default() })?;
        let tables: Vec<MapRow> = self.pass(TABLES.0)?;
        let own = tables.iter().find(|row| row.id == self.own_map_id).ok_or(WatchError::OwnMap)?;
        self.ask(Request { own_map: own.address, ..Request::default() })?;
        let holders: Vec<HolderRow> = self.pass(HOLDERS.0)?;
        let own = holders.first().ok_or(WatchError::OwnMap)?;
        self.map_operations = own.operations;
        self.own_tgid = Some(own.tgid);
        Ok(())
    }

    fn ask(&mut self, what: Request) -> Result<(), WatchError> {
        request(&mut self.ebpf)?.set(0, what, 0).map_err(WatchError::Request)
    }

    fn pass<T: Pod>(&mut self, name: &'static str) -> Result<Vec<T>, WatchError> {
        let failed = |source| WatchError::Program { action: "run", program: name, source };
        let mut file = self.open_pass(name).map_err(failed)?;
        let mut bytes = Vec::new();
        loop {
            match file.read(&mut self.buffer) {
                Ok(0) => return Ok(rows::parse(&bytes)),
                Ok(count) => bytes.extend_from_slice(&self.buffer[..count]),
                // EAGAIN: a million files without a row; the next read goes on (bpf_seq_read, kernel/bpf/bpf_iter.c).
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
                Err(source) => return Err(WatchError::Pass { program: name, source }),
            }
        }
    }

    fn open_pass(&mut self, name: &'static str) -> Result<File, Box<dyn std::error::Error + Send + Sync>> {
        if !self.iterations.contains_key(name) {
            let program = iterator(&mut self.ebpf, name)?;
            self.iterations.insert(name, Iteration::new(program.fd()?.as_fd())?);
        }
        let iteration = self.iterations.get(name).ok_or(ProgramError::NotLoaded)?;
        Ok(iteration.pass()?)
    }
}

fn iterator<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut Iter, ProgramError> {
    ebpf.program_mut(name).ok_or(ProgramError::NotLoaded)?.try_into()
}

fn load(
    ebpf: &mut Ebpf,
    btf: &AyaBtf,
    (program, target): (&'static str, &'static str),
) -> Result<(), WatchError> {
    iterator(ebpf, program)
        .and_then(|iterator| iterator.load(target, btf))
        .map_err(|source| WatchError::Program { action: "load", program, source: Box::new(source) })
}

fn request(ebpf: &mut Ebpf) -> Result<Array<&mut MapData, Request>, WatchError> {
    let map = ebpf.map_mut(REQUEST).ok_or(WatchError::OwnMap)?;
    Array::try_from(map).map_err(WatchError::Request)
}
