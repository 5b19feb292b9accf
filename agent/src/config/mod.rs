//! From what was typed, set in the environment or written in a file to what it means, checked.

mod file;
mod top;
pub mod value;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use bytesize::ByteSize;
use thiserror::Error;

pub use file::{File, FileError};
pub use top::config as top;

use crate::{
    cli::{AgentArgs, ProbeArgs, RecordArgs, SizeArgs, SourceArgs},
    memory::Bounds,
    setup::{Mode, Request, Whose},
    socket,
};

/// Where the agent serves unless told otherwise.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9753);
/// The agent streams one event in this many.
const AGENT_SAMPLE: u32 = 64;
/// Default ring, bytes.
const RING_BYTES: u32 = 8 << 20;
/// Processes that a report keeps counts of.
const REPORT_PROCESSES: usize = 4096;
/// Longest report: counts are exact over any time, but nobody waits longer for a page.
const LONGEST_REPORT: Duration = Duration::from_secs(24 * 3600);
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

/// What the agent remembers.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// Less would not hold a minute before a loss and the minute that findings look at.
const SHORTEST_MEMORY: Duration = Duration::from_secs(2 * 60);
const LONGEST_MEMORY: Duration = Duration::from_secs(3600);
const MEMORY_BYTES: ByteSize = ByteSize::mib(8);
const LEAST_MEMORY_BYTES: ByteSize = ByteSize::mib(1);
const MOST_MEMORY_BYTES: ByteSize = ByteSize::mib(256);

/// A value that cannot be meant.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A ring must be a power of two of at least a page.
    #[error("ring size {} is not a power of two of at least {page}: try {nearest}", unrounded(*.given))]
    RingShape {
        /// As given.
        given: ByteSize,
        /// Page size.
        page: ByteSize,
        /// A size that works.
        nearest: ByteSize,
    },
    /// A ring must leave room for everything else.
    #[error("ring size {given} is more than half of this node's memory ({memory}): try {default}")]
    RingLarge {
        /// As given.
        given: ByteSize,
        /// `MemTotal`.
        memory: ByteSize,
        /// The default.
        default: ByteSize,
    },
    /// Stream one event in 0 means nothing.
    #[error("sample 0 means nothing: 1 streams every event, 64 one in 64")]
    SampleZero,
    /// One asks for a program on the syscall path, the other for none.
    #[error(
        "whose on follows tools at each syscall, and mode passive attaches nothing there: try whose auto, or mode count"
    )]
    WhosePassive,
    /// Out of range.
    #[error("memory of {given} is not between {least} and {most}")]
    MemoryBytes {
        /// As given.
        given: ByteSize,
        /// Least.
        least: ByteSize,
        /// Most.
        most: ByteSize,
    },
    /// Out of range.
    #[error("{what} {given} is not between {shortest} and {longest}")]
    Time {
        /// Which option.
        what: &'static str,
        /// As given.
        given: humantime::Duration,
        /// Least.
        shortest: humantime::Duration,
        /// Most.
        longest: humantime::Duration,
    },
}

/// What the node has, as far as options are checked against it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Page size, bytes.
    pub page_bytes: u64,
    /// `MemTotal`, bytes; `None` where unknown.
    pub memory_bytes: Option<u64>,
}

/// `dropctl agent`, ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentConfig {
    /// Address to serve on.
    pub listen: SocketAddr,
    /// Time between samples.
    pub interval: Duration,
    /// Whose events tools drop.
    pub whose: Whose,
    /// How much is remembered.
    pub memory: Bounds,
    /// Where incidents are kept; `None`: in memory.
    pub incident_dir: Option<PathBuf>,
    /// Where it answers questions.
    pub socket: PathBuf,
    /// Nobody named that place.
    pub socket_is_default: bool,
    /// The probe.
    pub request: Request,
}

impl AgentConfig {
    /// Merges: arguments (clap has already let flags win over the environment), then the file, then defaults.
    ///
    /// # Errors
    ///
    /// [`ConfigError`].
    pub fn new(args: &AgentArgs, file: &File, limits: Limits) -> Result<Self, ConfigError> {
        let probe = ProbeArgs {
            mode: args.probe.mode.or(file.mode),
            ring_bytes: args.probe.ring_bytes.or(file.ring_bytes),
            sample: args.probe.sample.or(file.sample),
        };
        let interval = args.interval.or(file.interval).unwrap_or(Duration::from_secs(1));
        check_time("interval", interval, SHORTEST_INTERVAL, LONGEST_INTERVAL)?;
        let request = request(&probe, AGENT_SAMPLE, 0, limits)?;
        let socket = args.socket.as_ref().or(file.socket.as_ref());
        Ok(Self {
            listen: args.listen.or(file.listen).unwrap_or(DEFAULT_LISTEN),
            interval,
            whose: whose(args.whose.or(file.whose).unwrap_or(Whose::Auto), &request)?,
            incident_dir: args.incident_dir.as_ref().or(file.incident_dir.as_ref()).cloned(),
            socket_is_default: socket.is_none(),
            socket: socket.map_or_else(|| PathBuf::from(socket::PATH), PathBuf::clone),
            memory: memory(args.memory.or(file.memory), args.memory_bytes.or(file.memory_bytes))?,
            request,
        })
    }
}

/// `dropctl report`, `dropctl record` or `dropctl size`, ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportConfig {
    /// How long to look.
    pub duration: Duration,
    /// Whose events tools drop: on or off.
    pub whose: Whose,
    /// The probe.
    pub request: Request,
}

