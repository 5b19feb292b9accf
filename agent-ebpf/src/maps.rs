//! The maps: counters by CPU, and the ring.

use agent_common::counters::CpuCounters;
use aya_ebpf::{
    helpers::bpf_get_smp_processor_id,
    macros::map,
    maps::{Array, RingBuf},
};

/// `BPF_F_MMAPABLE` (include/uapi/linux/bpf.h, 5.5): user space reads the counters without a syscall.
const MMAPABLE: u32 = 1 << 10;

/// One block per possible CPU; user space sets the number. A plain array with a block per CPU instead of a
/// per-CPU array, because only a plain one can be mapped.
#[map]
static COUNTERS: Array<CpuCounters> = Array::with_max_entries(1, MMAPABLE);

/// User space sets the size.
#[map]
pub(crate) static EVENTS: RingBuf = RingBuf::with_byte_size(4096, 0);

/// The block of the CPU we run on. Nobody else writes to it while we run (see `agent_common::counters`).
#[inline(always)]
pub(crate) fn own_cpu() -> Option<*mut CpuCounters> {
    // SAFETY: no arguments; any context.
    COUNTERS.get_ptr_mut(unsafe { bpf_get_smp_processor_id() } as u32)
}
