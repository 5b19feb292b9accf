//! A perf event of our own: its file tells how the kernel knows such files.

use std::{
    io,
    os::fd::{FromRawFd as _, OwnedFd},
};

/// The first published form of `struct perf_event_attr`; the kernel takes what is missing for 0.
#[repr(C)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup: u32,
    breakpoint: u32,
    more: u64,
}

/// `PERF_ATTR_SIZE_VER0`.
const BYTES: u32 = 64;
const _: () = assert!(size_of::<Attributes>() == BYTES as usize);
/// `PERF_TYPE_SOFTWARE`, `PERF_COUNT_SW_DUMMY`, `disabled` and `exclude_kernel`, `PERF_FLAG_FD_CLOEXEC`
/// (include/uapi/linux/perf_event.h).
const SOFTWARE: u32 = 1;
const DUMMY: u64 = 9;
const DISABLED: u64 = 1;
const EXCLUDE_KERNEL: u64 = 1 << 5;
const CLOSE_ON_EXEC: libc::c_ulong = 8;

/// One that counts nothing, of this thread.
///
/// # Errors
///
/// What the kernel says.
pub fn event() -> io::Result<OwnedFd> {
    let attributes = Attributes {
        kind: SOFTWARE,
        size: BYTES,
        config: DUMMY,
        period: 0,
        sample_type: 0,
        read_format: 0,
        flags: DISABLED | EXCLUDE_KERNEL,
        wakeup: 0,
        breakpoint: 0,
        more: 0,
    };
    // SAFETY: the attributes are valid for the read of their size; the other arguments are numbers: this thread, any CPU, no
    // group.
    let fd =
        unsafe { libc::syscall(libc::SYS_perf_event_open, &raw const attributes, 0, -1, -1, CLOSE_ON_EXEC) };
    match i32::try_from(fd) {
        // SAFETY: the kernel has just made this descriptor, for us alone.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}
