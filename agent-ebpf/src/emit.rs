//! Records: reserve, fill in place, submit; or count the refusal.

use agent_common::{counters::CpuCounters, record::Record};
use aya_ebpf::{
    bindings::BPF_RB_NO_WAKEUP,
    helpers::{bpf_get_smp_processor_id, bpf_ktime_get_ns},
};

use crate::{
    count::increment,
    drops,
    maps::EVENTS,
    task::{Ids, Task},
};

/// Writes one record. Nobody is woken: the consumer comes by itself, often enough for the ring's size.
#[inline(always)]
pub(crate) fn record(counters: *mut CpuCounters, task: &Task, ids: Ids, slot: u32, result: i64) {
    // SAFETY: `counters` is the block of this CPU.
    unsafe { increment(&raw mut (*counters).attempted) };
    let Some(mut entry) = EVENTS.reserve::<Record>(0) else {
        // SAFETY: as above.
        unsafe {
            increment(&raw mut (*counters).dropped);
            drops::refused(&raw mut (*counters).episodes);
        }
        return;
    };
    entry.write(Record {
        // SAFETY: no arguments; any context.
        time_ns: unsafe { bpf_ktime_get_ns() },
        cgroup_id: task.cgroup_id(),
        tgid: ids.tgid,
        tid: ids.tid,
        result: saturate(result),
        slot: slot as u16,
        // SAFETY: as above.
        cpu: unsafe { bpf_get_smp_processor_id() } as u16,
    });
    entry.submit(u64::from(BPF_RB_NO_WAKEUP));
    // SAFETY: as above.
    unsafe { increment(&raw mut (*counters).submitted) };
}

/// See [`Record::result`].
#[inline(always)]
fn saturate(result: i64) -> i32 {
    if result > i32::MAX as i64 {
        i32::MAX
    } else if result < i32::MIN as i64 {
        i32::MIN
    } else {
        result as i32
    }
}
