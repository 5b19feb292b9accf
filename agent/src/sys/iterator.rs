//! Passes of an iterator over one link. aya makes a link for each pass, which costs more than a short pass itself.

use std::{
    fs::File,
    io,
    os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd},
};

/// Commands and the type of attachment (include/uapi/linux/bpf.h).
const LINK_CREATE: libc::c_int = 28;
const ITER_CREATE: libc::c_int = 33;
const TRACE_ITER: u32 = 28;

/// The part of `union bpf_attr` for [`LINK_CREATE`].
#[repr(C)]
struct LinkCreate {
    program: u32,
    target: u32,
    attach_type: u32,
    flags: u32,
}

/// The part of `union bpf_attr` for [`ITER_CREATE`].
#[repr(C)]
struct IterCreate {
    link: u32,
    flags: u32,
}

/// An iterator program and what it iterates over. Nothing runs but while the file of a pass is read.
#[derive(Debug)]
pub struct Iteration {
    link: OwnedFd,
}

impl Iteration {
    /// Of a loaded program.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn new(program: BorrowedFd<'_>) -> io::Result<Self> {
        let program = number(program.as_raw_fd())?;
        let what = LinkCreate { program, target: 0, attach_type: TRACE_ITER, flags: 0 };
        Ok(Self { link: open(LINK_CREATE, &what)? })
    }

    /// The file of another pass.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn pass(&self) -> io::Result<File> {
        let what = IterCreate { link: number(self.link.as_raw_fd())?, flags: 0 };
        Ok(open(ITER_CREATE, &what)?.into())
    }
}

fn number(fd: i32) -> io::Result<u32> {
    u32::try_from(fd).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// `T` is one of the two structs above.
fn open<T>(command: libc::c_int, what: &T) -> io::Result<OwnedFd> {
    // SAFETY: `what` is valid for the read of its size; the kernel takes what is missing for 0.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(what), size_of::<T>()) };
    match i32::try_from(fd) {
        // SAFETY: the kernel has just made this descriptor, for us alone.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}
