//! Names of nodes that are words of every report. To look for them would take apart what names no node: the name of a tool, of
//! a distribution or of its kernel. They are no secrets either.

use super::{text, word};

/// As distributions and platforms call themselves, in part or in full.
const DISTRIBUTIONS: &[&str] = &[
    "alma",
    "almalinux",
    "alpine",
    "amazon",
    "arch",
    "archlinux",
    "azure",
    "bottlerocket",
    "centos",
    "coreos",
    "debian",
    "fedora",
    "flatcar",
    "gentoo",
    "gnu",
    "kali",
    "linux",
    "mint",
    "nixos",
    "opensuse",
    "oracle",
    "photon",
    "proxmox",
    "pve",
    "raspbian",
    "redhat",
    "rhel",
    "rocky",
    "suse",
    "talos",
    "ubuntu",
];
/// Processes of known tools that are called otherwise than the tool.
const PROGRAMS: &[&str] =
    &["scap-open", "csysdig", "ig", "gadgettracerman", "cilium-agent", "system-probe", "falcoctl", "kubelet"];
/// Words of dropctl's own sentences that nodes are called by.
const WORDS: &[&str] = &[
    "agent",
    "cgroup",
    "container",
    "cpu",
    "docker",
    "drops",
    "events",
    "host",
    "kernel",
    "kubernetes",
    "localhost",
    "machine",
    "master",
    "memory",
    "node",
    "pod",
    "proc",
    "process",
    "report",
    "rings",
    "root",
    "server",
    "service",
    "syscall",
    "system",
    "test",
    "tools",
    "user",
    "worker",
];

/// Whether a name in lower case is such a word, on a node whose kernel has this release.
pub(super) fn is_everyday(name: &str, release: &str) -> bool {
    let sets = [DISTRIBUTIONS, PROGRAMS, WORDS];
    word::is_tool(name)
        || sets.iter().any(|set| set.contains(&name))
        || text::has_word(&release.to_lowercase(), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_report_name_no_node() {
        for name in ["debian", "falco", "system-probe", "tools", "node", "amd64", "acme"] {
            assert!(is_everyday(name, "6.8.12-8-ACME-amd64"), "{name}");
        }
        for name in ["node7", "worker-3", "acme-1", "debian.acme.example", "acm"] {
            assert!(!is_everyday(name, "6.8.12-8-acme"), "{name}");
        }
    }
}
