//! What the programs behind the ring buffer helpers are told, and what they count: records that rings of other tools
//! refused, of which class, whose.
//!
//! Everything is counted per CPU and per helper, because each helper has a program of its own and the kernel lets no
//! program re-enter itself on one CPU: so nothing else writes to a counter while a program adds to it.

use core::mem::size_of;

use crate::counters::Episodes;

/// The consumer had not freed enough.
pub const BEHIND: u32 = 0;
/// A record that is not committed holds most of what is taken; the consumer waits for it as well. Kernels that track
/// it (`bpf_ringbuf.pending_pos`: 6.10 and stable backports).
pub const PENDING: u32 = 1;
/// There was room, but in an NMI the ring's lock was taken.
pub const LOCK: u32 = 2;
/// Larger than the ring can hold.
pub const TOO_BIG: u32 = 3;
/// Flags that the helper does not know.
pub const FLAGS: u32 = 4;
/// There was room again by the time of the look.
pub const RACED: u32 = 5;
/// Number of classes.
pub const CLASSES: usize = 6;

/// `bpf_ringbuf_reserve`.
pub const RESERVE: u32 = 0;
/// `bpf_ringbuf_output`.
pub const OUTPUT: u32 = 1;
/// `bpf_ringbuf_reserve_dynptr` (5.19).
pub const RESERVE_DYNPTR: u32 = 2;

/// Rings that are told apart, times the helpers that each is written with.
pub const RINGS: u32 = 256;

/// Losers that are counted one by one; the drops of others are not attributed.
pub const LOSERS: u32 = 8192;

/// Places in this kernel, beside those of [`crate::watch::Offsets`]. Lies in frozen read-only data.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Places {
    /// Address of `__per_cpu_offset`; 0 where the count of preemption is the task's (arm64).
    pub cpu_bases: u64,
    /// The count of preemption: place in each CPU's area, or in `task_struct`.
    pub preempt_count: u64,
    /// `bpf_ringbuf.mask`.
    pub ringbuf_mask: u32,
    /// `task_struct.flags`.
    pub task_flags: u32,
    /// Where the registers of a syscall begin, from `task_struct.stack`; for kernels without `bpf_task_pt_regs`.
    pub registers: u32,
    /// `task_struct.stack`.
    pub task_stack: u32,
    /// 1 where `bpf_task_pt_regs` exists (5.15).
    pub has_task_registers: u32,
    /// Keeps the size a multiple of 8.
    pub reserved: u32,
}

/// What refusals are counted by.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct RefusedBy {
    /// Map id of the ring.
    pub ring: u32,
    /// [`RESERVE`], [`OUTPUT`] or [`RESERVE_DYNPTR`].
    pub helper: u32,
}

/// Refusals of one ring on one CPU, through one helper.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Refused {
    /// Records by class.
    pub drops: [u64; CLASSES],
    /// Bytes that they would have taken, headers included; those that no ring could hold are left out.
    pub bytes: u64,
    /// Of `drops`: those that no task is to blame for (interrupts, kernel threads, the idle task), or that found the
    /// table of losers full.
    pub unattributed: u64,
    /// When.
    pub episodes: Episodes,
}

/// Who lost events.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct RefusedTo {
    /// cgroup id, 0 where it is not known.
    pub cgroup_id: u64,
    /// Map id of the ring.
    pub ring: u32,
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Syscall, see [`crate::slot`].
    pub slot: u32,
    /// As in [`RefusedBy::helper`].
    pub helper: u32,
}

const _: () = {
    assert!(size_of::<Places>() == 40);
    assert!(size_of::<RefusedBy>() == 8 && size_of::<RefusedTo>() == 24);
    assert!(size_of::<Refused>() == 8 * CLASSES + 16 + size_of::<Episodes>());
};

// SAFETY: `repr(C)`, integers only, no padding (the sizes asserted above are the sums of the fields).
#[cfg(feature = "user")]
unsafe impl aya::Pod for Places {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for RefusedBy {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for Refused {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for RefusedTo {}
