//! The cgroups of a process, from its own up to the root: where their files are, for v1 and v2.
//!
//! Paths in /proc/PID/cgroup and the roots of mounts are both relative to the cgroup namespace of whoever reads, so
//! that they fit together as long as the hierarchy's root, or a folder above the process, is mounted.

use std::path::{Path, PathBuf};

use super::consumers::thread::text;

/// Folders above a cgroup that count: deeper ones do not exist.
const MOST_FOLDERS: usize = 32;

/// Which kind of hierarchy it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One hierarchy for each controller.
    V1,
    /// One for all.
    V2,
}

/// A cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which kind of files it has.
    pub version: Version,
    /// Path below the root of the hierarchy.
    pub path: String,
    /// Its folder.
    pub folder: PathBuf,
}

/// A mounted hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mount {
    /// Controllers of a v1 hierarchy; `None` for v2.
    controllers: Option<Vec<String>>,
    /// Which folder of the hierarchy is mounted.
    root: String,
    /// Where.
    point: PathBuf,
}

/// The hierarchies that are mounted where we look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hierarchies(Vec<Mount>);

impl Hierarchies {
    /// Those of the process that `proc` shows as self.
    #[must_use]
    pub fn read(proc: &Path) -> Self {
        let mounts = std::fs::read_to_string(proc.join("self/mountinfo")).unwrap_or_default();
        Self(mounts.lines().filter_map(Mount::parse).collect())
    }

    /// The cgroup of a process that a controller (`cpu`, `memory`) looks at, and those above it, its own first. `None`
    /// where they cannot be seen.
    #[must_use]
    pub fn of(&self, proc: &Path, tgid: u32, controller: &str) -> Option<Vec<Group>> {
        let text = memberships(proc, tgid)?;
        let has = |names: &str| names.split(',').any(|name| name == controller);
        let first = lines(&text).find(|(names, _)| has(names));
        let (names, path) = first.or_else(|| lines(&text).find(|(names, _)| names.is_empty()))?;
        let is_same = |mount: &&Mount| match &mount.controllers {
            Some(controllers) => has(names) && controllers.iter().any(|name| name == controller),
            None => names.is_empty(),
        };
        self.0.iter().filter(is_same).find_map(|mount| mount.chain(path))
    }
}

impl Mount {
    /// A line of mountinfo (Documentation/filesystems/proc.rst): fields, `-`, type, source, options.
    fn parse(line: &str) -> Option<Self> {
        let (fields, kind) = line.split_once(" - ")?;
        let (mut fields, mut kind) = (fields.split(' ').skip(3), kind.split(' '));
        let (root, point) = (fields.next()?, fields.next()?);
        let controllers = match kind.next()? {
            "cgroup" => Some(kind.nth(1)?.split(',').map(str::to_owned).collect()),
            "cgroup2" => None,
            _ => return None,
        };
        Some(Self { controllers, root: root.to_owned(), point: PathBuf::from(point) })
    }

    fn chain(&self, path: &str) -> Option<Vec<Group>> {
        let below = path.strip_prefix(self.root.trim_end_matches('/'))?;
        // Not a folder of this mount: another one whose name begins alike, or outside of our namespace.
        if !(below.is_empty() || below.starts_with('/')) || below.split('/').any(|name| name == "..") {
            return None;
        }
        let version = if self.controllers.is_some() { Version::V1 } else { Version::V2 };
        let group = |below: &Path| Group {
            version,
            path: Path::new("/").join(below).display().to_string(),
            folder: self.point.join(below),
        };
        let own = Path::new(below.trim_start_matches('/'));
        Some(own.ancestors().take(MOST_FOLDERS).map(group).collect())
    }
}

/// The cgroup that tells best what a process is a part of, whether it is mounted where we look or not: that of v2; where
/// nobody uses that (a hybrid), the memory controller's.
#[must_use]
pub fn membership(proc: &Path, tgid: u32) -> Option<String> {
    let text = memberships(proc, tgid)?;
    let of = |is_it: fn(&str) -> bool| lines(&text).find(|(names, _)| is_it(names)).map(|(_, path)| path);
    let unified = of(str::is_empty);
    let memory = of(|names| names.split(',').any(|name| name == "memory"));
    let path = unified.filter(|path| *path != "/" || memory.is_none()).or(memory)?;
    Some(path.to_owned())
}

fn memberships(proc: &Path, tgid: u32) -> Option<String> {
    text(&proc.join(format!("{tgid}/cgroup"))).ok()
}

/// Controllers, none for v2, and path of each line.
fn lines(memberships: &str) -> impl Iterator<Item = (&str, &str)> {
    memberships.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'))
}

