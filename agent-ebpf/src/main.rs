//! The kernel half: one program on syscall exit, in two forms, and one that tells us who we are.
//!
//! Only entry points live here. What they do is in `event` (number and ABI), `task` (who), `count`, `emit`
//! (records) and `drops` (refused records).

#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]
#![expect(clippy::cast_possible_truncation, reason = "helpers return 64 bits of which they use 16 or 32")]

mod count;
mod drops;
mod emit;
mod event;
mod maps;
mod settings;
mod task;

use aya_ebpf::{
    EbpfContext as _,
    macros::{btf_tracepoint, raw_tracepoint},
    programs::{BtfTracePointContext, RawTracePointContext},
};

/// `tp_btf/sys_exit`: the kernel's types are known, so its memory is read by plain loads.
#[btf_tracepoint(function = "sys_exit")]
fn sys_exit_btf(ctx: BtfTracePointContext) -> i32 {
    // SAFETY: the verifier knows argument 0 as `struct pt_regs *` and checks every load through it.
    let number = unsafe { event::number_by_load(ctx.arg(0)) };
    on_exit(task::Access::Loads, number, ctx.arg(1));
    0
}

/// Raw tracepoint `sys_exit`, for kernels without BTF: memory is read through a helper.
#[raw_tracepoint(tracepoint = "sys_exit")]
fn sys_exit_raw(ctx: RawTracePointContext) -> i32 {
    let number = event::number_by_probe(ctx.arg(0));
    on_exit(task::Access::Probes, number, ctx.arg(1));
    0
}

#[inline(always)]
fn on_exit(access: task::Access, number: i32, result: i64) {
    let task = task::Task::current(access);
    let tgid_tid = task.ids();
    let Some(counters) = maps::own_cpu() else { return };
    if tgid_tid.tgid == task::own_tgid() {
        count::own(counters);
        return;
    }
    let slot = event::slot(number, task.is_compat());
    count::syscall(counters, slot);
    if settings::streams() && count::is_sampled(counters) {
        emit::record(counters, &task, tgid_tid, slot, result);
    }
}

/// Run once by user space with `BPF_PROG_TEST_RUN`, in its own context: stores its process id as the initial
/// pid namespace sees it, which a container cannot read anywhere else.
#[raw_tracepoint(tracepoint = "sys_enter")]
fn whoami(ctx: RawTracePointContext) -> i32 {
    let tgid = ctx.tgid();
    task::set_own_tgid(tgid);
    aya_log_ebpf::info!(&ctx, "self-check: dropctl is process {} of the initial pid namespace", tgid);
    0
}

/// A panic must not be loadable: the verifier refuses the endless loop.
#[cfg(not(test))]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// The helpers we call are for GPL-compatible programs only; the kernel half may be used under GPL-2.0.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