/// How long the node is looked at, unless told otherwise.
const LOOK: Duration = Duration::from_secs(10);

impl ReportConfig {
    /// Checks the arguments and fills in defaults.
    ///
    /// # Errors
    ///
    /// [`ConfigError`].
    pub fn new(args: &SourceArgs, limits: Limits) -> Result<Self, ConfigError> {
        Self::of_source(args, &args.probe, limits)
    }

    /// The same for `dropctl size`, which needs counts of syscalls and no records.
    ///
    /// # Errors
    ///
    /// [`ConfigError`].
    pub fn of_size(args: &SizeArgs, limits: Limits) -> Result<Self, ConfigError> {
        let probe = &args.source.probe;
        let probe = ProbeArgs { mode: probe.mode.or(Some(Mode::Count)), ..probe.clone() };
        Self::of_source(&args.source, &probe, limits)
    }

    fn of_source(args: &SourceArgs, probe: &ProbeArgs, limits: Limits) -> Result<Self, ConfigError> {
        let (duration, whose) = (args.duration.unwrap_or(LOOK), args.whose.unwrap_or(Whose::Auto));
        Self::checked(duration, whose, probe, limits)
    }

    /// The same for a recording.
    ///
    /// # Errors
    ///
    /// [`ConfigError`].
    pub fn of_record(args: &RecordArgs, limits: Limits) -> Result<Self, ConfigError> {
        Self::checked(args.duration, args.whose, &args.probe, limits)
    }

    fn checked(
        duration: Duration,
        wanted: Whose,
        probe: &ProbeArgs,
        limits: Limits,
    ) -> Result<Self, ConfigError> {
        check_time("duration", duration, Duration::from_millis(100), LONGEST_REPORT)?;
        let request = request(probe, 1, REPORT_PROCESSES, limits)?;
        // Nobody who looks for seconds wants to miss the first drops.
        let whose = match whose(wanted, &request)? {
            Whose::Off => Whose::Off,
            Whose::Auto | Whose::On => Whose::On,
        };
        Ok(Self { duration, whose, request })
    }
}

fn memory(length: Option<Duration>, bytes: Option<ByteSize>) -> Result<Bounds, ConfigError> {
    let length = length.unwrap_or(MEMORY);
    check_time("memory", length, SHORTEST_MEMORY, LONGEST_MEMORY)?;
    let bytes = bytes.unwrap_or(MEMORY_BYTES);
    if !(LEAST_MEMORY_BYTES..=MOST_MEMORY_BYTES).contains(&bytes) {
        return Err(ConfigError::MemoryBytes {
            given: bytes,
            least: LEAST_MEMORY_BYTES,
            most: MOST_MEMORY_BYTES,
        });
    }
    Ok(Bounds {
        length_ns: u64::try_from(length.as_nanos()).unwrap_or(u64::MAX),
        bytes: usize::try_from(bytes.as_u64()).unwrap_or(usize::MAX),
    })
}

/// In mode `passive` nothing is attached to syscalls.
fn whose(wanted: Whose, request: &Request) -> Result<Whose, ConfigError> {
    match (wanted, request.mode) {
        (Whose::On, Mode::Passive) => Err(ConfigError::WhosePassive),
        (_, Mode::Passive) => Ok(Whose::Off),
        (wanted, _) => Ok(wanted),
    }
}

fn request(probe: &ProbeArgs, sample: u32, processes: usize, limits: Limits) -> Result<Request, ConfigError> {
    let sample = probe.sample.unwrap_or(sample);
    if sample == 0 {
        return Err(ConfigError::SampleZero);
    }
    Ok(Request {
        mode: probe.mode.unwrap_or(Mode::Stream),
        sample,
        ring_bytes: probe.ring_bytes.map_or(Ok(RING_BYTES), |given| check_ring(given, limits))?,
        processes,
    })
}

/// A ring is a power of two of whole pages (`ringbuf_map_alloc`, kernel/bpf/ringbuf.c), and its data is mapped
/// twice but exists once.
fn check_ring(given: ByteSize, limits: Limits) -> Result<u32, ConfigError> {
    let bytes = given.as_u64();
    if let Some(memory) = limits.memory_bytes.filter(|memory| bytes > memory / 2) {
        let default = ByteSize::b(RING_BYTES.into());
        return Err(ConfigError::RingLarge { given, memory: ByteSize::b(memory), default });
    }
    let largest = 1 << 31;
    let nearest = bytes.clamp(limits.page_bytes, largest).next_power_of_two();
    match u32::try_from(bytes) {
        Ok(fits) if bytes == nearest => Ok(fits),
        _ => Err(ConfigError::RingShape {
            given,
            page: ByteSize::b(limits.page_bytes),
            nearest: ByteSize::b(nearest),
        }),
    }
}

/// 8388609 bytes are not "8.0 MiB", least of all where that is why they are refused.
fn unrounded(size: ByteSize) -> String {
    let shown = size.to_string();
    if shown.parse() == Ok(size) { shown } else { format!("{} B", size.as_u64()) }
}

fn check_time(
    what: &'static str,
    given: Duration,
    shortest: Duration,
    longest: Duration,
) -> Result<(), ConfigError> {
    if (shortest..=longest).contains(&given) {
        return Ok(());
    }
    let [given, shortest, longest] = [given, shortest, longest].map(humantime::Duration::from);
    Err(ConfigError::Time { what, given, shortest, longest })
}

#[cfg(test)]
mod tests;
