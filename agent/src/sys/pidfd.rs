//! What a pidfd tells of a process that has ended.

use std::os::fd::{AsRawFd as _, BorrowedFd};

/// `struct pidfd_info` in its first size (include/uapi/linux/pidfd.h). `exit_code` is there since Linux 6.15.
#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    cgroup_id: u64,
    ids: [u32; 11],
    exit_code: i32,
}

const _: () = assert!(size_of::<Info>() == 64);

/// `PIDFD_INFO_EXIT`.
const EXIT: u64 = 1 << 3;
/// `PIDFD_GET_INFO`: `_IOWR(0xff, 11, struct pidfd_info)` (6.13).
const GET_INFO: u32 = 3 << 30 | 64 << 16 | 0xff << 8 | 11;

/// The wait status of a process that has ended and was waited for. `None` until then, and before Linux 6.15.
#[must_use]
pub fn wait_status(pidfd: BorrowedFd<'_>) -> Option<i32> {
    let mut info = Info { mask: EXIT, ..Info::default() };
    // SAFETY: `info` has the size that the request names, and is valid for the read and the write.
    let result = unsafe { libc::ioctl(pidfd.as_raw_fd(), GET_INFO as libc::Ioctl, &raw mut info) };
    (result == 0 && info.mask & EXIT != 0).then_some(info.exit_code)
}
