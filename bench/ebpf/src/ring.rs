//! A ring that fills on demand: for rings that somebody watches. Nothing is attached; a run is one `BPF_PROG_TEST_RUN`.

#![no_std]
#![no_main]
#![allow(unused_crate_dependencies, reason = "the library target of this package is empty")]

use aya_ebpf::{
    bindings::BPF_RB_NO_WAKEUP,
    macros::{map, raw_tracepoint},
    maps::RingBuf,
    programs::RawTracePointContext,
};

/// Records of one run.
const RECORDS: u32 = 64;

#[map]
static RING: RingBuf = RingBuf::with_byte_size(1 << 20, 0);

/// Puts records of 48 bytes in, headers included, as Falco's for a syscall without arguments.
#[raw_tracepoint(tracepoint = "sys_enter")]
fn fill(_ctx: RawTracePointContext) -> i32 {
    for _ in 0..RECORDS {
        let Some(mut entry) = RING.reserve::<[u64; 5]>(0) else { return 0 };
        entry.write([0; 5]);
        entry.submit(u64::from(BPF_RB_NO_WAKEUP));
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
