//! The exact counters.

use core::arch::asm;

use agent_common::{counters::CpuCounters, slot::SLOTS};

use crate::settings;

/// Adds one to a counter of this CPU.
#[inline(always)]
pub(crate) unsafe fn increment(counter: *mut u64) {
    // SAFETY: the caller passes a counter of the block of this CPU.
    unsafe { *counter = (*counter).wrapping_add(1) }
}

/// One run for a thread of dropctl itself.
#[inline(always)]
pub(crate) fn own(counters: *mut CpuCounters) {
    // SAFETY: `counters` is the block of this CPU.
    unsafe { increment(&raw mut (*counters).own) }
}

/// One syscall exit.
#[inline(always)]
pub(crate) fn syscall(counters: *mut CpuCounters, slot: u32) {
    let mut slot = u64::from(slot);
    // The compiler knows that `event::slot` stays below `SLOTS` and would drop the check below, or make it on a copy;
    // the verifier must see it on the very register that is used.
    // SAFETY: moves a register onto itself (an empty block would break the line table of the BTF).
    unsafe { asm!("{0} = {0}", inlateout(reg) slot, options(nomem, nostack, preserves_flags)) };
    if slot < u64::from(SLOTS) {
        // SAFETY: in bounds of the block of this CPU.
        unsafe { increment((&raw mut (*counters).syscalls).cast::<u64>().add(slot as usize)) }
    }
}

/// `true` for one event in `sample`, counted on each CPU: the first, then every `sample`-th.
#[inline(always)]
pub(crate) fn is_sampled(counters: *mut CpuCounters) -> bool {
    if settings::sample() == 1 {
        return true;
    }
    // SAFETY: `counters` is the block of this CPU.
    unsafe {
        let until_next = (*counters).until_next;
        if until_next == 0 {
            (*counters).until_next = settings::sample() - 1;
            true
        } else {
            (*counters).until_next = until_next - 1;
            false
        }
    }
}
