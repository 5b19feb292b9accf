//! Numbering of syscalls: one slot per ABI and number, in a dense table.
//!
//! A kernel takes syscalls through several ABIs (on x86_64: native, 32-bit, x32) whose numbers mean
//! different things. Each ABI has its own range, so that a 32-bit number never counts under a 64-bit name.

/// Numbers below this have a slot of their own. Linux 7.3 ends at 470 on x86_64; x32 ends at 547.
pub const NUMBERS: u32 = 574;
/// Slot, within an ABI, of an exit without a number (-1): `rt_sigreturn` on x86_64, or a syscall that a
/// tracer cancelled.
pub const NONE: u32 = 574;
/// Slot, within an ABI, of all numbers outside the table.
pub const OTHER: u32 = 575;
/// Slots per ABI.
pub const ABI_SLOTS: u32 = 576;

/// First slot of the native ABI.
pub const NATIVE: u32 = 0;
/// First slot of the 32-bit compatibility ABI (i386 on x86_64, arm on aarch64).
pub const COMPAT: u32 = ABI_SLOTS;
/// First slot of x32 (x86_64 only).
pub const X32: u32 = 2 * ABI_SLOTS;

/// Slots of all ABIs.
pub const SLOTS: u32 = 3 * ABI_SLOTS;

const _: () = {
    assert!(NONE == NUMBERS && OTHER == NONE + 1 && ABI_SLOTS == OTHER + 1);
    assert!(SLOTS <= u16::MAX as u32);
};
