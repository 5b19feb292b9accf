//! Holds a record of a ring without committing it, for as long as a page of user memory is not there. Nothing is
//! attached: it runs while a file is read.

#![no_std]
#![no_main]
#![allow(unused_crate_dependencies, reason = "the library target of this package is empty")]

use core::ffi::c_void;

use aya_ebpf::{
    bindings::BPF_RB_NO_WAKEUP,
    btf_maps::{Array, ArrayOfMaps, RingBuf},
    helpers::generated::bpf_copy_from_user,
    macros::btf_map,
};

/// The ring whose record is held; its size is its own.
#[btf_map(name = "HELD_RING")]
static HELD_RING: ArrayOfMaps<RingBuf<u8, 4096>, 1> = ArrayOfMaps::new();

/// What is read while the record is open: an address of user space; 0 for nothing.
#[btf_map(name = "ORDER")]
static ORDER: Array<u64, 1> = Array::new();

/// A record: 48 bytes on the ring.
type Record = [u64; 5];
const RECORD_BYTES: u32 = 40;
const _: () = assert!(size_of::<Record>() == RECORD_BYTES as usize);

/// Reserves a record and fills it from user memory, once for each order. Sleepable: while that memory is not there, the
/// record stays as it is, reserved and not committed. In the end it is thrown away: no event is in it.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter.s/task")]
extern "C" fn hold(_context: *const c_void) -> i32 {
    let Some(order) = ORDER.get_ptr_mut(0) else { return 0 };
    // SAFETY: the only entry; nobody else writes while the file is read.
    let address = unsafe { *order };
    if address == 0 {
        return 0;
    }
    // SAFETY: as above.
    unsafe { *order = 0 };
    let Some(ring) = HELD_RING.get(0) else { return 0 };
    if let Some(mut entry) = ring.reserve_untyped::<Record>(0) {
        // SAFETY: the record has these bytes; the helper checks the address in user space.
        unsafe {
            bpf_copy_from_user(entry.as_mut_ptr().cast(), RECORD_BYTES, address as *const _);
        }
        entry.discard(u64::from(BPF_RB_NO_WAKEUP));
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
