//! From the cgroup ids of records to paths, and from paths to what runs there.
//!
//! An id is the inode number of the cgroup's folder in the hierarchy that it is from (`kernfs_node.id`), so a walk over
//! that hierarchy finds it. A cgroup that has gone before anybody looked keeps its number and no name. Left out: names
//! that only Kubernetes or a container runtime knows.

use std::{
    collections::{HashMap, HashSet},
    fs,
    os::unix::fs::{DirEntryExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use crate::{probe::Cgroups as Hierarchy, sample::Workload};

const MOUNTS: &str = "/proc/self/mountinfo";
/// Folders that a walk looks at; a node with 250 pods has about a thousand.
const MOST_FOLDERS: usize = 50_000;
/// Ids whose path, or absence, is remembered.
const MOST_KNOWN: usize = 8192;
/// Digits of a container's id that are shown, as docker and crictl show them.
const ID_DIGITS: usize = 12;
/// Bytes of a name that are shown: whoever may make a cgroup may call it anything.
const MOST_NAME: usize = 100;

/// The cgroups of one hierarchy.
#[derive(Debug, Default)]
pub struct Cgroups {
    /// Where it is mounted; `None` if it is not.
    root: Option<PathBuf>,
    /// Path from the root by id; `None`: there was no such cgroup when it was looked for.
    known: HashMap<u64, Option<PathBuf>>,
}

impl Cgroups {
    /// Those of the hierarchy that the ids of records are from, as far as this process sees it mounted.
    #[must_use]
    pub fn of_node(hierarchy: Hierarchy) -> Self {
        let mounts = fs::read_to_string(MOUNTS).unwrap_or_default();
        Self::new(mount_point(&mounts, hierarchy))
    }

    /// Those below a folder.
    #[must_use]
    pub fn new(root: Option<PathBuf>) -> Self {
        Self { root, known: HashMap::new() }
    }

    /// Looks for those of `ids` that are not known, all in one walk.
    pub fn find(&mut self, ids: impl Iterator<Item = u64>) {
        let mut wanted: HashSet<u64> = ids.filter(|id| !self.known.contains_key(id)).collect();
        let Some(root) = self.root.clone().filter(|_| !wanted.is_empty()) else { return };
        if self.known.len() + wanted.len() > MOST_KNOWN {
            self.known.clear();
        }
        if let Ok(metadata) = fs::metadata(&root)
            && wanted.remove(&metadata.ino())
        {
            self.known.insert(metadata.ino(), Some(PathBuf::new()));
        }
        let mut folders = vec![PathBuf::new()];
        let mut looked_at = 0;
        while let Some(folder) = folders.pop().filter(|_| !wanted.is_empty() && looked_at < MOST_FOLDERS) {
            looked_at += 1;
            // One that has gone meanwhile.
            let Ok(entries) = fs::read_dir(root.join(&folder)) else { continue };
            for entry in entries.flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    let path = folder.join(entry.file_name());
                    if wanted.remove(&entry.ino()) {
                        self.known.insert(entry.ino(), Some(path.clone()));
                    }
                    folders.push(path);
                }
            }
        }
        self.known.extend(wanted.into_iter().map(|id| (id, None)));
    }

    /// Path of a cgroup from the root of its hierarchy, once [`Self::find`] has looked for it; `None` if it was not
    /// there.
    #[must_use]
    pub fn path(&self, id: u64) -> Option<&Path> {
        self.known.get(&id)?.as_deref()
    }

    /// What runs in it; `None` if its path is not known.
    #[must_use]
    pub fn workload(&self, id: u64) -> Option<Workload> {
        self.path(id).map(workload)
    }

    /// Whether it still exists.
    #[must_use]
    pub fn is_alive(&self, id: u64) -> bool {
        let place = self.root.as_ref().zip(self.path(id));
        place.is_some_and(|(root, path)| {
            fs::metadata(root.join(path)).is_ok_and(|metadata| metadata.ino() == id)
        })
    }
}

