//! Whose events another tool dropped, by following its own counters.
//!
//! This program sits on the hook of the tool's and runs after it, because it is attached later. So a counter that has
//! grown since the last look on this CPU was increased for the syscall that ends right now. Since about Linux 6.13 a
//! preemptible kernel may switch tasks between the two: then the other task's look sees the drop. It also sees the event,
//! beside its own if it has one, so that a look at more events than one syscall makes blames nobody; and user space
//! blames no syscall that the tool does not trace.

use agent_common::watch::{Followed, LOSERS, Loser, TARGETS, Target};
use aya_ebpf::{
    helpers::bpf_get_smp_processor_id,
    macros::map,
    maps::{Array, PerCpuHashMap},
};

use crate::{
    event,
    memory::read,
    task::{Access, Task},
};

/// What is followed; user space fills it in.
#[map]
static FOLLOWING: Array<[Target; TARGETS]> = Array::with_max_entries(1, 0);

/// What was last seen, by CPU. User space sets their number.
#[map]
static FOLLOWED: Array<Followed> = Array::with_max_entries(1, 0);

/// Drops by loser.
#[map]
static DROPS: PerCpuHashMap<Loser, u64> = PerCpuHashMap::with_max_entries(LOSERS, 0);

/// One syscall exit.
#[inline(always)]
pub(crate) fn exit(number: i32) {
    // SAFETY: no arguments; any context.
    let cpu = unsafe { bpf_get_smp_processor_id() } as u32;
    let (Some(targets), Some(followed)) = (FOLLOWING.get(0), FOLLOWED.get_ptr_mut(cpu)) else { return };
    for (index, target) in targets.iter().enumerate() {
        if target.address == 0 || cpu >= target.cpus {
            continue;
        }
        let now: [u64; 2] = read(target.address + u64::from(cpu) * u64::from(target.stride));
        // SAFETY: this CPU's; `index` is below TARGETS.
        let (events, drops) = unsafe {
            let last = (&raw mut (*followed).last).cast::<[u64; 2]>().add(index);
            let generation = (&raw mut (*followed).generation).cast::<u64>().add(index);
            let is_first = *generation != target.generation;
            let before = if is_first { now } else { *last };
            *last = now;
            *generation = target.generation;
            (now[0].wrapping_sub(before[0]), now[1].wrapping_sub(before[1]))
        };
        if drops != 0 && events <= target.most_events {
            blame(target.generation, drops, number);
        }
    }
}

/// Not inlined: it runs for drops alone. A table that is full leaves drops unattributed, which user space sees.
#[inline(never)]
fn blame(generation: u64, drops: u64, number: i32) {
    let task = Task::current(Access::Loads);
    let loser = Loser {
        cgroup_id: task.cgroup_id(),
        generation,
        tgid: task.ids().tgid,
        slot: event::slot(number, task.is_compat()),
    };
    match DROPS.get_ptr_mut(loser) {
        // SAFETY: this CPU's own.
        Some(count) => unsafe { *count = (*count).wrapping_add(drops) },
        None => _ = DROPS.insert(loser, drops, 0),
    }
}
