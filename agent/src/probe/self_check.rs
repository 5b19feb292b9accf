//! Does the probe tell 32-bit syscalls from 64-bit ones? Tried out where the place of the mark is not known from
//! the kernel's types but from its version.

use agent_common::slot::COMPAT;

use crate::sys::abi::{CompatSyscall, compat_getppid};

/// One run of ours may be skipped by a preemptible kernel (7.2); not so many in a row.
const ATTEMPTS: u32 = 10;

/// Makes a 32-bit `getppid` and looks whether the probe counted it as such.
///
/// # Errors
///
/// A sentence: why the ABI cannot be told.
pub(super) fn check_abi(mut count_of_slot: impl FnMut(u32) -> u64) -> Result<(), String> {
    const GETPPID_I386: u32 = 64;
    let before = count_of_slot(COMPAT + GETPPID_I386);
    for _ in 0..ATTEMPTS {
        match compat_getppid() {
            Ok(CompatSyscall::Made) if count_of_slot(COMPAT + GETPPID_I386) == before => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(format!("the check could not be made: {error}")),
        }
    }
    Err("without BTF the place of the mark is a guess, and the guess was wrong on this kernel".to_owned())
}
