//! Refused records: counted, with the time of the first and the last of each episode.

use agent_common::counters::{CpuCounters, CpuOverrun, OVERRUN_GAP_NS, OVERRUNS_KEPT};
use aya_ebpf::helpers::{bpf_jiffies64, bpf_ktime_get_ns};

use crate::count::increment;

/// The ring was full. This path runs exactly when the node has no time to spare, so the clock (30 ns) is read
/// once per tick; the tick counter is one load.
#[inline(always)]
pub(crate) fn refused(counters: *mut CpuCounters) {
    // SAFETY: `counters` is the block of this CPU.
    unsafe {
        increment(&raw mut (*counters).dropped);
        let count = (*counters).overrun_count;
        let tick = bpf_jiffies64();
        if tick != (*counters).last_refusal_tick {
            let now_ns = bpf_ktime_get_ns();
            let last_ns = (*counters).last_refusal_ns;
            (*counters).last_refusal_tick = tick;
            (*counters).last_refusal_ns = now_ns;
            if now_ns > last_ns + OVERRUN_GAP_NS {
                begin(counters, count, now_ns);
                return;
            }
            (*place(counters, count.wrapping_sub(1))).last_ns = now_ns;
        }
        increment(&raw mut (*place(counters, count.wrapping_sub(1))).drops);
    }
}

/// Opens episode number `index`. The count comes last, so that a reader who sees it sees the episode.
#[inline(always)]
unsafe fn begin(counters: *mut CpuCounters, index: u64, now_ns: u64) {
    // SAFETY: the caller's.
    unsafe {
        let overrun = place(counters, index);
        (&raw mut (*overrun).first_ns).write_volatile(now_ns);
        (&raw mut (*overrun).last_ns).write_volatile(now_ns);
        (&raw mut (*overrun).drops).write_volatile(1);
        (&raw mut (*counters).overrun_count).write_volatile(index + 1);
    }
}

/// Where episode number `index` is kept.
#[inline(always)]
unsafe fn place(counters: *mut CpuCounters, index: u64) -> *mut CpuOverrun {
    // SAFETY: masked into the array.
    unsafe { (&raw mut (*counters).overruns).cast::<CpuOverrun>().add(index as usize & (OVERRUNS_KEPT - 1)) }
}
