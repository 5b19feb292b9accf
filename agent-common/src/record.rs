//! One entry of our own ring buffer.

use core::mem::{align_of, offset_of, size_of};

/// One syscall exit, as the kernel half saw it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Record {
    /// `CLOCK_MONOTONIC`, nanoseconds.
    pub time_ns: u64,
    /// cgroup id (inode of its directory), 0 where the kernel half was told that it cannot know.
    pub cgroup_id: u64,
    /// Process id (thread group) in the initial pid namespace.
    pub tgid: u32,
    /// Thread id in the initial pid namespace.
    pub tid: u32,
    /// Return value of the syscall. Errors (-4095..-1) and counts are exact; values that do not fit in
    /// 32 bits (addresses of `mmap`) saturate.
    pub result: i32,
    /// ABI and number, see [`crate::slot`].
    pub slot: u16,
    /// CPU that the syscall returned on.
    pub cpu: u16,
}

/// Bytes of ring space that one record takes: the kernel puts an 8-byte header before each record.
/// (`BPF_RINGBUF_HDR_SZ`, include/uapi/linux/bpf.h)
pub const RECORD_FOOTPRINT_BYTES: u64 = 8 + size_of::<Record>() as u64;

const _: () = {
    assert!(size_of::<Record>() == 32);
    assert!(align_of::<Record>() == 8);
    assert!(offset_of!(Record, cgroup_id) == 8);
    assert!(offset_of!(Record, tgid) == 16);
    assert!(offset_of!(Record, tid) == 20);
    assert!(offset_of!(Record, result) == 24);
    assert!(offset_of!(Record, slot) == 28);
    assert!(offset_of!(Record, cpu) == 30);
};

// SAFETY: `repr(C)`, integers only, no padding (asserted above): any bit pattern is a value.
#[cfg(feature = "user")]
unsafe impl aya::Pod for Record {}
