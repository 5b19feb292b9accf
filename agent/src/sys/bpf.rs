//! The types of another tool's map, and what its perf events are on: bpf(2) calls that aya has no public wrapper for.
//!
//! All of them need `CAP_SYS_ADMIN`. The descriptors live for one call and are read-only.

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
};

/// Commands (include/uapi/linux/bpf.h).
const MAP_GET_FD_BY_ID: libc::c_int = 14;
const OBJ_GET_INFO_BY_FD: libc::c_int = 15;
const BTF_GET_FD_BY_ID: libc::c_int = 19;
const TASK_FD_QUERY: libc::c_int = 20;
/// `BPF_FD_TYPE_TRACEPOINT`.
const IS_TRACEPOINT: u32 = 1;
/// `BPF_F_RDONLY`.
const READ_ONLY: u32 = 1 << 3;
/// More is no BTF of a tool: Falco's has some 100 KiB.
const MOST_BTF_BYTES: u32 = 16 << 20;

/// Where the type of a map's values is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueType {
    /// Id of the BTF.
    pub btf_id: u32,
    /// Id of the type in it.
    pub type_id: u32,
}

/// The start of `union bpf_attr` for the commands that open something by its id.
#[repr(C)]
struct OpenById {
    id: u32,
    next_id: u32,
    open_flags: u32,
}

/// The start of `union bpf_attr` for [`OBJ_GET_INFO_BY_FD`].
#[repr(C)]
struct GetInfo {
    fd: u32,
    info_bytes: u32,
    info: u64,
}

/// `struct bpf_map_info` up to what is read here.
#[repr(C)]
#[derive(Default)]
struct MapInfo {
    before: [u32; 10],
    ifindex: u32,
    btf_vmlinux_value_type_id: u32,
    netns: [u64; 2],
    btf_id: u32,
    btf_key_type_id: u32,
    btf_value_type_id: u32,
    btf_vmlinux_id: u32,
}

const _: () = assert!(size_of::<MapInfo>() == 80);

/// `struct bpf_btf_info` as of Linux 4.18.
#[repr(C)]
#[derive(Default)]
struct BtfInfo {
    btf: u64,
    btf_bytes: u32,
    id: u32,
}

/// The start of `union bpf_attr` for [`TASK_FD_QUERY`] (`task_fd_query`, Linux 4.18).
#[repr(C)]
#[derive(Default)]
struct FdQuery {
    pid: u32,
    fd: u32,
    flags: u32,
    name_bytes: u32,
    name: u64,
    program: u32,
    fd_type: u32,
    probe_offset: u64,
    probe_address: u64,
}

/// Longest name of a tracepoint that is asked for, with its end.
const NAME_BYTES: usize = 128;

/// The program and the tracepoint that the perf event `fd` of a process is on; `None` if it is on something else.
///
/// # Errors
///
/// What the kernel says: `ENOENT` without a program, `CAP_SYS_ADMIN` is missing, the process is gone.
pub fn tracepoint_of(tgid: u32, fd: u32) -> io::Result<Option<(u32, String)>> {
    let mut name = [0_u8; NAME_BYTES];
    let mut query = FdQuery {
        pid: tgid,
        fd,
        name_bytes: u32::try_from(NAME_BYTES).unwrap_or_default(),
        name: name.as_mut_ptr() as u64,
        ..FdQuery::default()
    };
    // SAFETY: `query` is valid for the read and the write of its size, and names room for `name_bytes` bytes that nobody
    // else uses meanwhile.
    let result = unsafe { libc::syscall(libc::SYS_bpf, TASK_FD_QUERY, &raw mut query, size_of::<FdQuery>()) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(NAME_BYTES);
    let name = String::from_utf8_lossy(&name[..end]).into_owned();
    Ok((query.fd_type == IS_TRACEPOINT).then_some((query.program, name)))
}

/// The type of a map's values; `None` if it has none.
///
/// # Errors
///
/// What the kernel says: the map is gone, or `CAP_SYS_ADMIN` is missing.
pub fn value_type(map_id: u32) -> io::Result<Option<ValueType>> {
    let map = open(MAP_GET_FD_BY_ID, OpenById { id: map_id, next_id: 0, open_flags: READ_ONLY })?;
    let mut info = MapInfo::default();
    describe(&map, &mut info)?;
    let MapInfo { btf_id, btf_value_type_id: type_id, .. } = info;
    Ok((btf_id != 0 && type_id != 0).then_some(ValueType { btf_id, type_id }))
}

/// The bytes of a BTF.
///
/// # Errors
///
/// What the kernel says; `FileTooLarge`.
pub fn btf(btf_id: u32) -> io::Result<Vec<u8>> {
    let btf = open(BTF_GET_FD_BY_ID, OpenById { id: btf_id, next_id: 0, open_flags: 0 })?;
    let mut info = BtfInfo::default();
    describe(&btf, &mut info)?;
    if info.btf_bytes > MOST_BTF_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = vec![0_u8; info.btf_bytes as usize];
    // The kernel writes as many bytes as it is told that there is room for, and never more than it has.
    let mut info = BtfInfo { btf: bytes.as_mut_ptr() as u64, btf_bytes: info.btf_bytes, id: 0 };
    describe(&btf, &mut info)?;
    Ok(bytes)
}

fn open(command: libc::c_int, what: OpenById) -> io::Result<OwnedFd> {
    // SAFETY: `what` is valid for the read of its size; the kernel takes what is missing for 0.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, command, &raw const what, size_of::<OpenById>()) };
    match i32::try_from(fd) {
        // SAFETY: the kernel has just made this descriptor, for us alone.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// `T` is one of the two infos above: integers only, valid whatever the kernel writes.
fn describe<T>(object: &OwnedFd, info: &mut T) -> io::Result<()> {
    let fd = u32::try_from(object.as_raw_fd()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let info_bytes = u32::try_from(size_of::<T>()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let what = GetInfo { fd, info_bytes, info: std::ptr::from_mut(info) as u64 };
    // SAFETY: `what` is valid for the read of its size, `info` for the write of its own; a `BtfInfo` names room for
    // `btf_bytes` bytes, or none.
    let result =
        unsafe { libc::syscall(libc::SYS_bpf, OBJ_GET_INFO_BY_FD, &raw const what, size_of::<GetInfo>()) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
