//! Waiting for programs that still run.

/// `MEMBARRIER_CMD_GLOBAL` (include/uapi/linux/membarrier.h).
const GLOBAL: libc::c_int = 1;

/// Waits for an RCU grace period: every program run that had begun before the call is over after it, because
/// the kernel runs tracepoint programs inside an RCU read section.
///
/// Returns `false` where the kernel refuses (`nohz_full`).
#[must_use]
pub fn wait_for_running_programs() -> bool {
    // SAFETY: no pointers.
    unsafe { libc::syscall(libc::SYS_membarrier, GLOBAL, 0, 0) == 0 }
}
