//! Paths. The folders that every Linux node or every installation of a known tool has stay, and so do the tool's own files:
//! which of Falco's files set a key is what a report is read for. What is below or beside them becomes one pseudonym, with
//! its ending.

use super::{Kind, Redactor, cgroup, text};
use crate::sample::ConfigurationFacts;

/// Folders that say nothing about who runs the node.
const FOLDERS: &[&str] = &[
    "/boot",
    "/dev",
    "/etc",
    "/etc/falco",
    "/etc/falco/config.d",
    "/etc/falco/rules.d",
    "/etc/falcoctl",
    "/etc/systemd",
    "/etc/systemd/system",
    "/home",
    "/host",
    "/lib",
    "/lib/modules",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/run/containerd",
    "/run/crio",
    "/run/dropctl",
    "/run/falco",
    "/run/systemd",
    "/srv",
    "/sys",
    "/sys/fs",
    "/sys/fs/bpf",
    "/sys/fs/cgroup",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib/systemd/system",
    "/usr/local",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/share",
    "/usr/share/falco",
    "/usr/share/falco/plugins",
    "/var",
    "/var/lib",
    "/var/run",
];

/// Files of packages, and the pages of Falco's web server.
const FILES: &[&str] = &[
    "/",
    "/dev/null",
    "/etc/falco/config.d/engine-kind-falcoctl.yaml",
    "/etc/falco/config.d/falco.container_plugin.yaml",
    "/etc/falco/config.d/falco.iso8601_timeformat.yaml",
    "/etc/falco/falco.local.yaml",
    "/etc/falco/falco.yaml",
    "/etc/falco/falco_rules.local.yaml",
    "/etc/falco/falco_rules.yaml",
    "/etc/falco/falco-incubating_rules.yaml",
    "/etc/falco/falco-sandbox_rules.yaml",
    "/etc/falco/k8s_audit_rules.yaml",
    "/etc/falcoctl/falcoctl.yaml",
    "/etc/os-release",
    "/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/dropctl/agent.sock",
    "/run/falco/falco.sock",
    "/usr/bin/bpftrace",
    "/usr/bin/dropctl",
    "/usr/bin/falco",
    "/usr/bin/falcoctl",
    "/usr/bin/scap-open",
    "/usr/bin/sysdig",
    "/usr/bin/tetragon",
    "/usr/local/bin/dropctl",
    "/usr/local/bin/falco",
    "/usr/share/falco/plugins/libcontainer.so",
    "/usr/share/falco/plugins/libjson.so",
    "/usr/share/falco/plugins/libk8saudit.so",
    "/usr/share/falco/plugins/libk8smeta.so",
    "/metrics",
    "/versions",
    "/healthz",
    "/var/run/docker.sock",
];

/// Endings that say what a file is, and no more.
const ENDINGS: &[&str] = &[
    ".yaml",
    ".yml",
    ".jsonl.gz",
    ".json.gz",
    ".jsonl",
    ".json",
    ".toml",
    ".conf",
    ".cfg",
    ".so",
    ".sock",
    ".log",
    ".db",
    ".pid",
    ".txt",
    ".scap",
    ".gz",
];

/// Below a process's folder in /proc they lead into its own file system.
const DOORS: [&str; 2] = ["/root/", "/cwd/"]; // lint: place

const CGROUPS: &str = "/sys/fs/cgroup";
/// Of /proc and /sys what the kernel names stays; below these is what others named.
const OF_OTHERS: [&str; 2] = ["/sys/fs/bpf", "/sys/fs/cgroup"];

/// An absolute path.
pub(super) fn path(redactor: &mut Redactor, real: &str) -> String {
    if is_known(real) {
        return real.to_owned();
    }
    // Where it leads, its folders do not tell.
    if real.split('/').any(|part| part == "..") {
        return below(redactor, "", real);
    }
    // Whether a remedy's file is in a folder is told by the two names (`remedies::settings`).
    let of_remedy =
        real.strip_suffix(ConfigurationFacts::REMEDY_FILE).and_then(|rest| rest.strip_suffix('/'));
    if let Some(folder) = of_remedy.filter(|folder| !folder.is_empty()) {
        return format!("{}/{}", path(redactor, folder), ConfigurationFacts::REMEDY_FILE);
    }
    // A node's root, mounted into a pod.
    if let Some(on_node) = real.strip_prefix("/host").filter(|rest| rest.starts_with('/')) {
        return format!("/host{}", path(redactor, on_node));
    }
    if let Some(below) = real.strip_prefix(CGROUPS).filter(|rest| rest.starts_with('/')) {
        return format!("{CGROUPS}{}", cgroup::file(redactor, below));
    }
    let is_of_kernel = ["/proc/", "/sys/"].iter().any(|tree| real.starts_with(tree))
        && !OF_OTHERS.iter().any(|tree| real.starts_with(tree));
    if is_of_kernel { of_kernel(redactor, real) } else { below_known(redactor, real) }
}

