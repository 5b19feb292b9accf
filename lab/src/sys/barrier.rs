//! Waiting for programs that still run.

/// `MEMBARRIER_CMD_GLOBAL` (include/uapi/linux/membarrier.h).
const GLOBAL: libc::c_int = 1;

/// Waits for an RCU grace period: every program run that had begun before the call is over after it.
pub(crate) fn wait_for_running_programs() {
    // SAFETY: no pointers.
    unsafe { libc::syscall(libc::SYS_membarrier, GLOBAL, 0, 0) };
}
