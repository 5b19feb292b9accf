//! Programs to compare with: what the hook costs without us, and what counting costs without the rest.
//!
//! Only dropctl-bench loads them; the agent's object does not hold them.

#![no_std]
#![no_main]
#![allow(unused_crate_dependencies, reason = "the library target of this package is empty")]

use agent_common::{
    counters::CpuCounters,
    slot::{NUMBERS, OTHER},
};
use aya_ebpf::{
    helpers::bpf_get_smp_processor_id,
    macros::{btf_tracepoint, map},
    maps::Array,
    programs::BtfTracePointContext,
};

/// Place of the syscall number in `pt_regs`: `syscallno` on aarch64, `orig_ax` on x86_64. aya-build says for which
/// of them it builds.
const NUMBER_OFFSET: usize = if cfg!(bpf_target_arch = "aarch64") { 280 } else { 120 };

/// The agent's layout of counters (`BPF_F_MMAPABLE`), one block per CPU; user space sets the number.
#[map]
static COUNTERS: Array<CpuCounters> = Array::with_max_entries(1, 1 << 10);

/// The floor: what any program on this hook costs.
#[btf_tracepoint(function = "sys_exit")]
fn floor(_ctx: BtfTracePointContext) -> i32 {
    0
}

/// Counting by number and nothing else: no ABI, no filter, no records.
#[btf_tracepoint(function = "sys_exit")]
fn increment(ctx: BtfTracePointContext) -> i32 {
    let regs: *const u8 = ctx.arg(0);
    // SAFETY: the verifier knows argument 0 as `struct pt_regs *` and checks the load.
    let number = unsafe { regs.add(NUMBER_OFFSET).cast::<u32>().read_volatile() };
    // SAFETY: no arguments; any context.
    let Some(counters) = COUNTERS.get_ptr_mut(unsafe { bpf_get_smp_processor_id() } as u32) else {
        return 0;
    };
    let slot = if number < NUMBERS { number } else { OTHER };
    // SAFETY: in bounds of the block of this CPU, to which nobody else writes while we run.
    unsafe {
        let count = (&raw mut (*counters).syscalls).cast::<u64>().add(slot as usize);
        *count = (*count).wrapping_add(1);
    }
    0
}

/// What a tool counts for each CPU: the first word is events, the second drops (Falco's libs 0.22 and newer).
#[map(name = "counter_maps")]
static TOOL: Array<[u64; 13]> = Array::with_max_entries(1, 0);

/// A tool that counts each syscall as an event, under the name and in the layout that dropctl follows.
#[btf_tracepoint(function = "sys_exit")]
fn tool(_ctx: BtfTracePointContext) -> i32 {
    // SAFETY: no arguments; any context.
    let Some(counters) = TOOL.get_ptr_mut(unsafe { bpf_get_smp_processor_id() } as u32) else { return 0 };
    // SAFETY: this CPU's, to which nobody else writes while we run.
    unsafe { (*counters)[0] = (*counters)[0].wrapping_add(1) };
    0
}

/// The same for one that drops each of them: whoever follows it has to say whose it was, each time.
#[btf_tracepoint(function = "sys_exit")]
fn dropping(_ctx: BtfTracePointContext) -> i32 {
    // SAFETY: no arguments; any context.
    let Some(counters) = TOOL.get_ptr_mut(unsafe { bpf_get_smp_processor_id() } as u32) else { return 0 };
    // SAFETY: as above.
    unsafe {
        (*counters)[0] = (*counters)[0].wrapping_add(1);
        (*counters)[1] = (*counters)[1].wrapping_add(1);
    }
    0
}

/// A panic must not be loadable: the verifier refuses the endless loop.
#[cfg(not(test))]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// As the agent's.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
