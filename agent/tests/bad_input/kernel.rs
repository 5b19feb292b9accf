//! What dropctl loads into the kernel, and whether it is gone.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use aya::maps::loaded_maps;
use aya::programs::loaded_programs;

use crate::process::{Process, until};

/// The kernel frees programs and maps after a grace period.
const FREED_WITHIN: Duration = Duration::from_secs(5);
const PROGRAMS: [&str; 3] = ["sys_exit_btf", "sys_exit_raw", "whoami"];
const MAPS: [&str; 3] = ["COUNTERS", "EVENTS", "AYA_LOGS"];

/// Ids of programs and maps.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Ids {
    programs: BTreeSet<u32>,
    maps: BTreeSet<u32>,
}

impl Ids {
    /// Everything in the kernel that has one of our names.
    pub(crate) fn named_like_ours() -> Self {
        let programs = loaded_programs().flatten();
        let maps = loaded_maps().flatten();
        let is_ours = |name: Option<&str>, names: &[&str]| name.is_some_and(|name| names.contains(&name));
        Self {
            programs: programs
                .filter(|info| is_ours(info.name_as_str(), &PROGRAMS))
                .map(|info| info.id())
                .collect(),
            maps: maps.filter(|info| is_ours(info.name_as_str(), &MAPS)).map(|info| info.id()).collect(),
        }
    }

    /// What a process holds open.
    pub(crate) fn held_by(process: &Process) -> Result<Self> {
        Ok(Self::of_files(&process.open_files()?))
    }

    /// What any process holds open, as far as we can see.
    fn held_by_anybody() -> Result<Self> {
        let mut held = Self::default();
        for process in std::fs::read_dir("/proc")?.flatten() {
            let Ok(files) = std::fs::read_dir(process.path().join("fdinfo")) else {
                continue;
            };
            let texts: Vec<_> =
                files.flatten().filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
            let ids = Self::of_files(&texts);
            held.programs.extend(ids.programs);
            held.maps.extend(ids.maps);
        }
        Ok(held)
    }

    fn of_files(texts: &[String]) -> Self {
        let numbers = |key: &'static str| {
            let number = move |text: &String| {
                text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
            };
            texts.iter().filter_map(number).collect()
        };
        Self { programs: numbers("prog_id:"), maps: numbers("map_id:") }
    }

    fn is_empty(&self) -> bool {
        self.programs.is_empty() && self.maps.is_empty()
    }

    fn without(&self, other: &Self) -> Self {
        Self { programs: &self.programs - &other.programs, maps: &self.maps - &other.maps }
    }

    fn and(&self, other: &Self) -> Self {
        Self { programs: &self.programs & &other.programs, maps: &self.maps & &other.maps }
    }
}

/// What of our names was loaded before something ran.
pub(crate) struct Before(Ids);

impl Before {
    pub(crate) fn now() -> Self {
        Self(Ids::named_like_ours())
    }

    /// Nothing with our names was added. What a process still holds is not left over: another dropctl runs.
    pub(crate) fn nothing_added(&self) -> Result<()> {
        let mut added = Ids::default();
        until(FREED_WITHIN, "nothing left in the kernel", || {
            added = Ids::named_like_ours().without(&self.0);
            if !added.is_empty() {
                added = added.without(&Ids::held_by_anybody()?);
            }
            Ok(added.is_empty().then_some(()))
        })
        .map_err(|error| error.context(format!("left in the kernel: {added:?}")))
    }
}

/// Waits until none of these is loaded; they must be a whole probe.
pub(crate) fn wait_until_gone(ours: &Ids) -> Result<()> {
    ensure!(!ours.programs.is_empty() && ours.maps.len() >= 2, "the test saw no probe: {ours:?}");
    let mut left = Ids::default();
    until(FREED_WITHIN, "the kernel to free them", || {
        left = Ids::named_like_ours().and(ours);
        Ok(left.is_empty().then_some(()))
    })
    .map_err(|error| error.context(format!("still in the kernel: {left:?} of {ours:?}")))
}

/// All of these that have our names are loaded now: without that, that they are gone later proves nothing.
pub(crate) fn must_be_loaded(ours: &Ids) -> Result<()> {
    let loaded = Ids::named_like_ours().and(ours);
    ensure!(
        !loaded.programs.is_empty() && loaded.maps.len() >= 2,
        "{ours:?} of the process, {loaded:?} loaded"
    );
    Ok(())
}
