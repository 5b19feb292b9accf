//! A 32-bit syscall from this 64-bit program, to check that the probe can tell ABIs apart.

/// What a child that made one 32-bit `getppid` came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompatSyscall {
    /// It was made.
    Made,
    /// The kernel takes no 32-bit syscalls, so none can be miscounted.
    Refused,
}

/// Makes one 32-bit `getppid` in a child process: where the kernel has no 32-bit entry, the instruction kills
/// its process.
///
/// # Errors
///
/// When no child can be made.
#[cfg(target_arch = "x86_64")]
pub fn compat_getppid() -> std::io::Result<CompatSyscall> {
    const GETPPID_I386: u32 = 64;
    // SAFETY: the child runs two instructions that touch no memory and ends at once, so it does not matter
    // which locks other threads held at the fork.
    unsafe {
        match libc::fork() {
            -1 => Err(std::io::Error::last_os_error()),
            0 => {
                std::arch::asm!("int 0x80", inlateout("eax") GETPPID_I386 => _, out("r8") _, out("r9") _,
                    out("r10") _, out("r11") _);
                libc::_exit(0)
            }
            child => {
                let mut status = 0;
                if libc::waitpid(child, &raw mut status, 0) != child {
                    return Err(std::io::Error::last_os_error());
                }
                Ok(if libc::WIFEXITED(status) { CompatSyscall::Made } else { CompatSyscall::Refused })
            }
        }
    }
}

/// Other architectures have no 32-bit entry for 64-bit programs.
///
/// # Errors
///
/// None.
#[cfg(not(target_arch = "x86_64"))]
pub fn compat_getppid() -> std::io::Result<CompatSyscall> {
    Ok(CompatSyscall::Refused)
}
