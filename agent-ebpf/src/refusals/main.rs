//! Refused records of any tool: programs behind the helpers that write to ring buffers.
//!
//! An object of their own, because kernels from 6.16 on do not let these helpers be traced, and a refused load must
//! change nothing else. Every record of every tool passes here, so a success costs one comparison. Counters are those
//! of this CPU; there are no locks of ours, no output, and no atomics.

#![no_std]
#![no_main]
#![allow(dead_code, reason = "what the programs of the kernel half share, each uses in part")]
#![expect(clippy::cast_possible_truncation, reason = "helpers return 64 bits of which they use 32 or fewer")]

mod class;
mod context;
mod count;
#[path = "../drops.rs"]
mod drops;
#[path = "../event.rs"]
mod event;
#[path = "../watch/memory.rs"]
mod memory;
#[path = "../watch/offsets.rs"]
mod offsets;
mod places;
#[path = "../settings.rs"]
mod settings;
#[path = "../task.rs"]
mod task;

use agent_common::refusals::{OUTPUT, RESERVE, RESERVE_DYNPTR};
use aya_ebpf::{macros::fexit, programs::FExitContext};

use crate::class::Request;

/// Wakeup bits that `bpf_ringbuf_output` knows (`BPF_RB_NO_WAKEUP`, `BPF_RB_FORCE_WAKEUP`).
const WAKEUP_FLAGS: u64 = 3;
/// `-E2BIG`: no dynamic pointer is that long.
const TOO_LONG: i32 = -7;

/// `void *bpf_ringbuf_reserve(map, size, flags)`. Every helper has five arguments in the kernel's types, so that its
/// result is number five.
#[fexit(function = "bpf_ringbuf_reserve")]
fn reserve_exit(context: FExitContext) -> i32 {
    if context.arg::<u64>(5) == 0 {
        let has_bad_flags = context.arg::<u64>(2) != 0;
        count::refused(&Request {
            map: context.arg(0),
            size: context.arg(1),
            has_bad_flags,
            helper: RESERVE,
        });
    }
    0
}

/// `long bpf_ringbuf_output(map, data, size, flags)`.
#[fexit(function = "bpf_ringbuf_output")]
fn output_exit(context: FExitContext) -> i32 {
    if context.arg::<u64>(5) != 0 {
        let has_bad_flags = context.arg::<u64>(3) & !WAKEUP_FLAGS != 0;
        count::refused(&Request { map: context.arg(0), size: context.arg(2), has_bad_flags, helper: OUTPUT });
    }
    0
}

/// `long bpf_ringbuf_reserve_dynptr(map, size, flags, pointer)`, 5.19 and newer. Its size has 32 bits.
#[fexit(function = "bpf_ringbuf_reserve_dynptr")]
fn dynptr_exit(context: FExitContext) -> i32 {
    let result = context.arg::<u64>(5) as i32;
    if result != 0 {
        let has_bad_flags = context.arg::<u64>(2) != 0;
        let size =
            if result == TOO_LONG { u64::from(u32::MAX) } else { u64::from(context.arg::<u64>(1) as u32) };
        count::refused(&Request { map: context.arg(0), size, has_bad_flags, helper: RESERVE_DYNPTR });
    }
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
