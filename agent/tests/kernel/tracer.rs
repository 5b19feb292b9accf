//! A tracer (ptrace) that cancels a syscall takes its number away.

use agent_common::slot::{NATIVE, NONE};
use anyhow::Result;

use crate::{
    crew::{self, COUNT, Crew},
    expect, raw,
};

const CALLS: u64 = 200;
const NUMBER: i64 = libc::SYS_sched_rr_get_interval;
/// `offsetof(struct user, regs.orig_rax)` on x86_64.
const ORIG_RAX: usize = 15 * 8;

fn ptrace(request: usize, pid: usize, address: usize, data: usize) -> isize {
    // SAFETY: requests that take no pointers.
    unsafe { raw::call(libc::SYS_ptrace, [request, pid, address, data, 0, 0]) }
}

/// Each call stops on entry, where the tracer sets the number to -1, and on exit.
pub(crate) fn cancelled() -> Result<()> {
    let mut crew = Crew::new();
    crew.add(None, || {
        // SAFETY: the child uses raw syscalls only.
        let child = unsafe { raw::call(libc::SYS_fork, [0; 6]) };
        if child == 0 {
            ptrace(libc::PTRACE_TRACEME as usize, 0, 0, 0);
            // SAFETY: no pointers. Stops until the tracer goes on.
            unsafe {
                raw::call(
                    libc::SYS_kill,
                    [raw::bare(libc::SYS_getpid) as usize, libc::SIGSTOP as usize, 0, 0, 0, 0],
                )
            };
            let all_cancelled = (0..CALLS).all(|_| raw::bare(NUMBER) == -(libc::ENOSYS as isize));
            raw::exit(usize::from(!all_cancelled));
        }
        trace(child as usize)
    })?;
    let sample = crew::observe(&COUNT, crew)?;
    expect::none(&sample, NATIVE + NUMBER as u32)?;
    expect::ours(&sample, NATIVE + NONE, CALLS)
}

/// Lets the child run from stop to stop until it ends.
fn trace(child: usize) -> bool {
    let mut status = 0;
    raw::wait_any(&mut status);
    loop {
        ptrace(libc::PTRACE_SYSCALL as usize, child, 0, 0);
        if raw::wait_any(&mut status) < 0 {
            return false;
        }
        if !libc::WIFSTOPPED(status) {
            return libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0;
        }
        // The raw call stores the word where `data` points.
        let mut number = 0_usize;
        ptrace(libc::PTRACE_PEEKUSER as usize, child, ORIG_RAX, &raw mut number as usize);
        if number == NUMBER as usize {
            ptrace(libc::PTRACE_POKEUSER as usize, child, ORIG_RAX, usize::MAX);
        }
    }
}
