//! A perf buffer that nobody reads: its fill, and what it loses, to the last sample.

use std::{
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    observe::rings::{Rings, Wanted},
    sample::PerfBuffersSample,
    sys::clock,
};

use crate::{
    child::LIMIT,
    maps::{self, PAGE},
    node, programs,
    within::within,
};

const PERF_EVENT_ARRAY: u32 = 4;
const PROG_TEST_RUN: i32 = 10;
const RUN_ON_CPU: u32 = 1;
const RUNS: u64 = 5_000;
const PAGES: u64 = 8;
/// Places in the buffer's first page (`struct perf_event_mmap_page`).
const DATA_HEAD: usize = 1024;
const DATA_TAIL: usize = 1032;

/// `struct perf_event_attr`, its first form.
#[repr(C)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup: u64,
    more: u64,
}

/// The attributes of `BPF_PROG_TEST_RUN`, up to the CPU.
#[repr(C)]
#[derive(Default)]
struct Run {
    program: u32,
    result: u32,
    unused: [u64; 7],
    flags: u32,
    cpu: u32,
}

/// Runs of a program of our own write a known number of samples.
pub(crate) fn lost() -> Result<()> {
    let cpu = node::cpus().first().copied().context("no CPU")?;
    let mut rings = Rings::start(Wanted::default())?;
    ensure!(of_us(&rings).is_none(), "we have no perf buffers yet");
    let buffer = Buffer::new(cpu)?;
    // 6.0 and newer do, and older ones with backports.
    let counts_lost = buffer.counts_lost;
    ensure!(counts_lost || node::kernel() < (6, 0), "this kernel tells what was lost");
    ensure!(rings.cannot_see_perf().is_none() == counts_lost, "{:?}", rings.cannot_see_perf());
    let array =
        maps::map(PERF_EVENT_ARRAY, b"samples", u32::try_from(cpu)? + 1, 0).context("make an array")?;
    maps::put(&array, u32::try_from(cpu)?, &buffer.event)?;
    let program = programs::load(&output_to(&array))?;
    let run = |runs: u64| (0..runs).try_for_each(|_| run_once(&program, cpu));
    let look = |what: &str| {
        let now_ns = clock::monotonic_ns();
        within(LIMIT, what, || Ok(of_us(&rings).filter(|buffers| buffers.time_ns > now_ns)))
    };

    run(1)?;
    let first = look("our perf buffer")?;
    let sample_bytes = first.produced_bytes;
    ensure!(
        (first.buffers, first.capacity_bytes) == (1, PAGES * u64::from(PAGE)) && first.is_own,
        "{first:?}"
    );
    ensure!(sample_bytes >= 16 && first.backlog_bytes == sample_bytes, "{first:?}");
    run(RUNS - 1)?;
    let full = look("a full one")?;
    // One byte stays free (`ring_buffer_has_space`, kernel/events/ring_buffer.c).
    let kept = (full.capacity_bytes - 1) / sample_bytes;
    ensure!(
        full.produced_bytes == kept * sample_bytes && full.backlog_bytes == full.produced_bytes,
        "{full:?}"
    );
    ensure!(full.lost == counts_lost.then_some(RUNS - kept), "{full:?}, {kept} were kept");
    ensure!(full.lost == buffer.lost()?, "{full:?}, the kernel says {:?}", buffer.lost()?);

    buffer.read_all();
    let read = look("an empty one")?;
    ensure!((read.backlog_bytes, read.consumed_bytes) == (0, full.produced_bytes), "{read:?}");
    run(1)?;
    let end = look("one more")?;
    ensure!(end.lost == full.lost && end.backlog_bytes > 0, "{end:?}");
    println!("perf buffer: {RUNS} samples of {sample_bytes} bytes, {kept} kept, {:?} lost", end.lost);
    drop(buffer);
    drop(array);
    rings.end();
    ensure!(of_us(&rings).is_none(), "it is still there");
    Ok(())
}

fn of_us(rings: &Rings) -> Option<PerfBuffersSample> {
    rings.perf_buffers()?.into_iter().find(|buffers| buffers.tgid == std::process::id())
}

