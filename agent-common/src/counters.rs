//! What the kernel half counts, one block per CPU.
//!
//! Only its own CPU writes to a block, without atomics: before Linux 7.2 a syscall tracepoint runs with
//! preemption off, and since then the kernel skips a program that it would re-enter on the same CPU
//! (`recursion_misses`). User space reads the blocks through a read-only mapping.

use core::mem::{offset_of, size_of};

use crate::slot::SLOTS;

/// Refusals further apart than this belong to different overruns.
pub const OVERRUN_GAP_NS: u64 = 100_000_000;

/// Episodes kept per CPU. A new one starts at most every [`OVERRUN_GAP_NS`], so user space loses none while
/// it looks at least every `OVERRUNS_KEPT * 100 ms`.
pub const OVERRUNS_KEPT: usize = 16;

/// One episode in which the ring refused records of this CPU.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct CpuOverrun {
    /// First refusal, `CLOCK_MONOTONIC` ns.
    pub first_ns: u64,
    /// Last refusal so far, up to one kernel tick early (the clock is read once per tick).
    pub last_ns: u64,
    /// Records refused.
    pub drops: u64,
}

/// Episodes of refusals on one CPU.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Episodes {
    /// Overruns begun on this CPU; the newest is `overruns[(count - 1) % OVERRUNS_KEPT]`.
    pub count: u64,
    /// Last refusal, as in [`CpuOverrun::last_ns`].
    pub last_refusal_ns: u64,
    /// The kernel's tick counter (`jiffies`) at that time.
    pub last_refusal_tick: u64,
    /// Ring of the last episodes.
    pub overruns: [CpuOverrun; OVERRUNS_KEPT],
}

/// Counters of one CPU.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub struct CpuCounters {
    /// Records tried: `ringbuf_reserve` was called.
    pub attempted: u64,
    /// Records committed.
    pub submitted: u64,
    /// Records refused by the ring.
    pub dropped: u64,
    /// Runs for dropctl's own threads: left out of everything else.
    pub own: u64,
    /// Events to pass over before the next record (`--sample`).
    pub until_next: u64,
    /// When the ring refused records.
    pub episodes: Episodes,
    /// Syscall exits by slot. Their sum is the number of events seen on this CPU.
    pub syscalls: [u64; SLOTS as usize],
}

const _: () = {
    assert!(size_of::<CpuOverrun>() == 24);
    assert!(offset_of!(CpuCounters, episodes) == 40 && size_of::<Episodes>() == 24 + 24 * OVERRUNS_KEPT);
    assert!(offset_of!(CpuCounters, syscalls) == 64 + 24 * OVERRUNS_KEPT);
    assert!(size_of::<CpuCounters>() == 64 + 24 * OVERRUNS_KEPT + 8 * SLOTS as usize);
    assert!(OVERRUNS_KEPT.is_power_of_two());
};

// SAFETY: `repr(C)`, integers only, no padding (the size is the sum of the fields, asserted above).
#[cfg(feature = "user")]
unsafe impl aya::Pod for CpuCounters {}
