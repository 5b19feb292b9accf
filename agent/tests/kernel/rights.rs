//! A child with these rights and no others.

use std::{io, os::unix::process::CommandExt as _, process::Command};

use caps::{CapSet, Capability, CapsHashSet};

/// Whoever is nobody.
const NOBODY: u32 = 65_534;

/// Who a child is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    /// It has CAP_BPF and CAP_PERFMON, which loading programs needs.
    pub(crate) may_load: bool,
    pub(crate) is_root: bool,
    /// Beside those two.
    pub(crate) more: &'static [Capability],
}

impl Rights {
    /// All of its capabilities.
    pub(crate) fn capabilities(&self) -> CapsHashSet {
        let two = [Capability::CAP_BPF, Capability::CAP_PERFMON].into_iter().filter(|_| self.may_load);
        two.chain(self.more.iter().copied()).collect()
    }

    /// `true` if this process may give them away.
    pub(crate) fn are_ours(&self) -> bool {
        caps::read(None, CapSet::Permitted).is_ok_and(|ours| self.capabilities().is_subset(&ours))
    }

    /// The program that `command` starts has these rights.
    pub(crate) fn apply(self, command: &mut Command) {
        let (id, keep) = (if self.is_root { 0 } else { NOBODY }, self.capabilities());
        let others: Vec<Capability> =
            caps::all().into_iter().filter(|capability| !keep.contains(capability)).collect();
        // SAFETY: system calls alone, and what they need was made before the fork.
        unsafe {
            command.pre_exec(move || {
                // What is not in the bounding set an exec as uid 0 does not give back.
                for capability in &others {
                    // One that this kernel does not know is not there either.
                    let _ = caps::drop(None, CapSet::Bounding, *capability);
                }
                let is_done = libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0
                    && libc::setgroups(0, std::ptr::null()) == 0
                    && libc::setresgid(id, id, id) == 0
                    && libc::setresuid(id, id, id) == 0;
                if !is_done {
                    return Err(io::Error::last_os_error());
                }
                for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable, CapSet::Ambient] {
                    caps::set(None, set, &keep).map_err(io::Error::other)?;
                }
                Ok(())
            })
        };
    }
}
