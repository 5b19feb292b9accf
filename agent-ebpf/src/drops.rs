//! When a ring refused records: the time of the first and the last of each episode, and how many.

use agent_common::counters::{CpuOverrun, Episodes, OVERRUN_GAP_NS, OVERRUNS_KEPT};
use aya_ebpf::helpers::{bpf_jiffies64, bpf_ktime_get_ns};

/// The ring was full. This path runs exactly when the node has no time to spare, so the clock (30 ns) is read
/// once per tick; the tick counter is one load.
#[inline(always)]
pub(crate) fn refused(episodes: *mut Episodes) {
    // SAFETY: `episodes` are this CPU's.
    unsafe {
        let count = (*episodes).count;
        let tick = bpf_jiffies64();
        if tick != (*episodes).last_refusal_tick {
            let now_ns = bpf_ktime_get_ns();
            let last_ns = (*episodes).last_refusal_ns;
            (*episodes).last_refusal_tick = tick;
            (*episodes).last_refusal_ns = now_ns;
            if now_ns > last_ns + OVERRUN_GAP_NS {
                begin(episodes, count, now_ns);
                return;
            }
            (*place(episodes, count.wrapping_sub(1))).last_ns = now_ns;
        }
        let drops = &raw mut (*place(episodes, count.wrapping_sub(1))).drops;
        *drops = (*drops).wrapping_add(1);
    }
}

/// Opens episode number `index`. The count comes last, so that a reader who sees it sees the episode.
#[inline(always)]
unsafe fn begin(episodes: *mut Episodes, index: u64, now_ns: u64) {
    // SAFETY: the caller's.
    unsafe {
        let overrun = place(episodes, index);
        (&raw mut (*overrun).first_ns).write_volatile(now_ns);
        (&raw mut (*overrun).last_ns).write_volatile(now_ns);
        (&raw mut (*overrun).drops).write_volatile(1);
        (&raw mut (*episodes).count).write_volatile(index + 1);
    }
}

/// Where episode number `index` is kept.
#[inline(always)]
unsafe fn place(episodes: *mut Episodes, index: u64) -> *mut CpuOverrun {
    // SAFETY: masked into the array.
    unsafe { (&raw mut (*episodes).overruns).cast::<CpuOverrun>().add(index as usize & (OVERRUNS_KEPT - 1)) }
}
