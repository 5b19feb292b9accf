//! 32-bit syscalls count under 32-bit names, through whichever door they come.

use agent_common::slot::{COMPAT, NATIVE, NONE, OTHER};
use anyhow::Result;

use crate::{
    crew::{self, COUNT, Crew},
    elf::Program,
    expect, raw,
};

const CALLS: u32 = 20_000;
/// i386 numbers whose 64-bit namesakes (`semop`, `adjtimex`) nobody uses here.
const GETPGRP: u32 = 65;
const SCHED_GET_PRIORITY_MAX: u32 = 159;
/// The other way round: `times` is `fstatfs` (100) in i386.
const TIMES: i64 = libc::SYS_times;
const EXECVE32: u32 = 11;

/// `int 0x80` from a 64-bit program, turn about with 64-bit syscalls.
pub(crate) fn int80() -> Result<()> {
    let mut crew = Crew::new();
    crew.add(None, || {
        for _ in 0..CALLS {
            raw::int80(GETPGRP);
            raw::bare(TIMES);
            raw::int80(SCHED_GET_PRIORITY_MAX);
            raw::int80(5000);
            raw::int80(u32::MAX);
        }
        true
    })?;
    let sample = crew::observe(&crew::stream(1), crew)?;
    for slot in [GETPGRP, SCHED_GET_PRIORITY_MAX, OTHER, NONE] {
        expect::exact(&sample, COMPAT + slot, CALLS.into())?;
    }
    expect::exact(&sample, NATIVE + TIMES as u32, CALLS.into())?;
    for slot in [NATIVE + GETPGRP, NATIVE + SCHED_GET_PRIORITY_MAX, COMPAT + TIMES as u32] {
        expect::none(&sample, slot)?;
    }
    Ok(())
}

/// A 32-bit program. Its start reports `execve` of its own ABI, whichever call started it.
pub(crate) fn elf32() -> Result<()> {
    let program = Program::loop32(GETPGRP, CALLS)?;
    let mut crew = Crew::new();
    for _ in 0..2 {
        crew.add(None, || program.execveat() == 0)?;
    }
    let sample = crew::observe(&COUNT, crew)?;
    expect::exact(&sample, COMPAT + GETPGRP, 2 * u64::from(CALLS))?;
    expect::exact(&sample, COMPAT + EXECVE32, 2)?;
    expect::none(&sample, NATIVE + GETPGRP)?;
    expect::none(&sample, NATIVE + libc::SYS_execveat as u32)
}

/// A 64-bit program executes a 32-bit one, which executes a 64-bit one: each reports the ABI that it enters.
pub(crate) fn exec_across() -> Result<()> {
    let last = Program::exit64()?;
    let middle = Program::exec32(&last)?;
    let mut crew = Crew::new();
    for _ in 0..3 {
        crew.add(None, || middle.execve() == 0)?;
    }
    let sample = crew::observe(&COUNT, crew)?;
    expect::exact(&sample, COMPAT + EXECVE32, 3)?;
    expect::ours(&sample, NATIVE + libc::SYS_execve as u32, 3)
}
