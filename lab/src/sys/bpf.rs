//! A ring without a name: aya names every map that it makes, Falco's rings have none.

use std::{
    io,
    os::fd::{FromRawFd as _, OwnedFd},
};

/// `BPF_MAP_CREATE` (include/uapi/linux/bpf.h).
const MAP_CREATE: libc::c_int = 0;
/// `BPF_MAP_TYPE_RINGBUF`.
const RINGBUF: u32 = 27;

/// The start of `union bpf_attr` for [`MAP_CREATE`]; the kernel takes what is missing for 0.
#[repr(C)]
struct Attributes {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
}

/// Makes a ring of `bytes` bytes.
pub(crate) fn nameless_ring(bytes: u32) -> io::Result<OwnedFd> {
    let attributes = Attributes { map_type: RINGBUF, key_size: 0, value_size: 0, max_entries: bytes };
    // SAFETY: `attributes` is valid for the read of its size.
    let fd =
        unsafe { libc::syscall(libc::SYS_bpf, MAP_CREATE, &raw const attributes, size_of::<Attributes>()) };
    match i32::try_from(fd) {
        // SAFETY: the kernel has just made this descriptor, for us alone.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}