fn is_known(real: &str) -> bool {
    let bare = if real.len() > 1 { real.trim_end_matches('/') } else { real };
    FILES.contains(&bare) || FOLDERS.contains(&bare)
}

/// `/proc/PID/root` and `/proc/PID/cwd` lead into the file system of a process: what follows is a path there.
fn of_kernel(redactor: &mut Redactor, real: &str) -> String {
    for door in DOORS {
        if real.starts_with("/proc/")
            && let Some(at) = real.find(door)
        {
            let (front, rest) = real.split_at(at + door.len() - 1);
            return format!("{front}{}", path(redactor, rest));
        }
    }
    let parts: Vec<String> =
        real.split('/').map(|part| text::token(redactor, part).unwrap_or_else(|| part.to_owned())).collect();
    parts.join("/")
}

/// The longest known folder, and a pseudonym for what is below it.
fn below_known(redactor: &mut Redactor, real: &str) -> String {
    let cuts = real.match_indices('/').map(|(at, _)| at).rev();
    let known = cuts.map(|at| &real[..at]).find(|folder| FOLDERS.contains(folder)).unwrap_or_default();
    below(redactor, known, &real[known.len()..])
}

/// A pseudonym for `rest`, which is below `known`.
fn below(redactor: &mut Redactor, known: &str, rest: &str) -> String {
    let rest = rest.trim_matches('/');
    let ending = ENDINGS.iter().find(|ending| rest.ends_with(*ending)).copied().unwrap_or_default();
    let name = redactor.name(Kind::Path, rest.strip_suffix(ending).unwrap_or(rest));
    format!("{known}/{name}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::tests::redactor;

    #[test]
    fn what_every_node_has_stays() {
        for real in [
            "/",
            "/etc/falco/falco.yaml",
            "/etc/falco/config.d/zz-dropctl.yaml",
            "/usr/bin/falco",
            "/proc/1/status",
            "/proc/pressure/cpu",
            "/sys/kernel/btf/vmlinux",
            "/sys/devices/system/cpu/online",
            "/metrics",
            "/etc/falco/",
            "/host/proc/1/stat",
            "/sys/fs/cgroup/system.slice/falco.service/cpu.max",
            "/proc/7/root/etc/falco/falco.yaml",
        ] {
            assert_eq!(path(&mut redactor(), real), real);
        }
    }

    #[test]
    fn what_is_below_has_a_pseudonym() {
        for (real, front, ending) in [
            ("/etc/falco/config.d/acme.yaml", "/etc/falco/config.d/path-", ".yaml"),
            ("/srv/acme/config.d/zz-dropctl.yaml", "/srv/path-", "/zz-dropctl.yaml"),
            ("/srv/acme/../zz-dropctl.yaml", "/path-", ".yaml"),
            ("/home/alice/acme/key", "/home/path-", ""), // lint: place
            ("/acme", "/path-", ""),
            ("/acme/falco.yaml", "/path-", ".yaml"),
            ("/etc/falco.acme/falco.yaml", "/etc/path-", ".yaml"),
            ("/proc/7/root/srv/acme/x.log", "/proc/7/root/srv/path-", ".log"),
            ("/host/srv/acme", "/host/srv/path-", ""),
            ("/sys/fs/bpf/acme", "/sys/fs/bpf/path-", ""),
            ("/sys/fs/cgroup/acme/cpu.max", "/sys/fs/cgroup/cgroup-", "/cpu.max"),
            ("/proc/sys/net/ipv4/10.1.2.3", "/proc/sys/net/ipv4/ip-", ""),
            ("/proc/../srv/acme", "/path-", ""),
            ("/sys/fs/cgroup/../../../srv/acme.yaml", "/path-", ".yaml"),
            ("/proc/7/root/../acme", "/path-", ""),
            ("/host/proc/../acme", "/path-", ""),
            ("/sys/fs/cgroup/io.acme", "/sys/fs/cgroup/cgroup-", ""),
        ] {
            let redacted = path(&mut redactor(), real);
            assert!(redacted.starts_with(front) && redacted.ends_with(ending), "{real}: {redacted}");
            assert!(!redacted.contains("acme") && !redacted.contains("alice"), "{real}: {redacted}");
        }
        let mut redactor = redactor();
        let mut of = |real| path(&mut redactor, real);
        assert_eq!(of("/srv/acme/config.d/"), of("/srv/acme/config.d"), "one folder");
    }
}
