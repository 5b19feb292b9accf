//! Names of syscalls, by slot.

use std::borrow::Cow;

use agent_common::slot::{ABI_SLOTS, COMPAT, NATIVE, NONE, OTHER, X32};

#[cfg(target_arch = "aarch64")]
use syscalls::{aarch64 as native, arm as compat};
#[cfg(target_arch = "x86_64")]
use syscalls::{x86 as compat, x86_64 as native};

/// Prefix of names of the 32-bit ABI.
const COMPAT_PREFIX: &str = if cfg!(target_arch = "x86_64") { "ia32:" } else { "arm32:" };

/// Whether the slot has a name of its own, rather than a number that is newer than our table, or none.
#[must_use]
pub fn is_known(slot: u16) -> bool {
    !name(slot).contains("syscall_")
}

/// Name of a slot: `read`, `ia32:read`, `x32:read`, `none` (an exit without a number), `other` (a number out of
/// range), or `syscall_470` for numbers newer than our table. Numbers of other ABIs never get a native name.
#[must_use]
pub fn name(slot: u16) -> Cow<'static, str> {
    let slot = u32::from(slot);
    let base = slot - slot % ABI_SLOTS;
    let number = slot % ABI_SLOTS;
    let prefix = match base {
        NATIVE => "",
        COMPAT => COMPAT_PREFIX,
        X32 => "x32:",
        _ => return Cow::Borrowed("other"),
    };
    let name = match number {
        NONE => Some("none"),
        OTHER => Some("other"),
        _ if base == COMPAT => compat::Sysno::new(number as usize).map(|sysno| sysno.name()),
        // x32 shares the native table below 512 (arch/x86/entry/syscalls/syscall_64.tbl).
        _ if base == NATIVE || number < 512 => native::Sysno::new(number as usize).map(|sysno| sysno.name()),
        _ => None,
    };
    match (prefix, name) {
        ("", Some(name)) => Cow::Borrowed(name),
        (_, Some(name)) => Cow::Owned(format!("{prefix}{name}")),
        (_, None) => Cow::Owned(format!("{prefix}syscall_{number}")),
    }
}

#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_has_a_name_per_abi() {
        let names = [0, COMPAT, X32].map(|base| name(u16::try_from(base + 1).unwrap()).into_owned());
        assert_eq!(names, ["write", "ia32:exit", "x32:write"]);
    }

    #[test]
    fn what_has_no_name() {
        let names = [NONE, OTHER, 500, COMPAT + OTHER, X32 + 512]
            .map(|slot| name(u16::try_from(slot).unwrap()).into_owned());
        assert_eq!(names, ["none", "other", "syscall_500", "ia32:other", "x32:syscall_512"]);
    }
}
