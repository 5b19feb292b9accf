//! What the syscall was and what it was given: `pt_regs` as `sys_exit` shows them.

use aya_ebpf::programs::BtfTracePointContext;

/// Place of the syscall number: `syscallno` on aarch64, `orig_ax` on x86_64.
const NUMBER: usize = if cfg!(bpf_target_arch = "aarch64") { 280 } else { 120 };
/// Places of the arguments. On aarch64 the result has taken the place of the first one, which is also kept in
/// `orig_x0`.
const ARGUMENTS: [usize; 4] =
    if cfg!(bpf_target_arch = "aarch64") { [272, 8, 16, 24] } else { [112, 104, 96, 56] };

/// The registers of the task that left a syscall.
pub(crate) struct Registers(*const u8);

impl Registers {
    #[inline(always)]
    pub(crate) fn of(ctx: &BtfTracePointContext) -> Self {
        Self(ctx.arg(0))
    }

    /// Syscall number; huge where there is none (-1).
    #[inline(always)]
    pub(crate) fn number(&self) -> u32 {
        // SAFETY: the verifier knows the pointer as `struct pt_regs *` and checks the load.
        unsafe { self.0.add(NUMBER).cast::<u32>().read_volatile() }
    }

    /// Argument `index`.
    #[inline(always)]
    pub(crate) fn argument(&self, index: usize) -> u64 {
        // SAFETY: as above.
        unsafe { self.0.add(ARGUMENTS[index]).cast::<u64>().read_volatile() }
    }
}
