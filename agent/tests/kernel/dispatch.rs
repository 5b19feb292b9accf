//! Syscall user dispatch (5.11): what Wine uses to catch syscalls of Windows programs.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use agent_common::slot::{NATIVE, NONE};
use anyhow::Result;

use crate::{
    crew::{self, COUNT, Crew},
    expect,
    handlers::install,
    raw,
};

const CALLS: u64 = 2000;
const NUMBER: i64 = libc::SYS_sched_rr_get_interval;
const PR_SET_SYSCALL_USER_DISPATCH: usize = 59;
const ALLOW: u8 = 0;
const BLOCK: u8 = 1;

static SELECTOR: AtomicU8 = AtomicU8::new(ALLOW);
static HANDLED: AtomicU64 = AtomicU64::new(0);

extern "C" fn on_sigsys(_: libc::c_int) {
    SELECTOR.store(ALLOW, Ordering::SeqCst);
    HANDLED.fetch_add(1, Ordering::SeqCst);
}

/// A dispatched syscall becomes a signal before the kernel looks at it, and leaves no exit; only the handler's
/// `rt_sigreturn` does.
pub(crate) fn dispatched() -> Result<()> {
    let mut crew = Crew::new();
    crew.add(None, || {
        let arguments = [PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, SELECTOR.as_ptr() as usize, 0];
        // SAFETY: the selector lives as long as the program.
        let is_on =
            install(libc::SIGSYS, 0, on_sigsys) && unsafe { raw::call(libc::SYS_prctl, arguments) } == 0;
        for _ in 0..CALLS {
            SELECTOR.store(BLOCK, Ordering::SeqCst);
            raw::bare(NUMBER);
        }
        is_on && HANDLED.load(Ordering::SeqCst) == CALLS
    })?;
    let sample = crew::observe(&COUNT, crew)?;
    expect::none(&sample, NATIVE + NUMBER as u32)?;
    expect::ours(&sample, NATIVE + NONE, CALLS)
}
