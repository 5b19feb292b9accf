//! Bare syscalls to make load with. All fail without doing anything, or do nothing.

use std::ffi::CStr;

/// No file has this number.
const NO_FD: i32 = -1;

/// A syscall that takes no memory.
pub(crate) fn plain(number: i64) {
    // SAFETY: used with `getpgrp` alone, which looks at no argument.
    unsafe { libc::syscall(number) };
}

/// `close` of no file.
pub(crate) fn close() {
    // SAFETY: no pointers; closes nothing.
    unsafe { libc::syscall(libc::SYS_close, NO_FD) };
}

/// `read` from no file.
pub(crate) fn read() {
    // SAFETY: the kernel refuses the file before it looks at the buffer.
    unsafe { libc::syscall(libc::SYS_read, NO_FD, 0, 0) };
}

/// `write` to no file.
pub(crate) fn write(data: &[u8]) {
    // SAFETY: `data` is valid for the read, although the kernel refuses the file before it reads.
    unsafe { libc::syscall(libc::SYS_write, NO_FD, data.as_ptr(), data.len()) };
}

/// `open`, by its number, since not every architecture has it.
pub(crate) fn open(number: i64, path: &CStr) {
    // SAFETY: `path` is valid for the read.
    unsafe { libc::syscall(number, path.as_ptr(), libc::O_RDONLY, 0) };
}

/// `openat`.
pub(crate) fn openat(path: &CStr) {
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), libc::O_RDONLY, 0) };
}
