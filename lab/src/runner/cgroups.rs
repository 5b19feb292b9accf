//! Cgroups of the lab, in every hierarchy there is: v1, v2, or both beside each other. All of them end with this.
//!
//! The lab as a whole has the greatest weight that there is, so that whatever else a machine does takes little CPU time
//! from a scenario; inside, weights are those of the scenario.

mod disk;
mod mounts;

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use crate::scenario::{Limits, Setup};
use mounts::{Hierarchy, Version};

const NAME: &str = "dropctl-lab-";
/// In the words of v2.
const WEIGHT: u64 = 100;
const GREATEST_WEIGHT: u64 = 10_000;
const PERIOD_MS: u64 = 100;
/// v1 has weights of 2 to this, and 1024 for 100.
const GREATEST_SHARES: u64 = 262_144;
/// A group is busy until its last process is gone for good.
const PATIENCE: Duration = Duration::from_secs(5);

/// The groups. Dropping them removes them.
#[derive(Debug)]
pub(super) struct Cgroups {
    hierarchies: Vec<Hierarchy>,
    base: String,
    groups: Vec<String>,
}

impl Cgroups {
    /// Makes a group for all others, and removes what a run left that was killed.
    pub(super) fn new() -> Result<Self> {
        let hierarchies = mounts::find()?;
        hierarchies.iter().for_each(|hierarchy| sweep(&hierarchy.mount));
        let cgroups = Self { hierarchies, base: format!("{NAME}{}", std::process::id()), groups: Vec::new() };
        for hierarchy in &cgroups.hierarchies {
            hierarchy.pass_down(&hierarchy.mount)?;
            let folder = hierarchy.mount.join(&cgroups.base);
            make(&folder)?;
            hierarchy.pass_down(&folder)?;
            cgroups.set(
                hierarchy,
                &folder,
                &Limits { weight: Some(GREATEST_WEIGHT), ..Limits::default() },
            )?;
        }
        Ok(cgroups)
    }

    /// A new group: its folder in each hierarchy.
    pub(super) fn group(&mut self, name: &str, limits: &Limits) -> Result<Vec<PathBuf>> {
        self.groups.push(name.to_owned());
        let mut folders = Vec::new();
        for hierarchy in &self.hierarchies {
            let folder = hierarchy.mount.join(&self.base).join(name);
            make(&folder)?;
            self.set(hierarchy, &folder, limits)?;
            folders.push(folder);
        }
        Ok(folders)
    }

    /// Takes all limits off a group, so that what is in it can end.
    pub(super) fn lift(&self, name: &str) -> Result<()> {
        for hierarchy in &self.hierarchies {
            let folder = hierarchy.mount.join(&self.base).join(name);
            for (controller, file, text) in match hierarchy.version {
                Version::V1 => [
                    ("cpu", "cpu.cfs_quota_us", "-1".to_owned()),
                    ("cpu", "cpu.shares", GREATEST_SHARES.to_string()),
                    ("memory", "memory.limit_in_bytes", "-1".to_owned()),
                    ("io", "blkio.throttle.write_bps_device", format!("{} 0", disk::of_temporary_files()?)),
                ],
                Version::V2 => [
                    ("cpu", "cpu.max", "max".to_owned()),
                    ("cpu", "cpu.weight", GREATEST_WEIGHT.to_string()),
                    ("memory", "memory.max", "max".to_owned()),
                    ("io", "io.max", format!("{} wbps=max", disk::of_temporary_files()?)),
                ],
            } {
                if hierarchy.has(controller) {
                    write(&folder.join(file), &text)?;
                }
            }
        }
        Ok(())
    }

    fn set(&self, hierarchy: &Hierarchy, folder: &Path, limits: &Limits) -> Result<()> {
        let set = |file: &str, text: String| write(&folder.join(file), &text);
        let is_v1 = hierarchy.version == Version::V1;
        if hierarchy.has("cpu") {
            let weight = limits.weight.unwrap_or(WEIGHT);
            match is_v1 {
                true => set("cpu.shares", (weight * 1024 / WEIGHT).clamp(2, GREATEST_SHARES).to_string())?,
                false => set("cpu.weight", weight.to_string())?,
            }
            if let Some(percent) = limits.cpu_percent {
                let period_us = limits.period_ms.unwrap_or(PERIOD_MS) * 1000;
                let quota_us = period_us * percent / 100;
                match is_v1 {
                    true => {
                        set("cpu.cfs_period_us", period_us.to_string())?;
                        set("cpu.cfs_quota_us", quota_us.to_string())?;
                    }
                    false => set("cpu.max", format!("{quota_us} {period_us}"))?,
                }
            }
        }
        if let Some(mib) = limits.memory_mib
            && hierarchy.has("memory")
        {
            set(if is_v1 { "memory.limit_in_bytes" } else { "memory.max" }, (mib << 20).to_string())?;
        }
        if let Some(kib) = limits.write_kib
            && hierarchy.has("io")
        {
            let disk = disk::of_temporary_files()?;
            match is_v1 {
                true => set("blkio.throttle.write_bps_device", format!("{disk} {}", kib << 10))?,
                false => set("io.max", format!("{disk} wbps={}", kib << 10))?,
            }
        }
        Ok(())
    }
}

/// Whether there are hierarchies for all limits of a situation.
pub(super) fn can_limit(setup: &Setup) -> Result<()> {
    let hierarchies = mounts::find()?;
    for process in setup.processes() {
        let limits = &process.limits;
        for (is_asked, controller) in [
            (limits.cpu_percent.is_some() || limits.weight.is_some(), "cpu"),
            (limits.memory_mib.is_some(), "memory"),
            (limits.write_kib.is_some(), "io"),
        ] {
            let can = hierarchies.iter().any(|hierarchy| hierarchy.has(controller));
            ensure!(can || !is_asked, "no cgroup hierarchy of this machine limits {controller}");
        }
    }
    Ok(())
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        for hierarchy in &self.hierarchies {
            let base = hierarchy.mount.join(&self.base);
            for folder in self.groups.iter().map(|name| base.join(name)).chain([base.clone()]) {
                if let Err(error) = remove(&folder) {
                    eprintln!("lab: cannot remove {}: {error}", folder.display());
                }
            }
        }
    }
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir(folder).with_context(|| format!("make the cgroup {}", folder.display()))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("write {text:?} to {}", file.display()))
}

fn remove(folder: &Path) -> io::Result<()> {
    let start = Instant::now();
    loop {
        match fs::remove_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && start.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

/// Removes groups of a lab that runs no more. What cannot be removed is somebody else's trouble.
fn sweep(mount: &Path) {
    for entry in fs::read_dir(mount).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix(NAME) else { continue };
        if Path::new("/proc").join(pid).exists() {
            continue;
        }
        for group in fs::read_dir(entry.path()).into_iter().flatten().flatten() {
            let _ = fs::remove_dir(group.path());
        }
        let _ = fs::remove_dir(entry.path());
    }
}
