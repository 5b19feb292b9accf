//! What runs on syscall exit: a dispatcher, and a program per kind of event that it tail-calls.
//!
//! Written from facts about Falco's modern probe, without its code: what it counts, in which order, and what a
//! record weighs are the same; what is in the parameters is not. Left out: 32-bit syscalls are taken for native
//! ones with the same number, and there is no sampling.

#![expect(
    clippy::cast_possible_truncation,
    reason = "registers and helpers have 64 bits, their values fewer"
)]

pub(crate) mod category;
mod data;
mod emit;
mod fixed;
mod maps;
mod registers;
mod variable;

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};

use registers::Registers;

/// Is it traced, does this CPU have a ring, which program makes the record.
#[btf_tracepoint(function = "sys_exit")]
fn sys_exit(ctx: BtfTracePointContext) -> i32 {
    let number = Registers::of(&ctx).number();
    if maps::is_interesting(number) && maps::own_ring().is_some() {
        // SAFETY: nothing of ours is alive here that would have to be dropped.
        unsafe { maps::TAIL_TABLE.tail_call(&ctx, number) };
    }
    0
}

/// Any syscall without a program of its own.
#[btf_tracepoint(function = "sys_exit")]
fn generic_x(ctx: BtfTracePointContext) -> i32 {
    fixed::generic(Registers::of(&ctx).number());
    0
}

/// `close`.
#[btf_tracepoint(function = "sys_exit")]
fn close_x(ctx: BtfTracePointContext) -> i32 {
    fixed::close(ctx.arg(1), Registers::of(&ctx).argument(0));
    0
}

/// `open`.
#[btf_tracepoint(function = "sys_exit")]
fn open_x(ctx: BtfTracePointContext) -> i32 {
    variable::open(ctx.arg(1), &Registers::of(&ctx));
    0
}

/// `openat`.
#[btf_tracepoint(function = "sys_exit")]
fn openat_x(ctx: BtfTracePointContext) -> i32 {
    variable::openat(ctx.arg(1), &Registers::of(&ctx));
    0
}

/// `write`.
#[btf_tracepoint(function = "sys_exit")]
fn write_x(ctx: BtfTracePointContext) -> i32 {
    data::write(ctx.arg(1), &Registers::of(&ctx));
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
