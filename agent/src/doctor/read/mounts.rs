//! File systems and namespaces, and how far into other processes they let us see.

use std::{
    fs,
    path::{Path, PathBuf},
};

use procfs::process::{MountInfo, Process};

use super::is_initial;
use crate::{
    doctor::{MountFacts, Reach},
    observe::falco::root::Root,
};

/// `PROC_PID_INIT_INO`.
const INITIAL_PID_NAMESPACE: u32 = 0xEFFF_FFFC;
/// `PROC_CGROUP_INIT_INO`.
const INITIAL_CGROUP_NAMESPACE: u32 = 0xEFFF_FFFB;
/// Processes that are tried: a large node has thousands.
const MOST_PROCESSES: usize = 512;

pub(super) fn read() -> MountFacts {
    let all = Process::myself().and_then(|own| own.mountinfo()).map(|mounts| mounts.0).unwrap_or_default();
    facts(&all)
}

fn facts(all: &[MountInfo]) -> MountFacts {
    let point =
        |kind: &str| all.iter().find(|mount| mount.fs_type == kind).map(|mount| mount.mount_point.clone());
    let points = |kind: &str| -> Vec<PathBuf> {
        all.iter().filter(|mount| mount.fs_type == kind).map(|mount| mount.mount_point.clone()).collect()
    };
    let is_cgroup = |mount: &&MountInfo| matches!(mount.fs_type.as_str(), "cgroup" | "cgroup2");
    // Mounted from outside of our namespace, as a hostPath volume is.
    let from_above = all.iter().filter(is_cgroup).any(|mount| mount.root.starts_with("/.."));
    let is_initial_cgroup = is_initial("cgroup", INITIAL_CGROUP_NAMESPACE);
    MountFacts {
        is_initial_pid_namespace: is_initial("pid", INITIAL_PID_NAMESPACE),
        hidepid: all.iter().filter(|mount| mount.mount_point == Path::new("/proc")).find_map(hidepid),
        cgroup_v2: point("cgroup2"),
        cgroup_v1: points("cgroup"),
        sees_all_cgroups: is_initial_cgroup.map(|is_initial| is_initial || from_above),
        tracefs: point("tracefs"),
        bpffs: point("bpf"),
        reach: reach(Path::new("/proc")),
    }
}

/// `invisible` or `2` and its kin; `off` hides nothing (Documentation/filesystems/proc.rst).
fn hidepid(mount: &MountInfo) -> Option<String> {
    let value = mount.super_options.get("hidepid")?.clone()?;
    (!matches!(value.as_str(), "0" | "off")).then_some(value)
}

/// Tries each process but our own. What is opened is closed at once, and nothing in it is read.
fn reach(proc: &Path) -> Reach {
    let own = std::process::id();
    let pids = fs::read_dir(proc).into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut reach = Reach::default();
    for pid in pids.filter(|pid| *pid != own).take(MOST_PROCESSES) {
        let process = proc.join(pid.to_string());
        reach.tried += 1;
        reach.files += usize::from(fs::read_dir(process.join("fd")).is_ok());
        reach.roots += usize::from(Root::open(&process.join("root")).is_ok());
    }
    reach
}

#[cfg(test)]
mod tests {
    use procfs::FromRead as _;

    use super::*;

    fn mounts(text: &str) -> Vec<MountInfo> {
        procfs::process::MountInfos::from_read(text.as_bytes()).unwrap().0
    }

    #[test]
    fn mounts_are_told_apart() {
        let all = mounts(
            "20 1 0:5 / /proc rw,nosuid - proc proc rw,hidepid=invisible\n\
             21 1 0:6 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n\
             22 1 0:7 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
             23 1 0:8 / /sys/kernel/tracing rw - tracefs tracefs rw\n",
        );
        let facts = facts(&all);
        assert_eq!(facts.hidepid.as_deref(), Some("invisible"));
        assert_eq!(facts.cgroup_v2.as_deref(), Some(Path::new("/sys/fs/cgroup")));
        assert_eq!(facts.cgroup_v1, [Path::new("/sys/fs/cgroup/memory")]);
        assert_eq!(facts.tracefs.as_deref(), Some(Path::new("/sys/kernel/tracing")));
        assert_eq!(facts.bpffs, None);
        let open = mounts("20 1 0:5 / /proc rw - proc proc rw,hidepid=0\n");
        assert_eq!(hidepid(&open[0]), None);
    }

    #[test]
    fn processes_are_tried_one_by_one() {
        let proc = tempfile::tempdir().unwrap();
        for folder in ["7/fd", "7/root", "8/root", "9"] {
            fs::create_dir_all(proc.path().join(folder)).unwrap();
        }
        fs::create_dir_all(proc.path().join("sys")).unwrap();
        assert_eq!(reach(proc.path()), Reach { tried: 3, files: 1, roots: 2 });
    }
}
