//! Looks at rings at each syscall exit: was there room, and had anything come?
//!
//! On the hook of other tools' programs and behind them. A tool that had an event to tell at this syscall has either written
//! it by now, so that the ring's producer has moved since the last look of any CPU, or was refused. Only positions are read.
//! What is made of the counts: `observe/rings/full` of the agent.

use agent_common::full::{
    CLEAR, CLEAR_PART, FULL, FULL_ENTRIES, FULL_RINGS, FullBy, FullLast, FullLooks, FullRing, FullSeen,
    SMALLEST_BYTES, TIGHT,
};
use aya_ebpf::{
    macros::map,
    maps::{Array, PerCpuArray, PerCpuHashMap},
};

use crate::{
    event,
    memory::read,
    offsets,
    task::{Access, Task},
};

/// What is looked at; user space fills it in.
#[map]
static FULL_TARGETS: Array<[FullRing; FULL_RINGS]> = Array::with_max_entries(1, 0);

/// What was last seen of each.
#[map]
static FULL_LAST: Array<FullLast> = Array::with_max_entries(FULL_RINGS as u32, 0);

/// What this CPU last saw of each.
#[map]
static FULL_SEEN: PerCpuArray<FullSeen> = PerCpuArray::with_max_entries(FULL_RINGS as u32, 0);

/// What was seen.
#[map]
static FULL_LOOKS: PerCpuHashMap<FullBy, FullLooks> = PerCpuHashMap::with_max_entries(FULL_ENTRIES, 0);

/// One syscall exit.
#[inline(always)]
pub(crate) fn exit(number: i32) {
    let Some(targets) = FULL_TARGETS.get(0) else { return };
    let slot = event::slot(number, Task::current(Access::Loads).is_compat());
    for (index, target) in targets.iter().enumerate() {
        if target.map == 0 {
            continue;
        }
        let Some(last) = FULL_LAST.get_ptr_mut(index as u32) else { continue };
        let Some(seen) = FULL_SEEN.get_ptr_mut(index as u32) else { continue };
        // SAFETY: places of the maps; other CPUs write the first too, see `FullLast`.
        if let Some(look) = unsafe { look(target, last, seen) } {
            count(FullBy { ring: target.id, slot }, look);
        }
    }
}

/// What one look finds.
struct Look {
    /// [`CLEAR`], [`TIGHT`] or [`FULL`].
    room: usize,
    /// Bytes that had come since the last look of any CPU.
    grown: u64,
    /// None, but some since the last look of this CPU.
    is_elsewhere: bool,
}

/// `None` at the first look.
///
/// # Safety
///
/// Both must be places of their maps.
#[inline(always)]
unsafe fn look(target: &FullRing, last: *mut FullLast, seen: *mut FullSeen) -> Option<Look> {
    // SAFETY: the caller's.
    unsafe {
        if (*last).generation != target.generation {
            let ring: u64 = read(target.map + u64::from(offsets::map_ringbuf()));
            let producer = read(ring + u64::from(offsets::ringbuf_producer()));
            *last = FullLast { generation: target.generation, ring, producer, smallest: 0 };
            return None;
        }
        let ring = (*last).ring;
        let consumer: u64 = read(ring + u64::from(offsets::ringbuf_consumer()));
        let producer: u64 = read(ring + u64::from(offsets::ringbuf_producer()));
        let mut grown = producer.wrapping_sub((*last).producer);
        // Another CPU's look may have been newer.
        if grown > u64::MAX / 2 {
            grown = 0;
        }
        if grown > 0 {
            (*last).producer = producer;
            if (*last).smallest == 0 || grown < (*last).smallest {
                (*last).smallest = grown;
            }
        }
        let smallest = if (*last).smallest == 0 { SMALLEST_BYTES } else { (*last).smallest };
        let left = target.mask.saturating_sub(producer.wrapping_sub(consumer));
        let room = if left < smallest {
            FULL
        } else if left < target.mask / CLEAR_PART {
            TIGHT
        } else {
            CLEAR
        };
        let seen_before = (*seen).producer;
        let is_first = (*seen).generation != target.generation;
        *seen = FullSeen { generation: target.generation, producer };
        Some(Look { room, grown, is_elsewhere: !is_first && grown == 0 && producer != seen_before })
    }
}

#[inline(always)]
fn count(by: FullBy, Look { room, grown, is_elsewhere }: Look) {
    let looks = match FULL_LOOKS.get_ptr_mut(by) {
        Some(looks) => looks,
        None => {
            // A table that is full counts no more syscalls; those in it go on.
            let nothing =
                FullLooks { nothing: [0; 3], something: [0; 3], elsewhere: 0, bytes: 0, smallest: 0 };
            let _ = FULL_LOOKS.insert(by, nothing, 0);
            let Some(looks) = FULL_LOOKS.get_ptr_mut(by) else { return };
            looks
        }
    };
    // SAFETY: this CPU's own; `room` is 0 to 2.
    unsafe {
        let boxes = if grown > 0 { &raw mut (*looks).something } else { &raw mut (*looks).nothing };
        let count = boxes.cast::<u64>().add(room);
        if room <= FULL {
            *count = (*count).wrapping_add(1);
        }
        if room == CLEAR && is_elsewhere {
            (*looks).elsewhere = (*looks).elsewhere.wrapping_add(1);
        }
        if room == CLEAR && grown > 0 {
            (*looks).bytes = (*looks).bytes.wrapping_add(grown);
            if (*looks).smallest == 0 || grown < (*looks).smallest {
                (*looks).smallest = grown;
            }
        }
    }
}