/// Eight bytes of zeros to the buffer of the CPU that it runs on.
fn output_to(array: &OwnedFd) -> [u64; 12] {
    let map = u64::from(array.as_raw_fd().unsigned_abs()) << 32;
    [
        0x16bf,                // r6 = r1
        0xfff8_0a7a,           // *(u64 *)(r10 - 8) = 0
        0x61bf,                // r1 = r6
        0x1218 | map,          // r2 = the array
        0,                     // (its second half)
        0xffff_ffff_0000_03b4, // w3 = BPF_F_CURRENT_CPU
        0xa4bf,                // r4 = r10
        0xffff_fff8_0000_0407, // r4 += -8
        0x0008_0000_05b7,      // r5 = 8
        0x0019_0000_0085,      // perf_event_output
        0xb7,                  // r0 = 0
        0x95,                  // exit
    ]
}

fn run_once(program: &OwnedFd, cpu: usize) -> Result<()> {
    let run = Run {
        program: program.as_raw_fd().unsigned_abs(),
        flags: RUN_ON_CPU,
        cpu: u32::try_from(cpu)?,
        ..Run::default()
    };
    // SAFETY: attributes of this command, without pointers.
    let result = unsafe { libc::syscall(libc::SYS_bpf, PROG_TEST_RUN, &raw const run, size_of::<Run>()) };
    ensure!(result == 0, "run the program: {}", std::io::Error::last_os_error());
    Ok(())
}

/// An event of BPF programs with its buffer.
struct Buffer {
    event: OwnedFd,
    start: *mut u8,
    bytes: usize,
    counts_lost: bool,
}

impl Buffer {
    fn new(cpu: usize) -> Result<Self> {
        // `PERF_TYPE_SOFTWARE`, `PERF_COUNT_SW_BPF_OUTPUT`, `PERF_SAMPLE_RAW`.
        let attributes = |read_format| Attributes {
            kind: 1,
            size: size_of::<Attributes>() as u32,
            config: 10,
            period: 1,
            sample_type: 1 << 10,
            read_format,
            flags: 0,
            wakeup: 1,
            more: 0,
        };
        let open = |read_format| {
            let what = attributes(read_format);
            // SAFETY: the attributes are valid for the read of their size; the rest are numbers.
            unsafe { libc::syscall(libc::SYS_perf_event_open, &raw const what, -1, cpu, -1, 0) }
        };
        // `PERF_FORMAT_LOST`, where the kernel knows it.
        let with_lost = open(1 << 4);
        let counts_lost = with_lost >= 0;
        let fd = if counts_lost { with_lost } else { open(0) };
        ensure!(fd >= 0, "open a perf event: {}", std::io::Error::last_os_error());
        // SAFETY: new, and nobody else's.
        let event = unsafe { OwnedFd::from_raw_fd(i32::try_from(fd)?) };
        let bytes = (1 + PAGES as usize) * PAGE as usize;
        let (protection, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: a new mapping.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, shared, event.as_raw_fd(), 0) };
        ensure!(start != libc::MAP_FAILED, "map its buffer: {}", std::io::Error::last_os_error());
        Ok(Self { event, start: start.cast(), bytes, counts_lost })
    }

    fn position(&self, at: usize) -> &AtomicU64 {
        // SAFETY: within the first page, aligned; the kernel reads and writes it as one word.
        unsafe { &*self.start.add(at).cast::<AtomicU64>() }
    }

    /// As a reader does that looks at nothing.
    fn read_all(&self) {
        let head = self.position(DATA_HEAD).load(Ordering::Acquire);
        self.position(DATA_TAIL).store(head, Ordering::Release);
    }

    /// What the kernel tells the event's owner.
    fn lost(&self) -> Result<Option<u64>> {
        let mut values = [0_u64; 2];
        // SAFETY: room for both values.
        let count =
            unsafe { libc::read(self.event.as_raw_fd(), values.as_mut_ptr().cast(), size_of_val(&values)) };
        ensure!(count >= 8, "read the event: {}", std::io::Error::last_os_error());
        Ok(self.counts_lost.then_some(values[1]))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: our mapping, and nothing points into it any more.
        unsafe { libc::munmap(self.start.cast(), self.bytes) };
    }
}
