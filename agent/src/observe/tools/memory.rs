//! How many processes of a cgroup the kernel killed for want of memory.

use std::{
    fs::File,
    io::Read as _,
    path::{Component, Path},
};

use super::process::Cgroups;

/// Longest file of this kind: a dozen lines.
const MOST_BYTES: u64 = 4096;

/// Reads it below `mount`, where the cgroup hierarchies are mounted. `None` where nothing tells, and for a cgroup that
/// is not below what this process sees.
pub(super) fn oom_kills(mount: &Path, cgroups: &Cgroups) -> Option<u64> {
    // v1 has it since 4.13, in a file about something else.
    let v1 = || counter(&mount.join("memory"), cgroups.memory_v1.as_deref()?, "memory.oom_control");
    let v2 = |root: &Path| counter(root, cgroups.path.as_deref()?, "memory.events");
    v1().or_else(|| v2(mount)).or_else(|| v2(&mount.join("unified")))
}

fn counter(root: &Path, cgroup: &str, file: &str) -> Option<u64> {
    let below = Path::new(cgroup.trim_start_matches('/'));
    if !below.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let mut text = String::new();
    let path = root.join(below).join(file);
    File::open(path).ok()?.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn of_either_hierarchy() {
        let mount = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = mount.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let of = |path: &str, memory_v1: Option<&str>| {
            let cgroups = Cgroups { path: Some(path.to_owned()), memory_v1: memory_v1.map(str::to_owned) };
            oom_kills(mount.path(), &cgroups)
        };
        assert_eq!(of("/a/b", None), None);
        write("a/b/memory.events", "low 0\nhigh 7\noom 2\noom_kill 1\noom_group_kill 9\n");
        assert_eq!(of("/a/b", None), Some(1));
        write("memory/m/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
        assert_eq!(of("/a/b", Some("/m")), Some(5));
        write("unified/c/memory.events", "oom_kill 3\n");
        assert_eq!(of("/c", None), Some(3));
        assert_eq!(of("/a/../c", None), None, "outside of what we see");
    }
}
