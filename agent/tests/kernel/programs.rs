//! Programs of processes, seen from outside: also those that a process holds by a link alone.

use std::{
    ffi::CStr,
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd},
};

use anyhow::{Context as _, Result, ensure};
use dropctl::observe::rings::{Rings, Wanted};

/// `enum bpf_cmd`, `enum bpf_prog_type` (include/uapi/linux/bpf.h).
const PROG_LOAD: i32 = 5;
const RAW_TRACEPOINT_OPEN: i32 = 17;
const ENABLE_STATS: i32 = 32;
const RAW_TRACEPOINT: u32 = 17;
/// `r0 = 0; exit`.
pub(crate) const NOTHING: [u64; 2] = [0xb7, 0x95];

/// The attributes of `BPF_PROG_LOAD`, as far as they are used.
#[repr(C)]
struct Load {
    program_type: u32,
    instructions: u32,
    code: u64,
    license: u64,
    log: [u64; 2],
    version_and_flags: u64,
    name: [u8; 16],
}

/// Those of `BPF_RAW_TRACEPOINT_OPEN`.
#[repr(C)]
struct Open {
    name: u64,
    program: u64,
}

/// One more is ours once it is loaded, and still is when only its link is left.
pub(crate) fn held_by_links() -> Result<()> {
    let before = ours()?;
    let program = load(&NOTHING)?;
    ensure!(ours()? == before + 1, "a program that is open");
    let link = attach(&program, c"sched_process_exec")?;
    drop(program);
    ensure!(ours()? == before + 1, "a program that is held by a link");
    drop(link);
    ensure!(ours()? == before, "no program of that kind");
    Ok(())
}

/// How many programs this process has, with those that look.
fn ours() -> Result<u64> {
    let mut rings = Rings::start(Wanted::default())?;
    rings.end();
    Ok(rings.programs_of(std::process::id()).context("our own programs are not seen")?.count)
}

/// A raw tracepoint's program, not attached.
pub(crate) fn load(code: &[u64]) -> Result<OwnedFd> {
    load_as(RAW_TRACEPOINT, code)
}

/// A program of this type, not attached.
pub(crate) fn load_as(program_type: u32, code: &[u64]) -> Result<OwnedFd> {
    let load = Load {
        program_type,
        instructions: u32::try_from(code.len())?,
        code: code.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        log: [0; 2],
        version_and_flags: 0,
        name: *b"dropctl_test\0\0\0\0",
    };
    bpf(PROG_LOAD, &load).context("load a program of a few instructions")
}

/// A link that keeps it on a raw tracepoint.
pub(crate) fn attach(program: &OwnedFd, tracepoint: &CStr) -> Result<OwnedFd> {
    let open =
        Open { name: tracepoint.as_ptr() as u64, program: u64::from(program.as_raw_fd().unsigned_abs()) };
    bpf(RAW_TRACEPOINT_OPEN, &open).context("attach it")
}

/// Has the kernel time all runs of programs until it is dropped (`BPF_STATS_RUN_TIME`, 5.8).
pub(crate) fn time_runs() -> Result<OwnedFd> {
    bpf(ENABLE_STATS, &0_u32).context("have runs timed")
}

fn bpf<T>(command: i32, what: &T) -> io::Result<OwnedFd> {
    // SAFETY: attributes of this command, with pointers to what lives as long as the call.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, command, &raw const *what, size_of::<T>()) };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: new, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
