//! Who sits on the tracepoints of syscalls: programs of this process, which it knows to be there, and what they cost.

use std::{
    fs, io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd},
    path::Path,
};

use anyhow::{Context as _, Result, ensure};
use dropctl::{observe::hook, sample::HookProgram};

use crate::{
    programs::{NOTHING, attach, load, load_as, time_runs},
    raw,
};

const CALLS: u64 = 10_000;
/// `BPF_PROG_TYPE_TRACEPOINT`.
const TRACEPOINT: u32 = 5;
/// `PERF_TYPE_TRACEPOINT`, `PERF_EVENT_IOC_SET_BPF`, `PERF_EVENT_IOC_ENABLE` (include/uapi/linux/perf_event.h).
const IS_TRACEPOINT: u32 = 2;
const SET_PROGRAM: libc::Ioctl = 0x4004_2408;
const ENABLE: libc::Ioctl = 0x2400;

/// `struct perf_event_attr`, its first form.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    bytes: u32,
    config: u64,
    rest: [u64; 6],
}

/// Ours on this tracepoint.
fn ours(tracepoint: &str) -> Vec<HookProgram> {
    let found = hook::read(Path::new("/proc")).programs.into_iter();
    found.filter(|program| program.is_own && program.tracepoint == tracepoint).collect()
}

/// A raw tracepoint: found with what it costs while somebody has runs timed, and gone with its link.
pub(crate) fn who_and_what() -> Result<()> {
    ensure!(ours("sys_enter").is_empty(), "something of this process is there already");
    let program = load(&NOTHING)?;
    let link = attach(&program, c"sys_enter")?;
    let runs = || -> Result<u64> {
        let found = ours("sys_enter");
        let [program] = &*found else { anyhow::bail!("one program was expected: {found:?}") };
        Ok(program.cost.context("it is open, and tells no runs")?.runs)
    };
    let before = runs()?;
    for _ in 0..CALLS {
        raw::bare(libc::SYS_getppid);
    }
    ensure!(runs()? == before, "nobody wants runs timed");
    let timed = time_runs()?;
    for _ in 0..CALLS {
        raw::bare(libc::SYS_getppid);
    }
    let after = runs()?;
    println!("{} runs in {CALLS} calls of ours and all others", after - before);
    ensure!(after - before >= CALLS, "{before} to {after}");
    drop(timed);
    drop(link);
    ensure!(ours("sys_enter").is_empty(), "its link is closed");
    by_perf_event()
}

/// A perf event, of which files tell nothing.
fn by_perf_event() -> Result<()> {
    let id = ["tracing", "debug/tracing"].iter().find_map(|place| {
        fs::read_to_string(format!("/sys/kernel/{place}/events/raw_syscalls/sys_enter/id")).ok()
    });
    let Some(id) = id else {
        println!("no tracefs is mounted here: perf events are left out");
        return Ok(());
    };
    let program = load_as(TRACEPOINT, &NOTHING)?;
    let event = Attributes {
        kind: IS_TRACEPOINT,
        bytes: u32::try_from(size_of::<Attributes>())?,
        config: id.trim().parse()?,
        ..Attributes::default()
    };
    // SAFETY: the attributes outlive the call.
    let fd = unsafe { libc::syscall(libc::SYS_perf_event_open, &raw const event, -1, 0, -1, 0) };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: new, and nobody else's.
    let event = unsafe { OwnedFd::from_raw_fd(fd) };
    for (request, argument) in [(SET_PROGRAM, program.as_raw_fd()), (ENABLE, 0)] {
        // SAFETY: both take a number.
        let result = unsafe { libc::ioctl(event.as_raw_fd(), request, argument) };
        ensure!(result == 0, "{request:#x}: {}", io::Error::last_os_error());
    }
    let found = ours("sys_enter");
    ensure!(found.len() == 1 && found[0].cost.is_some(), "{found:?}");
    drop(event);
    ensure!(ours("sys_enter").is_empty(), "its event is closed");
    Ok(())
}
