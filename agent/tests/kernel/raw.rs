//! Syscalls by their instruction: what a forked child may use, and numbers that no library would make.

use std::arch::asm;

/// One 64-bit syscall. Returns what the kernel returned.
///
/// # Safety
///
/// As for the syscall itself.
pub(crate) unsafe fn call(number: i64, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result: isize;
    // SAFETY: the registers of the syscall convention; the caller answers for the rest.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => result, in("rdi") a, in("rsi") b, in("rdx") c,
            in("r10") d, in("r8") e, in("r9") f, out("rcx") _, out("r11") _);
    }
    result
}

/// A syscall without pointers, harmless whatever its number: all arguments are 0.
pub(crate) fn bare(number: i64) -> isize {
    // SAFETY: null pointers at most; callers choose numbers that change nothing.
    unsafe { call(number, [0; 6]) }
}

/// A 32-bit syscall without arguments.
pub(crate) fn int80(number: u32) -> i32 {
    let result: i32;
    // SAFETY: callers choose numbers that take no pointers.
    unsafe {
        asm!("int 0x80", inlateout("eax") number => result, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    result
}

/// `fork` or `vfork`, by number, of a child that ends at once.
///
/// In one block of instructions, because a `vfork` child runs on our stack.
pub(crate) fn fork_and_exit(number: i64) -> isize {
    let result: isize;
    // SAFETY: the child changes two registers and ends.
    unsafe {
        asm!("syscall", "test rax, rax", "jnz 2f", "mov eax, 60", "xor edi, edi", "syscall", "2:",
            inlateout("rax") number as isize => result, out("rdi") _, out("rcx") _, out("r11") _);
    }
    result
}

/// Ends the process.
pub(crate) fn exit(code: usize) -> ! {
    loop {
        // SAFETY: does not return.
        unsafe { call(libc::SYS_exit_group, [code, 0, 0, 0, 0, 0]) };
    }
}

/// Sleeps.
pub(crate) fn sleep_us(us: i64) {
    let time = libc::timespec { tv_sec: us / 1_000_000, tv_nsec: us % 1_000_000 * 1000 };
    // SAFETY: `time` is valid for the read.
    unsafe { call(libc::SYS_nanosleep, [&raw const time as usize, 0, 0, 0, 0, 0]) };
}

/// `CLOCK_MONOTONIC`, by the syscall.
pub(crate) fn monotonic_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let place = &raw mut time as usize;
    // SAFETY: `time` is valid for the write.
    unsafe { call(libc::SYS_clock_gettime, [libc::CLOCK_MONOTONIC as usize, place, 0, 0, 0, 0]) };
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// Moves the calling thread to one CPU.
pub(crate) fn pin(cpu: usize) -> bool {
    let mut mask = [0_u64; 16];
    mask[cpu / 64 % 16] |= 1 << (cpu % 64);
    // SAFETY: `mask` is valid for the read of its size.
    unsafe {
        call(libc::SYS_sched_setaffinity, [0, size_of_val(&mask), mask.as_ptr() as usize, 0, 0, 0]) == 0
    }
}

/// Waits for any child.
pub(crate) fn wait_any(status: &mut i32) -> isize {
    // SAFETY: `status` is valid for the write.
    unsafe { call(libc::SYS_wait4, [usize::MAX, std::ptr::from_mut(status) as usize, 0, 0, 0, 0]) }
}
