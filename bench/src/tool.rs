//! A process of its own that is a tool with rings: it fills and drains them as it is told, and holds maps beside them.

use std::{
    io::{Read as _, Write as _},
    os::fd::OwnedFd,
    process::{Child, ChildStdin, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use aya::{
    EbpfLoader,
    maps::{MapData, RingBuf},
    programs::{RawTracePoint, RawTracePointRunOptions, TestRun as _},
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::sys::maps;

/// The hidden argument that turns this program into a tool.
pub(crate) const ARGUMENT: &str = "tool";
/// From one filling to the next: each puts 64 records into every ring.
const FILL_EVERY: Duration = Duration::from_millis(4);
/// From one draining to the next.
const DRAIN_EVERY: Duration = Duration::from_millis(2);

/// Built by build.rs.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/bench-ring"));

/// What it has and does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) rings: usize,
    /// Maps that are no rings.
    pub(crate) maps: usize,
    /// Of each ring.
    pub(crate) ring_bytes: usize,
    /// Records come, 16,000 a second in each ring, and are drained.
    pub(crate) moves: bool,
}

/// A running tool. It ends when it is dropped, or when we end.
pub(crate) struct Tool {
    child: Child,
    life: Option<ChildStdin>,
}

impl Tool {
    /// Starts one and waits until it has all of it.
    pub(crate) fn start(wanted: Wanted) -> Result<Self> {
        let own = std::env::current_exe().context("find our own binary")?;
        let Wanted { rings, maps, ring_bytes, moves } = wanted;
        let numbers = [rings, maps, ring_bytes, usize::from(moves)].map(|number| number.to_string());
        let mut child = Command::new(own)
            .arg(ARGUMENT)
            .args(numbers)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start a tool")?;
        let life = child.stdin.take();
        let mut answers = child.stdout.take().context("the tool has no standard output")?;
        let tool = Self { child, life };
        answers.read_exact(&mut [0]).context("the tool could not make its rings and maps")?;
        Ok(tool)
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        self.life = None;
        let _ = self.child.wait();
    }
}

/// The tool's own life: until standard input ends.
pub(crate) fn serve(wanted: Wanted) -> Result<()> {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).context("open many files")?;
    let mut programs = Vec::with_capacity(wanted.rings);
    let mut rings = Vec::with_capacity(wanted.rings);
    for _ in 0..wanted.rings {
        let bytes = u32::try_from(wanted.ring_bytes)?;
        let mut ebpf = EbpfLoader::new()
            .map_max_entries("RING", bytes)
            .load(OBJECT)
            .context("load the object of a ring")?;
        rings.push(RingBuf::try_from(ebpf.take_map("RING").context("no map RING")?)?);
        let program: &mut RawTracePoint = ebpf.program_mut("fill").context("no program fill")?.try_into()?;
        program.load().context("load program fill")?;
        programs.push(ebpf);
    }
    let held: Vec<OwnedFd> =
        (0..wanted.maps).map(|_| maps::array()).collect::<Result<_, _>>().context("make maps")?;
    std::io::stdout().write_all(b"\n")?;
    std::io::stdout().flush()?;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        if wanted.moves {
            scope.spawn(|| drain(&mut rings, &is_over));
            scope.spawn(|| fill(&mut programs, &is_over));
        }
        // Whatever ends it: we are to end as well.
        let _ = std::io::stdin().read(&mut [0]);
        is_over.store(true, Ordering::Relaxed);
    });
    drop(held);
    Ok(())
}

fn drain(rings: &mut [RingBuf<MapData>], is_over: &AtomicBool) {
    each(DRAIN_EVERY, is_over, || {
        for ring in &mut *rings {
            while ring.next().is_some() {}
        }
    });
}

fn fill(programs: &mut [aya::Ebpf], is_over: &AtomicBool) {
    each(FILL_EVERY, is_over, || {
        for program in programs.iter_mut().filter_map(|ebpf| ebpf.program_mut("fill")) {
            let Ok(program) = <&mut RawTracePoint>::try_from(program) else { continue };
            // A run that fails fills nothing, which the bytes produced tell.
            let _ = program.test_run(RawTracePointRunOptions::new());
        }
    });
}

/// At fixed times, so that pauses that last too long do not add up.
fn each(every: Duration, is_over: &AtomicBool, mut act: impl FnMut()) {
    let mut due = Instant::now();
    while !is_over.load(Ordering::Relaxed) {
        act();
        due = (due + every).max(Instant::now());
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}
