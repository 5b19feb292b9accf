//! A page whose first access waits until we let it go: userfaultfd(2).

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
    ptr::NonNull,
};

/// `UFFDIO_API`, `UFFDIO_REGISTER`, `UFFDIO_ZEROPAGE` (include/uapi/linux/userfaultfd.h).
const API: u32 = 0xc018_aa3f;
const REGISTER: u32 = 0xc020_aa00;
const ZERO_PAGE: u32 = 0xc020_aa04;
/// `UFFD_API`.
const VERSION: u64 = 0xaa;
/// `UFFDIO_REGISTER_MODE_MISSING`.
const MISSING: u64 = 1;
/// Bytes of a `struct uffd_msg`.
const MESSAGE_BYTES: usize = 32;

/// One page that is not there.
#[derive(Debug)]
pub(crate) struct AbsentPage {
    faults: OwnedFd,
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: plain memory, owned by this value, valid from any thread.
unsafe impl Send for AbsentPage {}
// SAFETY: as above; a shared reference gives out the address alone.
unsafe impl Sync for AbsentPage {}

impl AbsentPage {
    /// Maps it. Faults of the kernel's need root, or `vm.unprivileged_userfaultfd`.
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: no pointers.
        let fd = unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC) };
        let fd = i32::try_from(fd).map_err(io::Error::other)?;
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just made this descriptor, for us alone.
        let faults = unsafe { OwnedFd::from_raw_fd(fd) };
        let bytes = rustix::param::page_size();
        // SAFETY: the kernel chooses the address; nothing existing is replaced.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::Other)?;
        let page = Self { faults, start, bytes };
        page.ask(API, &mut [VERSION, 0, 0])?;
        page.ask(REGISTER, &mut [page.address(), bytes as u64, MISSING, 0])?;
        Ok(page)
    }

    /// Where it lies.
    pub(crate) fn address(&self) -> u64 {
        self.start.as_ptr() as u64
    }

    /// Waits until somebody waits for it, at most `limit_ms`.
    pub(crate) fn wait_for_access(&self, limit_ms: i32) -> io::Result<bool> {
        let mut poll = libc::pollfd { fd: self.faults.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid entry.
        if unsafe { libc::poll(&raw mut poll, 1, limit_ms) } <= 0 {
            return Ok(false);
        }
        let mut message = [0_u8; MESSAGE_BYTES];
        // SAFETY: the buffer has room for one message.
        let count =
            unsafe { libc::read(self.faults.as_raw_fd(), message.as_mut_ptr().cast(), MESSAGE_BYTES) };
        if count < 0 { Err(io::Error::last_os_error()) } else { Ok(count > 0) }
    }

    /// Puts zeros there: whoever waits goes on.
    pub(crate) fn fill(&self) -> io::Result<()> {
        self.ask(ZERO_PAGE, &mut [self.address(), self.bytes as u64, 0, 0])
    }

    fn ask<const N: usize>(&self, request: u32, words: &mut [u64; N]) -> io::Result<()> {
        // SAFETY: `words` is as long as the request's structure, which is made of 64-bit words; the number of the
        // request has 32 bits, whatever the C library takes it for.
        let result = unsafe { libc::ioctl(self.faults.as_raw_fd(), request as _, words.as_mut_ptr()) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for AbsentPage {
    fn drop(&mut self) {
        // SAFETY: exactly the range that `new` mapped; no pointer into it outlives this value. Who still waits for the
        // page gets an error.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}
