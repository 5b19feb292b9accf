//! BPF maps that a test makes for itself, through bpf(2) alone: libraries allow only sensible ones.

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
};

use anyhow::{Context as _, Result};

pub(crate) const ARRAY: u32 = 2;
pub(crate) const ARRAY_OF_MAPS: u32 = 12;
pub(crate) const RINGBUF: u32 = 27;
pub(crate) const USER_RINGBUF: u32 = 31;
/// `BPF_F_RB_OVERWRITE` (6.19).
pub(crate) const OVERWRITE: u32 = 1 << 19;
/// Linux takes map sizes of whole pages only.
pub(crate) const PAGE: u32 = 4096;

const MAP_CREATE: libc::c_long = 0;
const MAP_UPDATE_ELEM: libc::c_long = 2;
const MAP_LOOKUP_ELEM: libc::c_long = 1;

/// The part of `union bpf_attr` that makes a map (include/uapi/linux/bpf.h).
#[repr(C)]
#[derive(Default)]
struct Create {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
    inner_map_fd: u32,
    numa_node: u32,
    name: [u8; 16],
}

/// The part that names an element.
#[repr(C)]
#[derive(Default)]
struct Element {
    map_fd: u32,
    reserved: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// A new map of this type.
pub(crate) fn map(map_type: u32, name: &[u8], max_entries: u32, map_flags: u32) -> io::Result<OwnedFd> {
    let (key_size, value_size) = if matches!(map_type, RINGBUF | USER_RINGBUF) { (0, 0) } else { (4, 4) };
    let attribute = Create { map_type, key_size, value_size, max_entries, map_flags, ..Create::default() };
    create(attribute, name)
}

/// A ring of one page.
pub(crate) fn ring(name: &[u8]) -> Result<OwnedFd> {
    map(RINGBUF, name, PAGE, 0).context("make a ring")
}

/// A new array of rings.
pub(crate) fn array_of_rings(name: &[u8], entries: u32, like: &OwnedFd) -> Result<OwnedFd> {
    let inner_map_fd = u32::try_from(like.as_raw_fd())?;
    let attribute = Create {
        map_type: ARRAY_OF_MAPS,
        key_size: 4,
        value_size: 4,
        max_entries: entries,
        inner_map_fd,
        ..Create::default()
    };
    create(attribute, name).context("make an array of maps")
}

/// Puts a map into an array of maps.
pub(crate) fn put(array: &OwnedFd, index: u32, inner: &OwnedFd) -> Result<()> {
    let value = u32::try_from(inner.as_raw_fd())?;
    let element = Element {
        map_fd: u32::try_from(array.as_raw_fd())?,
        key: (&raw const index).addr() as u64,
        value: (&raw const value).addr() as u64,
        ..Element::default()
    };
    bpf(MAP_UPDATE_ELEM, &element).context("put a map into an array")?;
    Ok(())
}

/// Id of the map in an array of maps.
pub(crate) fn inner_id(array: &OwnedFd, index: u32) -> Result<u32> {
    let mut value = 0_u32;
    let element = Element {
        map_fd: u32::try_from(array.as_raw_fd())?,
        key: (&raw const index).addr() as u64,
        value: (&raw mut value).addr() as u64,
        ..Element::default()
    };
    bpf(MAP_LOOKUP_ELEM, &element).context("look into an array of maps")?;
    Ok(value)
}

/// Id of a map, as its file says.
pub(crate) fn id(map: &OwnedFd) -> Result<u32> {
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", map.as_raw_fd()))?;
    let id = text.lines().find_map(|line| line.strip_prefix("map_id:")?.trim().parse().ok());
    id.context("a map without an id")
}

fn create(mut attribute: Create, name: &[u8]) -> io::Result<OwnedFd> {
    attribute.name[..name.len()].copy_from_slice(name);
    let fd = bpf(MAP_CREATE, &attribute)?;
    // SAFETY: a new descriptor that nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn bpf<T>(command: libc::c_long, attribute: &T) -> io::Result<i32> {
    // SAFETY: the attribute is valid for its size, and so are the addresses in it for the time of the call.
    let result =
        unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(attribute), size_of::<T>()) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    i32::try_from(result).map_err(io::Error::other)
}

/// As many files as the node allows: every map is one.
pub(crate) fn allow_many_files() {
    // SAFETY: `limit` is valid for the read and the write.
    unsafe {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
    }
}
