//! One test process at a time on this machine: two would count each other's syscalls.

use std::{
    env,
    fs::{File, OpenOptions},
    os::fd::AsRawFd as _,
};

/// Set for a test process that another one started and waits for.
pub(crate) const HELD: &str = "DROPCTL_KERNEL_TEST_LOCKED";

/// Waits until no other test process runs. Held until the file is dropped.
pub(crate) fn only_one() -> Option<File> {
    if env::var_os(HELD).is_some() {
        return None;
    }
    let path = env::temp_dir().join("dropctl-kernel-tests.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).ok()?;
    // SAFETY: a descriptor that we own, no pointers.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) };
    Some(file)
}
