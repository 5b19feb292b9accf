//! Was stdout closed when we were started?

use std::fs;

/// Before `main`, Rust opens `/dev/null` for reading and writing in place of a closed standard stream, so that
/// data would vanish without an error. A shell's `>/dev/null` opens it for writing only.
#[must_use]
pub fn stdout_was_closed() -> bool {
    let is_null = fs::read_link("/proc/self/fd/1").is_ok_and(|target| target.as_os_str() == "/dev/null");
    // SAFETY: no pointers.
    let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFL) };
    is_null && flags >= 0 && flags & libc::O_ACCMODE == libc::O_RDWR
}
