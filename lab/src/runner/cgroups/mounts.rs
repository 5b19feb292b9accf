//! The hierarchies that can limit something, and what.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

/// Which interface files there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
}

/// A mounted hierarchy.
#[derive(Debug)]
pub(super) struct Hierarchy {
    pub(super) mount: PathBuf,
    pub(super) version: Version,
    controllers: Vec<String>,
}

/// What scenarios limit, by the names of v2; v1 says `blkio` for `io`.
const WANTED: [&str; 3] = ["cpu", "memory", "io"];

/// All hierarchies with something to limit, and v2 in any case: workloads are told apart by it.
pub(super) fn find() -> Result<Vec<Hierarchy>> {
    let text = fs::read_to_string("/proc/self/mounts").context("read /proc/self/mounts")?;
    let found: Vec<_> = text.lines().filter_map(hierarchy).collect();
    ensure!(!found.is_empty(), "no cgroups are mounted here; scenarios need them");
    Ok(found)
}

fn hierarchy(line: &str) -> Option<Hierarchy> {
    let mut words = line.split(' ').skip(1);
    let mount = PathBuf::from(words.next()?);
    let kind = words.next()?;
    let options = words.next()?.split(',');
    let wanted = |name: &str| WANTED.contains(&name).then(|| name.to_owned());
    match kind {
        "cgroup" => {
            let names = options.map(|name| if name == "blkio" { "io" } else { name });
            let controllers: Vec<_> = names.filter_map(wanted).collect();
            (!controllers.is_empty()).then_some(Hierarchy { mount, version: Version::V1, controllers })
        }
        "cgroup2" => {
            let names = fs::read_to_string(mount.join("cgroup.controllers")).unwrap_or_default();
            let controllers = names.split_whitespace().filter_map(wanted).collect();
            Some(Hierarchy { mount, version: Version::V2, controllers })
        }
        _ => None,
    }
}

impl Hierarchy {
    pub(super) fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|name| name == controller)
    }

    /// Lets groups in this folder have the controllers too. v1 needs no such thing.
    pub(super) fn pass_down(&self, folder: &Path) -> Result<()> {
        if self.version == Version::V2 && !self.controllers.is_empty() {
            let all = self.controllers.iter().map(|name| format!("+{name}")).collect::<Vec<_>>().join(" ");
            let file = folder.join("cgroup.subtree_control");
            fs::write(&file, &all).with_context(|| format!("write {all:?} to {}", file.display()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read() {
        let line = "cgroup /sys/fs/cgroup/blkio cgroup rw,relatime,blkio 0 0";
        let blkio = hierarchy(line).unwrap();
        assert!(blkio.has("io") && !blkio.has("cpu") && blkio.version == Version::V1);
        assert!(hierarchy("cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0").is_none());
        assert!(hierarchy("proc /proc proc rw 0 0").is_none());
        let both = hierarchy("cgroup /c cgroup rw,cpu,cpuacct 0 0").unwrap();
        assert!(both.has("cpu") && !both.has("cpuacct"));
        assert_eq!(hierarchy("none /nowhere cgroup2 rw 0 0").unwrap().version, Version::V2);
    }
}
