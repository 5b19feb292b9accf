//! A cgroup of a test's own, in either version.

use std::{fs, path::PathBuf, thread, time::Duration};

use anyhow::{Context as _, Result};

/// Controllers, where they are mounted in version 1, and a file that is there then.
const V1: [(&str, &str, &str); 3] = [
    ("cpu", "/sys/fs/cgroup/cpu", "cpu.cfs_quota_us"),
    ("cpu", "/sys/fs/cgroup/cpu,cpuacct", "cpu.cfs_quota_us"),
    ("memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
];
const V2: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/// A cgroup with one controller; gone with all its processes back above when dropped.
pub(crate) struct Cgroup {
    folder: PathBuf,
    above: PathBuf,
    is_v1: bool,
}

impl Cgroup {
    /// `None`, said, where the controller is not there.
    pub(crate) fn new(controller: &str, name: &str) -> Result<Option<Self>> {
        let v1 = V1.iter().filter(|(of, ..)| *of == controller);
        let v1 = v1.map(|(_, folder, file)| (PathBuf::from(folder), file));
        let v1 = v1.into_iter().find_map(|(folder, file)| folder.join(file).exists().then_some(folder));
        let has_controller = |folder: &PathBuf| {
            let all = fs::read_to_string(folder.join("cgroup.controllers")).unwrap_or_default();
            all.split_whitespace().any(|name| name == controller)
        };
        let (above, is_v1) = match (v1, V2.into_iter().map(PathBuf::from).find(has_controller)) {
            (Some(folder), _) => (folder, true),
            (None, Some(folder)) => {
                fs::write(folder.join("cgroup.subtree_control"), format!("+{controller}"))
                    .with_context(|| format!("turn {controller} on"))?;
                (folder, false)
            }
            (None, None) => {
                println!("skip: no cgroup hierarchy with the {controller} controller is mounted");
                return Ok(None);
            }
        };
        let folder = above.join(format!("dropctl-test-{name}-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("make {}", folder.display()))?;
        Ok(Some(Self { folder, above, is_v1 }))
    }

    pub(crate) fn path(&self) -> String {
        format!("/{}", self.folder.file_name().unwrap_or_default().display())
    }

    fn set(&self, name: &str, value: &str) -> Result<()> {
        let file = self.folder.join(name);
        fs::write(&file, value).with_context(|| format!("write {}", file.display()))
    }

    pub(crate) fn set_quota(&self, quota_us: u32, period_us: u32) -> Result<()> {
        if !self.is_v1 {
            return self.set("cpu.max", &format!("{quota_us} {period_us}"));
        }
        self.set("cpu.cfs_period_us", &period_us.to_string())?;
        self.set("cpu.cfs_quota_us", &quota_us.to_string())
    }

    pub(crate) fn set_weight(&self, (shares, weight): (u32, u32)) -> Result<()> {
        let (name, value) = if self.is_v1 { ("cpu.shares", shares) } else { ("cpu.weight", weight) };
        self.set(name, &value.to_string())
    }

    pub(crate) fn set_memory(&self, bytes: u64) -> Result<()> {
        self.set(if self.is_v1 { "memory.limit_in_bytes" } else { "memory.max" }, &bytes.to_string())
    }

    /// Processes in it that the kernel has killed for want of memory.
    pub(crate) fn oom_kills(&self) -> Result<u64> {
        let file = self.folder.join(if self.is_v1 { "memory.oom_control" } else { "memory.events" });
        let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        Ok(count.with_context(|| format!("no oom_kill in {}", file.display()))?.trim().parse()?)
    }

    pub(crate) fn take(&self, pid: u32) -> Result<()> {
        self.set("cgroup.procs", &pid.to_string())
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for pid in fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default().lines() {
            let _ = fs::write(self.above.join("cgroup.procs"), pid);
        }
        // One whose last process has just ended may be busy for a moment.
        for _ in 0..100 {
            if fs::remove_dir(&self.folder).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}
