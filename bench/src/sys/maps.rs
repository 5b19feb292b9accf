//! Maps that are nobody's ring.

use std::{
    io,
    os::fd::{FromRawFd as _, OwnedFd},
};

/// `BPF_MAP_TYPE_ARRAY` (include/uapi/linux/bpf.h).
const ARRAY: u32 = 2;
const MAP_CREATE: libc::c_long = 0;

/// The start of `union bpf_attr` for `BPF_MAP_CREATE`.
#[repr(C)]
struct Create {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
}

/// An array of one word.
pub(crate) fn array() -> io::Result<OwnedFd> {
    let attribute = Create { map_type: ARRAY, key_size: 4, value_size: 4, max_entries: 1, map_flags: 0 };
    // SAFETY: the attribute is valid for its size, and the kernel takes the rest of the union for zero.
    let fd = unsafe {
        libc::syscall(libc::SYS_bpf, MAP_CREATE, std::ptr::from_ref(&attribute), size_of::<Create>())
    };
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: a new descriptor that nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
