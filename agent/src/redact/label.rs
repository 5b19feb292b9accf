//! Labels of security modules. Those of distributions and of runtimes stay, because they say what may refuse dropctl
//! something; a profile or a type that somebody made for a program is called after it.

use super::{Kind, Redactor};

/// Profiles of AppArmor that come with runtimes.
const PROFILES: &[&str] = &[
    "unconfined",
    "cri-containerd.apparmor.d",
    "crio-default",
    "docker-default",
    "lxc-container-default",
    "lxc-container-default-cgns",
    "nerdctl-default",
];
const MODES: &[&str] = &["enforce", "complain", "kill", "prompt", "mixed", "unconfined"];
/// Users, roles and types of SELinux's reference policy and of container-selinux.
const CONTEXTS: &[&str] = &[
    "system_u",
    "unconfined_u",
    "root",
    "user_u",
    "staff_u",
    "sysadm_u",
    "system_r",
    "unconfined_r",
    "object_r",
    "user_r",
    "staff_r",
    "sysadm_r",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_logreader_t",
    "container_runtime_t",
    "init_t",
    "initrc_t",
    "kernel_t",
    "spc_t",
    "staff_t",
    "svirt_lxc_net_t",
    "sysadm_t",
    "unconfined_service_t",
    "unconfined_t",
    "user_t",
];

/// Such as `docker-default (enforce)` or `system_u:system_r:container_t:s0:c1,c2`.
pub(super) fn label(redactor: &mut Redactor, real: &str) -> String {
    let profile = real.strip_suffix(')').and_then(|real| real.rsplit_once(" ("));
    if let Some((name, mode)) = profile.filter(|(_, mode)| MODES.contains(mode)) {
        return format!("{} ({mode})", one(redactor, PROFILES, name));
    }
    if !real.contains(':') {
        return one(redactor, PROFILES, real);
    }
    // Its level is made of sensitivities and categories.
    let is_level = |part: &str| {
        part.starts_with(['s', 'c'])
            && part.bytes().all(|byte| byte.is_ascii_digit() || b"sc,.-".contains(&byte))
    };
    let parts: Vec<String> = real
        .split(':')
        .map(|part| if is_level(part) { part.to_owned() } else { one(redactor, CONTEXTS, part) })
        .collect();
    parts.join(":")
}

fn one(redactor: &mut Redactor, known: &[&str], real: &str) -> String {
    if known.contains(&real) { real.to_owned() } else { redactor.name(Kind::Name, real) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::tests::redactor;

    #[test]
    fn what_runtimes_bring_stays_and_what_somebody_made_does_not() {
        for real in ["docker-default (enforce)", "system_u:system_r:container_t:s0:c12,c345", "unconfined"] {
            assert_eq!(label(&mut redactor(), real), real);
        }
        for (real, front, ending) in [
            ("/usr/bin/acme-agent (enforce)", "name-", " (enforce)"),
            ("system_u:system_r:acme_agent.process:s0", "system_u:system_r:name-", ":s0"),
            ("acme", "name-", ""),
            ("docker-default//&acme (enforce)", "name-", " (enforce)"),
            ("docker-default (acme)", "name-", ""),
        ] {
            let redacted = label(&mut redactor(), real);
            assert!(redacted.starts_with(front) && redacted.ends_with(ending), "{real}: {redacted}");
            assert!(!redacted.contains("acme"), "{real}: {redacted}");
        }
    }
}
