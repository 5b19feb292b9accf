//! The kernel: its version, types, settings and what it keeps.

use std::{fs, io::ErrorKind, path::Path};

use procfs::sys::kernel::Version;

use super::{line, number};
use crate::{
    btf::{Btf, VMLINUX},
    doctor::KernelFacts,
    observe::{consumers::thread, node, pressure::Pressure},
};

/// Where tracefs shows our hook; the second place is that of kernels before 4.1, and of containers with debugfs alone.
const TRACEPOINT: [&str; 2] = [
    "/sys/kernel/tracing/events/raw_syscalls/sys_exit",
    "/sys/kernel/debug/tracing/events/raw_syscalls/sys_exit",
];

pub(super) fn read() -> KernelFacts {
    let node = node::read();
    let version = Version::current().ok();
    KernelFacts {
        release: node.kernel,
        version: version.map(|version| (version.major, version.minor)),
        preemption: node.preemption,
        types: Btf::read(Path::new(VMLINUX)).map(drop).map_err(|error| error.to_string()),
        has_tracepoint: TRACEPOINT.iter().find_map(|path| exists(path)),
        lockdown: line("/sys/kernel/security/lockdown").and_then(|text| chosen(&text)),
        modules: line("/sys/kernel/security/lsm"),
        unprivileged_bpf_disabled: number("/proc/sys/kernel/unprivileged_bpf_disabled"),
        jit: number("/proc/sys/net/core/bpf_jit_enable"),
        perf_event_paranoid: number("/proc/sys/kernel/perf_event_paranoid"),
        ptrace_scope: number("/proc/sys/kernel/yama/ptrace_scope"),
        has_stalls: Pressure::new(Path::new("/proc")).read(&[]).node.stalls.is_some(),
        // Without them the kernel prints zeros.
        has_run_times: thread::schedstat(Path::new("/proc/self")).is_some_and(|(run_ns, _)| run_ns > 0),
    }
}

/// `None` where tracefs is not mounted, or not for us: its folders are root's alone.
fn exists(path: &str) -> Option<bool> {
    match fs::metadata(path) {
        Ok(_) => Some(true),
        // Mounted, and without this tracepoint.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let events = Path::new(path).ancestors().nth(2)?;
            events.is_dir().then_some(false)
        }
        Err(_) => None,
    }
}

/// From `none [integrity] confidentiality` to `integrity`.
fn chosen(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    rest.split_once(']').map(|(chosen, _)| chosen.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_of_a_list() {
        assert_eq!(chosen("none [integrity] confidentiality").as_deref(), Some("integrity"));
        assert_eq!(chosen("none"), None);
    }

    #[test]
    fn this_kernel_has_a_version_and_keeps_run_times() {
        let kernel = read();
        assert!(kernel.version.is_some_and(|version| version >= (4, 0)) && kernel.release.is_some());
        assert!(kernel.has_run_times, "every kernel with SCHED_INFO does");
    }
}
