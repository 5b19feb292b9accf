//! Signal handlers of a forked child, and its timer.

use std::{mem, ptr};

use crate::raw;

/// Installs `handler`. For forked children.
pub(crate) fn install(signal: libc::c_int, flags: libc::c_int, handler: extern "C" fn(libc::c_int)) -> bool {
    // SAFETY: zeros are a valid sigaction; `handler` lives as long as the program. sigaction(2) is
    // async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = flags;
        libc::sigaction(signal, &raw const action, ptr::null_mut()) == 0
    }
}

/// SIGALRM each `interval_us`; 0 stops it.
pub(crate) fn alarm_every(interval_us: i64) -> bool {
    let time = libc::timeval { tv_sec: 0, tv_usec: interval_us };
    let timer = libc::itimerval { it_interval: time, it_value: time };
    // SAFETY: `timer` is valid for the read.
    unsafe {
        raw::call(libc::SYS_setitimer, [libc::ITIMER_REAL as usize, &raw const timer as usize, 0, 0, 0, 0])
            == 0
    }
}
