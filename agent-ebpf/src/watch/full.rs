//! Looks at rings at each syscall exit: was there room, and had anything come?
//!
//! On the hook of other tools' programs and behind them. A tool that had an event to tell at this syscall has either written
//! it by now, so that the ring's producer has moved since the last look of any CPU, or was refused. Only positions are read.
//! What is made of the counts: `observe/rings/full` of the agent.

use agent_common::full::{
    CLEAR, CLEAR_PART, FULL, FULL_ENTRIES, FULL_RINGS, FullBy, FullLast, FullLooks, FullRing, SMALLEST_BYTES,
    TIGHT,
};
use aya_ebpf::{
    macros::map,
    maps::{Array, PerCpuHashMap},
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
        // SAFETY: a place of the map; other CPUs write it too, see `FullLast`.
        if let Some((room, has_grown)) = unsafe { look(target, last) } {
            count(FullBy { ring: target.id, slot }, room, has_grown);
        }
    }
}

/// How much room there is, and whether anything had come; `None` at the first look.
///
/// # Safety
///
/// `last` must be a place of the map.
#[inline(always)]
unsafe fn look(target: &FullRing, last: *mut FullLast) -> Option<(usize, bool)> {
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
        let grown = producer.wrapping_sub((*last).producer);
        // Another CPU's look may have been newer.
        let has_grown = grown.wrapping_sub(1) < u64::MAX / 2;
        if has_grown {
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
        Some((room, has_grown))
    }
}

#[inline(always)]
fn count(by: FullBy, room: usize, has_grown: bool) {
    let looks = match FULL_LOOKS.get_ptr_mut(by) {
        Some(looks) => looks,
        None => {
            // A table that is full counts no more syscalls; those in it go on.
            let _ = FULL_LOOKS.insert(by, FullLooks { nothing: [0; 3], something: [0; 3] }, 0);
            let Some(looks) = FULL_LOOKS.get_ptr_mut(by) else { return };
            looks
        }
    };
    // SAFETY: this CPU's own; `room` is 0 to 2.
    unsafe {
        let boxes = if has_grown { &raw mut (*looks).something } else { &raw mut (*looks).nothing };
        let count = boxes.cast::<u64>().add(room);
        if room <= FULL {
            *count = (*count).wrapping_add(1);
        }
    }
}
