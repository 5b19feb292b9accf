//! Which syscall returned: its number, and the ABI that the number belongs to.

use agent_common::slot;
use aya_ebpf::helpers::bpf_probe_read_kernel;

use crate::settings;

/// The number from `pt_regs`: `orig_ax` on x86_64, `syscallno` on aarch64. Its low 32 bits are the number on
/// both (little-endian).
///
/// # Safety
///
/// `regs` must be a pointer whose type the verifier knows.
#[inline(always)]
pub(crate) unsafe fn number_by_load(regs: *const u8) -> i32 {
    // SAFETY: the offset is that of the member in this kernel; the verifier checks the load.
    unsafe { regs.add(settings::number_offset() as usize).cast::<i32>().read_volatile() }
}

/// The same through the helper; no number (-1) if the memory cannot be read.
#[inline(always)]
pub(crate) fn number_by_probe(regs: *const u8) -> i32 {
    // SAFETY: the helper checks the address.
    unsafe { bpf_probe_read_kernel(regs.wrapping_add(settings::number_offset() as usize).cast::<i32>()) }
        .unwrap_or(-1)
}

/// The slot to count under.
///
/// A number out of range goes to `other`; it is never masked into somebody else's slot.
#[inline(always)]
pub(crate) fn slot(number: i32, is_compat: bool) -> u32 {
    let x32_bit = settings::x32_bit();
    let mut number = number as u32;
    let mut base = slot::NATIVE;
    if is_compat {
        base = slot::COMPAT;
    } else if x32_bit != 0 && number != u32::MAX && number & x32_bit != 0 {
        base = slot::X32;
        number &= !x32_bit;
    }
    base + if number < slot::NUMBERS {
        number
    } else if number == u32::MAX {
        slot::NONE
    } else {
        slot::OTHER
    }
}
