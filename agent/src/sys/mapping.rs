//! A memory mapping that unmaps itself.

use std::{
    io,
    os::fd::{AsRawFd as _, BorrowedFd},
    ptr::NonNull,
};

/// Page size of this kernel, bytes.
#[must_use]
pub fn page_bytes() -> usize {
    // SAFETY: no pointers.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Whether we may write to a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// `PROT_READ`: all that we ever ask for on memory that we did not create.
    Read,
    /// `PROT_READ | PROT_WRITE`: the consumer page of our own ring.
    ReadWrite,
}

/// Shared mapping of a file or BPF map.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: the mapping is plain memory, owned by this value, valid from any thread. Who reads and writes it and
// how they synchronise is the matter of the types built on it.
unsafe impl Send for Mapping {}
// SAFETY: as above; a shared reference gives out only pointers.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `bytes` bytes of `fd` from `offset` (a multiple of the page size).
    ///
    /// # Errors
    ///
    /// What mmap(2) says.
    pub fn new(fd: BorrowedFd<'_>, bytes: usize, offset: usize, protection: Protection) -> io::Result<Self> {
        let protection = match protection {
            Protection::Read => libc::PROT_READ,
            Protection::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
        };
        let offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        // SAFETY: the kernel chooses the address; nothing existing is replaced.
        let start = unsafe {
            libc::mmap(std::ptr::null_mut(), bytes, protection, libc::MAP_SHARED, fd.as_raw_fd(), offset)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(start.cast())
            .map(|start| Self { start, bytes })
            .ok_or_else(|| io::ErrorKind::Other.into())
    }

    /// First byte; valid for `bytes` bytes while this value lives.
    #[must_use]
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly the range that `new` mapped; no pointer into it outlives this value.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}
