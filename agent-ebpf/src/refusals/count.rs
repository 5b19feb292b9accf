//! Counting refusals: by ring and class, and by who lost the event.

use agent_common::{
    refusals::{CLASSES, LOSERS, RINGS, Refused, RefusedBy, RefusedTo},
    watch::Loss,
};
use aya_ebpf::{
    bindings::BPF_NOEXIST,
    helpers::{bpf_get_current_comm, bpf_get_current_task},
    macros::map,
    maps::{Array, PerCpuArray, PerCpuHashMap},
};

use crate::{
    class::{self, Request},
    context::{self, Context},
    drops, event,
    memory::read,
    offsets, places,
    task::{Access, Task},
};

/// Refusals by ring and helper.
#[map]
static REFUSED: PerCpuHashMap<RefusedBy, Refused> = PerCpuHashMap::with_max_entries(RINGS, 0);

/// What an entry of [`REFUSED`] begins with: more than the stack holds.
#[map]
static NOTHING: Array<Refused> = Array::with_max_entries(1, 0);

/// Refusals of rings that found no entry.
#[map]
static UNTRACKED: PerCpuArray<u64> = PerCpuArray::with_max_entries(1, 0);

/// Drops by loser.
#[map]
static REFUSED_TO: PerCpuHashMap<RefusedTo, Loss> = PerCpuHashMap::with_max_entries(LOSERS, 0);

/// Not inlined: it runs for refusals alone.
#[inline(never)]
pub(crate) fn refused(request: &Request) {
    // SAFETY: no arguments; any context.
    let context = context::current(unsafe { bpf_get_current_task() });
    let ring: u32 = read(request.map + u64::from(offsets::map_id()));
    let by = RefusedBy { ring, helper: request.helper };
    let Some(refused) = entry(by, context) else {
        if let Some(untracked) = UNTRACKED.get_ptr_mut(0) {
            // SAFETY: this CPU's own.
            unsafe { *untracked = (*untracked).wrapping_add(1) };
        }
        return;
    };
    let class = class::class(request, context) as usize;
    // SAFETY: this CPU's own; the class is checked to lie in the array.
    unsafe {
        if class < CLASSES {
            let drops = (&raw mut (*refused).drops).cast::<u64>().add(class);
            *drops = (*drops).wrapping_add(1);
        }
        (*refused).bytes = (*refused).bytes.wrapping_add(request.record_bytes());
        drops::refused(&raw mut (*refused).episodes);
        if context != Context::Process || !blame(by) {
            (*refused).unattributed = (*refused).unattributed.wrapping_add(1);
        }
    }
}

/// The counters of a ring. A new entry takes a lock of the kernel's for a moment, so none is made in an NMI: before
/// Linux 5.11 it could meet itself there.
#[inline(always)]
fn entry(by: RefusedBy, context: Context) -> Option<*mut Refused> {
    if let Some(refused) = REFUSED.get_ptr_mut(by) {
        return Some(refused);
    }
    if context == Context::Nmi {
        return None;
    }
    // Another CPU may have made it meanwhile: then this fails, and it is there.
    let _ = REFUSED.insert(by, NOTHING.get(0)?, u64::from(BPF_NOEXIST));
    REFUSED.get_ptr_mut(by)
}

/// Counts for the current task; `false` if the table is full.
#[inline(always)]
fn blame(by: RefusedBy) -> bool {
    let task = Task::current(Access::Loads);
    let loser = RefusedTo {
        cgroup_id: task.cgroup_id(),
        ring: by.ring,
        tgid: task.ids().tgid,
        slot: event::slot(number(&task), task.is_compat()),
        helper: by.helper,
    };
    if let Some(count) = REFUSED_TO.get_ptr_mut(loser) {
        // SAFETY: this CPU's own.
        unsafe { (*count).drops = (*count).drops.wrapping_add(1) };
        return true;
    }
    let comm = bpf_get_current_comm().unwrap_or_default();
    REFUSED_TO.insert(loser, Loss { drops: 1, comm }, 0).is_ok()
}

/// The number of the syscall that the task is in, from the registers that it entered the kernel with.
#[inline(always)]
fn number(task: &Task) -> i32 {
    if places::has_task_registers() != 0
        && let Some(registers) = task.registers()
    {
        // SAFETY: the verifier knows what the helper returns as `struct pt_regs *` and checks the load.
        return unsafe { event::number_by_load(registers) };
    }
    let stack: u64 = read(task.address() + u64::from(places::task_stack()));
    event::number_by_probe((stack + u64::from(places::registers())) as *const u8)
}
