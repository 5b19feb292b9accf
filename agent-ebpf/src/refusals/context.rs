//! In which context the helper was called: only a task that runs its own business can be blamed.

use aya_ebpf::helpers::bpf_get_smp_processor_id;

use crate::{memory::read, places};

/// Bits of the count of preemption (include/linux/preempt.h): serving a softirq, in a hard interrupt, in an NMI.
/// The rest of the softirq bits only says that softirqs are off.
const SOFTIRQ: u32 = 0x100;
const HARDIRQ: u32 = 0xf << 16;
const NMI: u32 = 0xf << 20;
/// `PF_KTHREAD` (include/linux/sched.h).
const KERNEL_THREAD: u32 = 0x0020_0000;

/// Who runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// A process.
    Process,
    /// A kernel thread or the idle task.
    Kernel,
    /// An interrupt.
    Interrupt,
    /// An NMI.
    Nmi,
}

/// The context of this CPU. `task` is the address of the current task.
#[inline(always)]
pub(crate) fn current(task: u64) -> Context {
    let count: u32 = if places::cpu_bases() == 0 {
        read(task + places::preempt_count())
    } else {
        // SAFETY: no arguments; any context.
        let cpu = u64::from(unsafe { bpf_get_smp_processor_id() } as u32);
        let base: u64 = read(places::cpu_bases() + 8 * cpu);
        read(base.wrapping_add(places::preempt_count()))
    };
    if count & NMI != 0 {
        return Context::Nmi;
    }
    if count & (HARDIRQ | SOFTIRQ) != 0 {
        return Context::Interrupt;
    }
    let flags: u32 = read(task + u64::from(places::task_flags()));
    if flags & KERNEL_THREAD != 0 { Context::Kernel } else { Context::Process }
}
