//! The cheapest syscall there is, without libc around it.

/// Number of `getppid` on this architecture.
#[cfg(target_arch = "x86_64")]
pub(crate) const NUMBER: u16 = 110;
/// Number of `getppid` on this architecture.
#[cfg(target_arch = "aarch64")]
pub(crate) const NUMBER: u16 = 173;

/// Makes `calls` calls.
pub(crate) fn repeat(calls: u64) {
    for _ in 0..calls {
        once();
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn once() {
    // SAFETY: `getppid` takes no pointers; the registers that the instruction clobbers are declared.
    unsafe {
        std::arch::asm!("syscall", inlateout("rax") u64::from(NUMBER) => _, out("rcx") _, out("r11") _,
            options(nostack));
    }
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn once() {
    // SAFETY: `getppid` takes no pointers and clobbers its result alone.
    unsafe {
        std::arch::asm!("svc #0", in("x8") u64::from(NUMBER), lateout("x0") _, options(nostack));
    }
}
