//! Locked-memory limit. Before 5.11 the kernel charges maps to it.

use libc::{RLIM_INFINITY, RLIMIT_MEMLOCK, rlimit, setrlimit};

/// Lifts the limit. Failure is no error here: newer kernels do not look at it. Returns whether it was lifted.
#[must_use]
pub fn lift() -> bool {
    let unlimited = rlimit { rlim_cur: RLIM_INFINITY, rlim_max: RLIM_INFINITY };
    // SAFETY: `unlimited` is valid for the read.
    unsafe { setrlimit(RLIMIT_MEMLOCK, &raw const unlimited) == 0 }
}
