//! What this process may do, and what keeps it from doing more.

use caps::CapSet;
use procfs::process::Process;
use rustix::process::{Resource, geteuid, getrlimit};

use super::{is_initial, line};
use crate::doctor::{LockedMemory, RightsFacts};

/// `PROC_USER_INIT_INO`.
const INITIAL_USER_NAMESPACE: u32 = 0xEFFF_FFFD;

pub(super) fn read() -> RightsFacts {
    let status = Process::myself().and_then(|own| own.status()).ok();
    let limit = getrlimit(Resource::Memlock);
    RightsFacts {
        uid: geteuid().as_raw(),
        effective: caps::read(None, CapSet::Effective).ok(),
        bounding: caps::read(None, CapSet::Bounding).ok(),
        is_initial_user_namespace: is_initial("user", INITIAL_USER_NAMESPACE),
        seccomp: status.as_ref().and_then(|status| status.seccomp),
        no_new_privileges: status.as_ref().and_then(|status| status.nonewprivs).map(|set| set != 0),
        confined_by: line("/proc/self/attr/current").filter(|label| confines(label)),
        locked_memory: LockedMemory { soft_bytes: limit.current, hard_bytes: limit.maximum },
    }
}

/// AppArmor and SELinux have names for those whom they let do as they like.
fn confines(label: &str) -> bool {
    let is_free = label.is_empty()
        || label.starts_with("unconfined")
        || label.contains(":unconfined_t")
        || label.contains(":spc_t")
        || label == "kernel";
    !is_free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_confine() {
        assert!(confines("docker-default (enforce)") && confines("system_u:system_r:container_t:s0:c1,c2"));
        for free in
            ["", "unconfined", "unconfined_u:unconfined_r:unconfined_t:s0", "system_u:system_r:spc_t:s0"]
        {
            assert!(!confines(free), "{free}");
        }
    }

    #[test]
    fn this_process_has_its_capabilities() {
        let rights = read();
        assert!(rights.effective.is_some() && rights.bounding.is_some() && rights.seccomp.is_some());
    }
}
