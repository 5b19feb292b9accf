//! Loading the kernel half and attaching it: the only place that talks to aya.

use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, RawFd};

use aya::{
    Btf, Ebpf, EbpfLoader,
    maps::{Array, Map, MapError, MapInfo},
    programs::{
        BtfTracePoint, Program, ProgramError, RawTracePoint, RawTracePointRunOptions, TestRun as _,
        raw_trace_point::RawTracePointLinkId, tp_btf::BtfTracePointLinkId,
    },
};
use thiserror::Error;

use super::{facts::Facts, plan::Plan};
use crate::{
    setup::{Hook, Mode, Request},
    sys::mapping,
};

/// Why the kernel half did not start.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The object or its maps were refused.
    #[error("cannot load the kernel half: {0}")]
    Object(#[source] Box<aya::EbpfError>),
    /// The kernel's BTF, which was there a moment ago, could not be read.
    #[error("cannot read the kernel's BTF: {0}")]
    Btf(#[source] Box<aya::BtfError>),
    /// A program was refused.
    #[error("cannot {action} program {program}: {}", chain(source))]
    Program {
        /// `load`, `attach` or `run`.
        action: &'static str,
        /// Its name.
        program: &'static str,
        /// What the kernel said.
        source: Box<ProgramError>,
    },
    /// A map is missing or of another type: the two halves do not belong together.
    #[error("the kernel half has no usable map {name}")]
    Map {
        /// Its name.
        name: &'static str,
    },
    /// A map could not be read or written.
    #[error("map {name}: {source}")]
    MapAccess {
        /// Its name.
        name: &'static str,
        /// What the kernel said.
        source: MapError,
    },
}

impl LoadError {
    /// Whether the kernel refused for want of a right.
    pub(super) fn is_not_permitted(&self) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            let io = error.downcast_ref::<std::io::Error>();
            if io.is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// An error and its causes on one line; aya keeps the verifier's log in the last.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// The kernel half, built by build.rs.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/dropctl-probe"));

const COUNTERS: &str = "COUNTERS";
const EVENTS: &str = "EVENTS";
const BSS: &str = ".bss";
const WHOAMI: &str = "whoami";
/// Ring of the kernel half's log.
const LOG_RING: &str = "AYA_LOGS";

/// A link that we hold.
enum Link {
    Btf(BtfTracePointLinkId),
    Raw(RawTracePointLinkId),
}

/// The loaded kernel half. Dropping it detaches and unloads everything.
pub(super) struct Loaded {
    ebpf: Ebpf,
    hook: Hook,
    link: Option<Link>,
}

impl Loaded {
    /// Loads the programs of the plan without attaching them.
    ///
    /// # Errors
    ///
    /// [`LoadError`].
    pub(super) fn new(plan: &Plan, request: &Request, cpus: u32, log: bool) -> Result<Self, LoadError> {
        let log_level = u8::from(log) * u8::MAX;
        // The kernel allocates a ring with its map, used or not; a page is the least.
        let ring_bytes = match request.mode {
            Mode::Stream => request.ring_bytes,
            Mode::Count | Mode::Passive => page_bytes(),
        };
        let mut loader = EbpfLoader::new();
        loader
            .override_global("SETTINGS", &plan.settings, true)
            .override_global(aya_log::LEVEL, &log_level, false)
            .map_max_entries(COUNTERS, cpus)
            .map_max_entries(EVENTS, ring_bytes);
        if !log {
            loader.map_max_entries(LOG_RING, page_bytes());
        }
        let ebpf = loader.load(OBJECT).map_err(|error| LoadError::Object(Box::new(error)))?;
        // The loader holds the kernel's types, 15 MB once parsed; they are parsed again below.
        drop(loader);
        let mut loaded = Self { ebpf, hook: plan.hook, link: None };
        match plan.hook {
            Hook::Btf => {
                let btf = Btf::from_sys_fs().map_err(|error| LoadError::Btf(Box::new(error)))?;
                loaded.btf_program()?.load("sys_exit", &btf).map_err(failed("load", "sys_exit_btf"))?;
            }
            Hook::Raw => {
                loaded.raw_program("sys_exit_raw")?.load().map_err(failed("load", "sys_exit_raw"))?
            }
        }
        Ok(loaded)
    }

    /// Attaches.
    ///
    /// # Errors
    ///
    /// [`LoadError::Program`].
    pub(super) fn attach(&mut self) -> Result<(), LoadError> {
        self.link = Some(match self.hook {
            Hook::Btf => Link::Btf(self.btf_program()?.attach().map_err(failed("attach", "sys_exit_btf"))?),
            Hook::Raw => Link::Raw(
                self.raw_program("sys_exit_raw")?
                    .attach("sys_exit")
                    .map_err(failed("attach", "sys_exit_raw"))?,
            ),
        });
        Ok(())
    }

    /// Detaches, if attached. A run that had begun may still go on.
    ///
    /// # Errors
    ///
    /// [`LoadError::Program`].
    pub(super) fn detach(&mut self) -> Result<(), LoadError> {
        match self.link.take() {
            None => Ok(()),
            Some(Link::Btf(id)) => self.btf_program()?.detach(id).map_err(failed("detach", "sys_exit_btf")),
            Some(Link::Raw(id)) => {
                self.raw_program("sys_exit_raw")?.detach(id).map_err(failed("detach", "sys_exit_raw"))
            }
        }
    }

    /// Lets the kernel half find out our process id in the initial pid namespace. Before 5.10 no raw tracepoint
    /// can be run on demand; then it is the id that we know ourselves, if that is the one of that namespace.
    /// Returns whether it is known.
    ///
    /// # Errors
    ///
    /// [`LoadError`].
    pub(super) fn learn_own_tgid(&mut self, facts: &Facts) -> Result<bool, LoadError> {
        let program = self.raw_program(WHOAMI)?;
        program.load().map_err(failed("load", WHOAMI))?;
        let ran = program.test_run(RawTracePointRunOptions::new());
        let unloaded = program.unload();
        let mut bss = self.own_tgid()?;
        let access = |source| LoadError::MapAccess { name: BSS, source };
        if ran.is_err() && facts.initial_pid_namespace {
            bss.set(0, std::process::id(), 0).map_err(access)?;
        }
        unloaded.map_err(failed("unload", WHOAMI))?;
        Ok(bss.get(&0, 0).map_err(access)? != 0)
    }

    /// The loaded object, for the kernel half's log.
    pub(super) fn ebpf(&mut self) -> &mut Ebpf {
        &mut self.ebpf
    }

    /// The kernel half's only variable is the whole of its `.bss`.
    fn own_tgid(&mut self) -> Result<Array<&mut aya::maps::MapData, u32>, LoadError> {
        self.ebpf.map_mut(BSS).and_then(|map| Array::try_from(map).ok()).ok_or(LoadError::Map { name: BSS })
    }

    /// The counters.
    ///
    /// # Errors
    ///
    /// [`LoadError::Map`].
    pub(super) fn counters(&self) -> Result<BorrowedFd<'_>, LoadError> {
        match self.ebpf.map(COUNTERS) {
            Some(Map::Array(map)) => Ok(map.fd().as_fd()),
            _ => Err(LoadError::Map { name: COUNTERS }),
        }
    }

    /// The ring, and the size that it really got, bytes.
    ///
    /// # Errors
    ///
    /// [`LoadError`].
    pub(super) fn ring(&self) -> Result<(BorrowedFd<'_>, u32), LoadError> {
        match self.ebpf.map(EVENTS) {
            Some(Map::RingBuf(map)) => {
                let info: MapInfo =
                    map.info().map_err(|source| LoadError::MapAccess { name: EVENTS, source })?;
                Ok((map.fd().as_fd(), info.max_entries()))
            }
            _ => Err(LoadError::Map { name: EVENTS }),
        }
    }

    /// File descriptor number of the attached program, valid while `self` lives.
    ///
    /// # Errors
    ///
    /// [`LoadError::Program`].
    pub(super) fn program_fd(&self) -> Result<RawFd, LoadError> {
        let name = match self.hook {
            Hook::Btf => "sys_exit_btf",
            Hook::Raw => "sys_exit_raw",
        };
        let program = self.ebpf.program(name).ok_or(LoadError::Map { name })?;
        let fd = program.fd().map_err(failed("read", name))?;
        Ok(fd.as_fd().as_raw_fd())
    }

    fn btf_program(&mut self) -> Result<&mut BtfTracePoint, LoadError> {
        match self.ebpf.program_mut("sys_exit_btf") {
            Some(Program::BtfTracePoint(program)) => Ok(program),
            _ => Err(LoadError::Map { name: "sys_exit_btf" }),
        }
    }

    fn raw_program(&mut self, name: &'static str) -> Result<&mut RawTracePoint, LoadError> {
        match self.ebpf.program_mut(name) {
            Some(Program::RawTracePoint(program)) => Ok(program),
            _ => Err(LoadError::Map { name }),
        }
    }
}

fn page_bytes() -> u32 {
    u32::try_from(mapping::page_bytes()).unwrap_or(4096)
}

fn failed(action: &'static str, program: &'static str) -> impl Fn(ProgramError) -> LoadError {
    move |source| LoadError::Program { action, program, source: Box::new(source) }
}