/// Where a hierarchy is mounted, from the text of a mountinfo file (proc_pid_mountinfo(5)). A mount of the whole
/// hierarchy is better than one of a part of it.
#[must_use]
pub fn mount_point(mounts: &str, hierarchy: Hierarchy) -> Option<PathBuf> {
    let point = |line: &str| {
        let (front, back) = line.split_once(" - ")?;
        let mut front = front.split(' ').skip(3);
        let (root, point) = (front.next()?, front.next()?);
        let mut back = back.split(' ');
        let (kind, options) = (back.next()?, back.nth(1)?);
        let is_it = match hierarchy {
            Hierarchy::V2 => kind == "cgroup2",
            Hierarchy::V1Memory => kind == "cgroup" && options.split(',').any(|option| option == "memory"),
            Hierarchy::None => false,
        };
        // Seen from a namespace of its own, a process finds the whole hierarchy above the root that it is shown.
        let rank = if root.starts_with("/..") { 0 } else { 1 + u8::from(root != "/") };
        is_it.then(|| (rank, PathBuf::from(point)))
    };
    mounts.lines().filter_map(point).min_by_key(|(rank, _)| *rank).map(|(_, point)| point)
}

/// What runs in the cgroup with this path: a container of a pod, another container, a systemd unit, or the end of the
/// path.
#[must_use]
pub fn workload(path: &Path) -> Workload {
    let parts: Vec<String> =
        path.components().map(|part| printable(&part.as_os_str().to_string_lossy())).collect();
    let (mut pod, mut container) = (None, None);
    let is_kubernetes = parts.iter().any(|part| part.contains("kubepods"));
    for part in &parts {
        if is_kubernetes && pod.is_none() {
            pod = pod_uid(part);
        } else if container.is_none() {
            container = container_id(part).map(|id| id[..ID_DIGITS].to_owned());
        }
    }
    if pod.is_none() && container.is_none() {
        container = Some(unit(&parts).unwrap_or_else(|| end(&parts)));
    }
    Workload { namespace: None, pod, container }
}

/// The whole id of the container that the cgroup with this path is, or is a part of; `None` where its path does not tell.
#[must_use]
pub fn container(path: &str) -> Option<&str> {
    path.rsplit('/').find_map(container_id)
}

/// `pod<uid>`, or `kubepods-burstable-pod<uid>.slice` with `_` for `-`, as systemd wants it.
fn pod_uid(part: &str) -> Option<String> {
    let part = part.strip_suffix(".slice").unwrap_or(part);
    let name = part.strip_prefix("pod").or_else(|| part.rsplit_once("-pod").map(|(_, uid)| uid))?;
    let uid = name.replace('_', "-");
    let is_uid = uid.len() >= 32 && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_uid.then_some(uid)
}

/// 64 hexadecimal digits, alone or as `cri-containerd-<id>.scope`, `crio-<id>.scope`, `docker-<id>.scope`.
fn container_id(part: &str) -> Option<&str> {
    let part = part.strip_suffix(".scope").unwrap_or(part);
    let id = part.rsplit(['-', ':']).next()?;
    let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then_some(id)
}

/// The innermost unit that holds processes; of slices alone, the innermost.
fn unit(parts: &[String]) -> Option<String> {
    let innermost = |endings: &[&str]| {
        let is_one = |part: &&String| endings.iter().any(|ending| part.ends_with(ending));
        parts.iter().rev().find(is_one).cloned()
    };
    innermost(&[".service", ".scope", ".socket", ".mount", ".swap"]).or_else(|| innermost(&[".slice"]))
}

fn end(parts: &[String]) -> String {
    match parts {
        [] => "/".to_owned(),
        [only] => only.clone(),
        [.., parent, last] => format!("{parent}/{last}"),
    }
}

fn printable(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    clean.chars().take(MOST_NAME).collect()
}

#[cfg(test)]
mod tests;
