//! Syscalls that make, replace and end processes do not exit like others.

use agent_common::slot::NATIVE;
use anyhow::{Result, ensure};

use crate::{
    crew::{self, COUNT, Crew},
    elf::Program,
    expect, raw,
};

const CHILDREN: u64 = 50;

fn slot(number: i64) -> u32 {
    NATIVE + number as u32
}

/// Makes children and takes in what they ended with.
fn make_children(number: i64) -> bool {
    let (mut made, mut ended, mut status) = (0, 0, 0);
    for _ in 0..CHILDREN {
        made += u64::from(raw::fork_and_exit(number) > 0);
        ended += u64::from(raw::wait_any(&mut status) > 0 && status == 0);
    }
    made == CHILDREN && ended == CHILDREN
}

/// `fork` returns in the parent and in the child.
pub(crate) fn fork() -> Result<()> {
    let mut crew = Crew::new();
    crew.add(None, || make_children(libc::SYS_fork))?;
    let sample = crew::observe(&COUNT, crew)?;
    expect::ours(&sample, slot(libc::SYS_fork), 2 * CHILDREN)
}

/// `vfork` too.
pub(crate) fn vfork() -> Result<()> {
    let mut crew = Crew::new();
    crew.add(None, || make_children(libc::SYS_vfork))?;
    let sample = crew::observe(&COUNT, crew)?;
    expect::ours(&sample, slot(libc::SYS_vfork), 2 * CHILDREN)
}

/// `exit` and `exit_group` never return: nobody's do.
pub(crate) fn exit() -> Result<()> {
    let mut crew = Crew::new();
    // The children end by `exit`, the generator by `exit_group`.
    crew.add(None, || make_children(libc::SYS_fork))?;
    let sample = crew::observe(&COUNT, crew)?;
    expect::none(&sample, slot(libc::SYS_exit))?;
    expect::none(&sample, slot(libc::SYS_exit_group))
}

/// A successful `execveat` reports `execve`: the kernel rewrites the number when it enters the new program
/// (`set_personality_64bit`). A failed one reports itself.
pub(crate) fn execveat() -> Result<()> {
    const FAILED: u64 = 70;
    let program = Program::exit64()?;
    let mut crew = Crew::new();
    for _ in 0..5 {
        crew.add(None, || program.execveat() == 0)?;
    }
    crew.add(None, || {
        (0..FAILED).all(|_| {
            // SAFETY: the null path is refused.
            let result = unsafe { raw::call(libc::SYS_execveat, [usize::MAX, 0, 0, 0, 0, 0]) };
            result == -(libc::EFAULT as isize)
        })
    })?;
    let sample = crew::observe(&crew::stream(1), crew)?;
    expect::exact(&sample, slot(libc::SYS_execveat), FAILED)?;
    expect::ours(&sample, slot(libc::SYS_execve), 5)?;
    let errors = sample.stream.as_ref().map(|stream| stream.errors.clone()).unwrap_or_default();
    let failed =
        errors.iter().find(|(slot, _)| i64::from(*slot) == libc::SYS_execveat).map_or(0, |(_, count)| *count);
    ensure!(failed <= FAILED, "{failed} failed");
    ensure!(failed + sample.missed.unwrap_or(0) + sample.events.dropped >= FAILED, "{failed} failed");
    Ok(())
}
