//! Counting and handing over, in Falco's order: `n_evts` counts the attempt, then comes the attempt.

use aya_ebpf::{
    bindings::BPF_RB_NO_WAKEUP,
    helpers::{
        bpf_get_current_pid_tgid,
        generated::{bpf_ktime_get_boot_ns, bpf_ringbuf_output},
    },
};

use super::{
    category::Category,
    maps::{self, Ring},
};
use crate::counter_map;

/// Nobody is woken: the consumer polls.
const FLAGS: u64 = BPF_RB_NO_WAKEUP as u64;

/// An event of variable size with more bytes is dropped before a ring is asked, and counted by itself.
const MOST_BYTES: u64 = 64 * 1024;

/// What every event starts with. Falco's is packed; all members happen to lie at even places, which spares
/// stores of single bytes.
#[repr(C, packed(2))]
pub(crate) struct Header {
    time_ns: u64,
    tid: u64,
    /// The event's, with this header.
    bytes: u32,
    kind: u16,
    parameters: u32,
}

const _: () = assert!(size_of::<Header>() == 26);

impl Header {
    /// Of an event of this thread, now.
    #[inline(always)]
    pub(crate) fn now(kind: u16, bytes: u32, parameters: u32) -> Self {
        Self {
            // SAFETY: no arguments; any context.
            time_ns: maps::boot_time_ns() + unsafe { bpf_ktime_get_boot_ns() },
            tid: bpf_get_current_pid_tgid() & u64::from(u32::MAX),
            bytes,
            kind,
            parameters,
        }
    }
}

/// An event of fixed size: reserved first, so that a full ring costs little, and then filled in.
#[inline(always)]
pub(crate) fn reserve<T: 'static>(category: Category, event: impl FnOnce() -> T) {
    let (Some(counters), Some(ring)) = (maps::own_counters(), maps::own_ring()) else { return };
    counters.n_evts += 1;
    if let Some(mut entry) = ring.reserve_untyped::<T>(0) {
        entry.write(event());
        entry.submit(FLAGS);
    } else {
        refused(counters, category);
    }
}

/// An event of variable size that has been built at `data`.
#[inline(always)]
pub(crate) fn output(category: Category, data: *mut u8, bytes: u64) {
    let (Some(counters), Some(ring)) = (maps::own_counters(), maps::own_ring()) else { return };
    counters.n_evts += 1;
    if bytes > MOST_BYTES {
        counters.n_drops_max_event_size += 1;
        return;
    }
    let ring = core::ptr::from_ref::<Ring>(ring).cast_mut().cast();
    // SAFETY: the verifier knows the map and checks that `bytes` bytes lie at `data`.
    if unsafe { bpf_ringbuf_output(ring, data.cast(), bytes, FLAGS) } != 0 {
        refused(counters, category);
    }
}

#[inline(always)]
fn refused(counters: &mut counter_map, category: Category) {
    counters.n_drops_buffer += 1;
    if let Some(count) = counters.category(category) {
        *count += 1;
    }
}
