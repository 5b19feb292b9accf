//! What a seccomp filter makes of a syscall.

use agent_common::slot::NATIVE;
use anyhow::Result;

use crate::{
    crew::{self, COUNT, Crew},
    expect, node, raw,
};

const CALLS: u64 = 5000;
const KILLED: u64 = 20;
const NUMBER: i64 = libc::SYS_sched_get_priority_min;

/// Makes the calling process subject to a filter that answers `NUMBER` with `action`. For forked children.
fn filter(action: u32) -> bool {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let statement = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut program = [
        statement(LOAD_WORD, 0, 0, 0), // seccomp_data.nr
        statement(JUMP_EQUAL, 0, 1, NUMBER as u32),
        statement(RETURN, 0, 0, action),
        statement(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: 4, filter: program.as_mut_ptr() };
    let place = &raw const program as usize;
    // SAFETY: `program` and its statements are valid for the read.
    unsafe {
        raw::call(libc::SYS_prctl, [libc::PR_SET_NO_NEW_PRIVS as usize, 1, 0, 0, 0, 0]) == 0
            && raw::call(libc::SYS_seccomp, [libc::SECCOMP_SET_MODE_FILTER as usize, 0, place, 0, 0, 0]) == 0
    }
}

/// A refused syscall was never executed, and exits under its number like any other.
pub(crate) fn refused() -> Result<()> {
    let mut crew = Crew::new();
    crew.add(None, || {
        let is_set = filter(libc::SECCOMP_RET_ERRNO | libc::EPERM as u32);
        is_set && (0..CALLS).all(|_| raw::bare(NUMBER) == -(libc::EPERM as isize))
    })?;
    let sample = crew::observe(&COUNT, crew)?;
    expect::exact(&sample, NATIVE + NUMBER as u32, CALLS)
}

/// A process that the filter kills dies inside its syscall on 5.10; on newer kernels (seen from 6.1 on) it leaves the
/// syscall to die of the signal, and exits under its number.
pub(crate) fn killed() -> Result<()> {
    let mut crew = Crew::new();
    crew.add(None, || {
        for _ in 0..KILLED {
            // SAFETY: the child uses raw syscalls only.
            let child = unsafe { raw::call(libc::SYS_fork, [0; 6]) };
            if child == 0 {
                filter(libc::SECCOMP_RET_KILL_PROCESS);
                raw::bare(NUMBER);
                raw::exit(0);
            }
            let mut status = 0;
            raw::wait_any(&mut status);
            if !libc::WIFSIGNALED(status) {
                return false;
            }
        }
        true
    })?;
    let sample = crew::observe(&COUNT, crew)?;
    let slot = NATIVE + NUMBER as u32;
    let kernel = node::kernel();
    if kernel <= (5, 10) {
        expect::none(&sample, slot)
    } else if kernel >= (6, 1) {
        expect::exact(&sample, slot, KILLED)
    } else {
        println!("seccomp: {} of {KILLED} killed exited", expect::count(&sample, slot));
        Ok(())
    }
}
