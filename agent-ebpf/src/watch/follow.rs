//! Whose events another tool dropped, by following its own counters.
//!
//! This program sits on the hook of the tool's and runs after it, because it is attached later. So a counter that has
//! grown since the last look on this CPU was increased for the syscall that ends right now. Since about Linux 6.13 a
//! preemptible kernel may switch tasks between the two: then the other task's look sees the drop. It also sees the event,
//! beside its own if it has one, so that a look at more events than one syscall makes blames nobody; and user space
//! blames no syscall that the tool does not trace.

use agent_common::watch::{Followed, LOSERS, Loser, Loss, NAME_BYTES, TARGETS, Target};
use aya_ebpf::{
    helpers::{bpf_get_current_task, bpf_get_smp_processor_id},
    macros::map,
    maps::{Array, PerCpuHashMap},
};

use crate::{
    event,
    memory::read,
    offsets,
    task::{Access, Task},
};

/// What is followed; user space fills it in.
#[map]
static FOLLOWING: Array<[Target; TARGETS]> = Array::with_max_entries(1, 0);

/// What was last seen, by CPU and target. User space sets their number.
#[map]
static FOLLOWED: Array<Followed> = Array::with_max_entries(TARGETS as u32, 0);

/// What each loser lost.
#[map]
static DROPS: PerCpuHashMap<Loser, Loss> = PerCpuHashMap::with_max_entries(LOSERS, 0);

/// One syscall exit.
#[inline(always)]
pub(crate) fn exit(number: i32) {
    // SAFETY: no arguments; any context.
    let cpu = unsafe { bpf_get_smp_processor_id() } as u32;
    let Some(targets) = FOLLOWING.get(0) else { return };
    for (index, target) in targets.iter().enumerate() {
        if target.address == 0 || cpu >= target.cpus {
            continue;
        }
        let Some(followed) = FOLLOWED.get_ptr_mut(cpu * TARGETS as u32 + index as u32) else { continue };
        look(target, cpu, followed, number);
    }
}

#[inline(always)]
fn look(target: &Target, cpu: u32, followed: *mut Followed, number: i32) {
    let now: [u64; 2] = read(target.address + u64::from(cpu) * u64::from(target.stride));
    // SAFETY: this CPU's.
    unsafe {
        let last = (*followed).last;
        let was_here = (*followed).generation == target.generation;
        (*followed).last = now;
        (*followed).generation = target.generation;
        // Fewer than before: the map has gone, and with it what it counted.
        if now[1] <= last[1] {
            return;
        }
        let (events, drops) = (now[0].wrapping_sub(last[0]), now[1] - last[1]);
        let is_clear = was_here && events <= target.most_events;
        if !is_clear || blame(target.epoch, drops, number) == 0 {
            (*followed).unattributed = (*followed).unattributed.wrapping_add(drops);
        }
    }
}

/// Not inlined: it runs for drops alone. 0 if the table is full.
#[inline(never)]
fn blame(epoch: u64, drops: u64, number: i32) -> u32 {
    let task = Task::current(Access::Loads);
    let loser = Loser {
        cgroup_id: task.cgroup_id(),
        epoch,
        tgid: task.ids().tgid,
        slot: event::slot(number, task.is_compat()),
    };
    let comm = process_name();
    match DROPS.get_ptr_mut(loser) {
        // SAFETY: this CPU's own.
        Some(loss) => unsafe {
            (*loss).drops = (*loss).drops.wrapping_add(drops);
            (*loss).comm = comm;
            1
        },
        None => DROPS.insert(loser, Loss { drops, comm }, 0).is_ok().into(),
    }
}

/// The name of the process, which is that of its first thread; recorded now, because it may have ended by the time that
/// anybody asks.
#[inline(always)]
fn process_name() -> [u8; NAME_BYTES] {
    // SAFETY: no arguments; any context.
    let task = unsafe { bpf_get_current_task() };
    let leader: u64 = read(task + u64::from(offsets::task_group_leader()));
    let name: [u64; 2] = read(leader + u64::from(offsets::task_comm()));
    // SAFETY: sixteen bytes either way.
    unsafe { core::mem::transmute(name) }
}