/// A number in a file of one.
#[must_use]
pub fn number(path: &Path) -> Option<u64> {
    text(path).ok()?.trim().parse().ok()
}

/// A number in a file of lines with a name and one; `None` where there is no such line.
#[must_use]
pub fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().filter_map(|line| line.split_once(' ')).find(|(key, _)| *key == name)?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn hierarchies(mounts: &str, memberships: &str) -> (tempfile::TempDir, Hierarchies) {
        let proc = tempfile::tempdir().unwrap();
        for (folder, name, text) in [("self", "mountinfo", mounts), ("7", "cgroup", memberships)] {
            fs::create_dir(proc.path().join(folder)).unwrap();
            fs::write(proc.path().join(folder).join(name), text).unwrap();
        }
        let hierarchies = Hierarchies::read(proc.path());
        (proc, hierarchies)
    }

    fn folders(mounts: &str, memberships: &str, controller: &str) -> Option<Vec<(String, String)>> {
        let (proc, hierarchies) = hierarchies(mounts, memberships);
        let groups = hierarchies.of(proc.path(), 7, controller)?;
        Some(groups.into_iter().map(|group| (group.path, group.folder.display().to_string())).collect())
    }

    #[test]
    fn what_a_process_is_a_part_of() {
        let of = |memberships| membership(hierarchies("", memberships).0.path(), 7);
        assert_eq!(of("0::/system.slice/falco.service\n").as_deref(), Some("/system.slice/falco.service"));
        assert_eq!(of("4:memory:/docker/a\n3:cpu,cpuacct:/x\n0::/\n").as_deref(), Some("/docker/a"));
        assert_eq!(of("4:memory:/docker/a\n0::/b\n").as_deref(), Some("/b"));
        assert_eq!(of("4:memory:/docker/a\n").as_deref(), Some("/docker/a"));
        assert_eq!(of("0::/\n").as_deref(), Some("/"));
        assert_eq!(of("garbage"), None);
        assert_eq!(membership(Path::new("/proc"), u32::MAX), None);
    }

    const HYBRID: &str = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                          35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                          41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    fn pairs(expected: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(expected.iter().map(|(path, folder)| ((*path).to_owned(), (*folder).to_owned())).collect())
    }

    #[test]
    fn controllers_of_version_1_have_hierarchies_of_their_own() {
        let memberships = "4:memory:/m\n1:cpu,cpuacct:/a/b\n0::/u\n";
        let cpu = pairs(&[
            ("/a/b", "/sys/fs/cgroup/cpu/a/b"),
            ("/a", "/sys/fs/cgroup/cpu/a"),
            ("/", "/sys/fs/cgroup/cpu/"),
        ]);
        assert_eq!(folders(HYBRID, memberships, "cpu"), cpu);
        let memory = pairs(&[("/m", "/sys/fs/cgroup/memory/m"), ("/", "/sys/fs/cgroup/memory/")]);
        assert_eq!(folders(HYBRID, memberships, "memory"), memory);
        let io = pairs(&[("/u", "/sys/fs/cgroup/unified/u"), ("/", "/sys/fs/cgroup/unified/")]);
        assert_eq!(folders(HYBRID, memberships, "io"), io);
    }

    #[test]
    fn version_2_alone_and_below_another_root() {
        let mounts = "30 23 0:26 /../../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        let expected = pairs(&[
            ("/pods/p", "/sys/fs/cgroup/pods/p"),
            ("/pods", "/sys/fs/cgroup/pods"),
            ("/", "/sys/fs/cgroup/"),
        ]);
        assert_eq!(folders(mounts, "0::/../../../pods/p\n", "cpu"), expected);
        let own = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(folders(own, "0::/../other\n", "cpu"), None, "outside of our namespace");
        let part = "30 23 0:26 /a /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(folders(part, "0::/ab/c\n", "cpu"), None, "not that folder");
    }

    #[test]
    fn what_is_not_mounted_is_unknown() {
        assert_eq!(folders("", "0::/u\n", "cpu"), None);
        assert_eq!(folders(HYBRID, "", "cpu"), None);
        let (proc, hierarchies) = hierarchies(HYBRID, "0::/u\n");
        assert_eq!(hierarchies.of(proc.path(), 8, "cpu"), None, "a process that is gone");
    }

    #[test]
    fn numbers_and_fields() {
        let text = "nr_periods 10\nnr_throttled 4\nthrottled_time 99\n";
        assert_eq!((field(text, "nr_throttled"), field(text, "nr_bursts")), (Some(4), None));
        assert_eq!(number(Path::new("/nonexistent")), None);
    }
}
