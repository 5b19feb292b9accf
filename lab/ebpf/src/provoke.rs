//! A producer that gets refused on purpose. Nothing is attached: it runs when user space asks for it
//! (`BPF_PROG_TEST_RUN`).

#![no_std]
#![no_main]
#![allow(unused_crate_dependencies, reason = "the library target of this package is empty")]
#![expect(clippy::cast_possible_truncation, reason = "sizes of records, 2 MiB at most")]

use core::{ffi::c_void, mem::MaybeUninit};

use aya_ebpf::{
    bindings::{BPF_RB_NO_WAKEUP, bpf_dynptr},
    helpers::generated::{bpf_ringbuf_reserve_dynptr, bpf_ringbuf_submit_dynptr},
    macros::map,
    maps::{Array, RingBuf},
};

/// User space sets its size.
#[map]
static RING: RingBuf = RingBuf::with_byte_size(4096, 0);

/// More than the largest ring that user space asks for holds.
type Large = [u64; (2 << 20) / 8];

#[map]
static LARGE: Array<Large> = Array::with_max_entries(1, 0);

/// A record: 48 bytes on the ring.
type Small = [u64; 5];

const NO_WAKEUP: u64 = BPF_RB_NO_WAKEUP as u64;
/// Not one of the flags that any helper knows.
const UNKNOWN_FLAG: u64 = 1 << 7;
/// What is asked for, as `provoke::programs` numbers it: a record, one too large, one with unknown flags.
const TOO_BIG: u64 = 1;
const BAD_FLAGS: u64 = 2;

/// The first argument of a run. aya's macro for raw tracepoints would throw the result of the program away.
#[inline(always)]
fn kind(context: *const u64) -> u64 {
    // SAFETY: the context of a raw tracepoint is an array of arguments.
    unsafe { context.read_volatile() }
}

/// 1 if the ring refused.
#[unsafe(no_mangle)]
#[unsafe(link_section = "raw_tp/sys_enter")]
extern "C" fn attempt_reserve(context: *const u64) -> i32 {
    match kind(context) {
        TOO_BIG => match RING.reserve::<Large>(0) {
            Some(entry) => entry.submit(NO_WAKEUP),
            None => return 1,
        },
        kind => match RING.reserve::<Small>(if kind == BAD_FLAGS { UNKNOWN_FLAG } else { 0 }) {
            Some(mut entry) => {
                entry.write([0; 5]);
                entry.submit(NO_WAKEUP);
            }
            None => return 1,
        },
    }
    0
}

/// As above.
#[unsafe(no_mangle)]
#[unsafe(link_section = "raw_tp/sys_enter")]
extern "C" fn attempt_output(context: *const u64) -> i32 {
    let result = match kind(context) {
        TOO_BIG => match LARGE.get(0) {
            Some(large) => RING.output::<Large>(large, NO_WAKEUP),
            None => return 0,
        },
        BAD_FLAGS => RING.output::<Small>([0; 5], UNKNOWN_FLAG),
        _ => RING.output::<Small>([0; 5], NO_WAKEUP),
    };
    i32::from(result.is_err())
}

/// As above; Linux 5.19 and newer.
#[unsafe(no_mangle)]
#[unsafe(link_section = "raw_tp/sys_enter")]
extern "C" fn attempt_reserve_dynptr(context: *const u64) -> i32 {
    let kind = kind(context);
    let bytes = if kind == TOO_BIG { size_of::<Large>() } else { size_of::<Small>() } as u32;
    let flags = if kind == BAD_FLAGS { UNKNOWN_FLAG } else { 0 };
    let mut pointer = MaybeUninit::<bpf_dynptr>::uninit();
    // SAFETY: the ring lives as long as the program; the helper fills the pointer in whatever it returns, and it has to
    // be submitted even if it is none.
    unsafe {
        let ring = (&raw const RING).cast_mut().cast::<c_void>();
        let result = bpf_ringbuf_reserve_dynptr(ring, bytes, flags, pointer.as_mut_ptr());
        bpf_ringbuf_submit_dynptr(pointer.as_mut_ptr(), NO_WAKEUP);
        i32::from(result != 0)
    }
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
