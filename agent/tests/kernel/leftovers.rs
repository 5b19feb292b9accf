//! Nothing of ours stays in the kernel.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use aya::{maps::loaded_maps, programs::loaded_programs};
use caps::Capability::CAP_SYS_ADMIN;

use crate::{child::LIMIT, crew, maps, node, rights::Rights, role::Role, within::within};

/// Ids of programs and maps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ids {
    programs: BTreeSet<u32>,
    maps: BTreeSet<u32>,
}

impl Ids {
    /// What the whole kernel holds. What vanishes while we look is left out.
    fn loaded() -> Self {
        Self {
            programs: loaded_programs().flatten().map(|program| program.id()).collect(),
            maps: loaded_maps().flatten().map(|map| map.id()).collect(),
        }
    }

    /// What a process holds open.
    fn held_by(process: &str) -> Result<Self> {
        let mut ids = Self::default();
        for entry in fs::read_dir(format!("/proc/{process}/fdinfo"))?.flatten() {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            let number =
                |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok());
            // Links name their program too: only lines of the object itself count.
            if !text.contains("link_id:") {
                ids.programs.extend::<Option<u32>>(number("prog_id:"));
                ids.maps.extend::<Option<u32>>(number("map_id:"));
            }
        }
        Ok(ids)
    }

    fn is_disjoint(&self, other: &Self) -> bool {
        self.programs.is_disjoint(&other.programs) && self.maps.is_disjoint(&other.maps)
    }

    fn is_loaded_in(&self, other: &Self) -> bool {
        self.programs.is_subset(&other.programs) && self.maps.is_subset(&other.maps)
    }
}

/// Waits until none of `ours` is loaded: the kernel frees after a grace period. Where nobody else loads anything,
/// the kernel must hold nothing that it did not hold `before`.
fn expect_gone(ours: &Ids, before: &Ids) -> Result<()> {
    ensure!(!ours.programs.is_empty() && ours.maps.len() >= 3, "the test saw no programs: {ours:?}");
    let deadline = Instant::now() + LIMIT.min(Duration::from_secs(60));
    loop {
        let loaded = Ids::loaded();
        if loaded.is_disjoint(ours) && (!node::is_quiet() || loaded.is_loaded_in(before)) {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "still loaded: {loaded:?}; ours were {ours:?}, before there were {before:?}"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

fn in_this_process(end: impl FnOnce(dropctl::probe::Probe) -> Result<()>) -> Result<()> {
    let before = Ids::loaded();
    ensure!(Ids::held_by("self")? == Ids::default(), "an earlier test left something open");
    let probe = crew::start(&crew::stream(1))?;
    let ours = Ids::held_by("self")?;
    ensure!(ours.is_loaded_in(&Ids::loaded()), "not all of {ours:?} is loaded");
    end(probe)?;
    let held = Ids::held_by("self")?;
    ensure!(held == Ids::default(), "still open: {held:?}");
    expect_gone(&ours, &before)
}

/// After an orderly stop.
pub(crate) fn after_stop() -> Result<()> {
    in_this_process(|probe| {
        probe.stop()?;
        Ok(())
    })
}

/// After the probe was only dropped, as when an error ends the agent.
pub(crate) fn after_drop() -> Result<()> {
    in_this_process(|probe| {
        drop(probe);
        Ok(())
    })
}

/// After `kill -9`.
pub(crate) fn after_kill() -> Result<()> {
    let before = Ids::loaded();
    let role = Role::start(1 << 20)?;
    let ours = Ids::held_by(&role.pid().to_string())?;
    ensure!(ours.is_loaded_in(&Ids::loaded()), "not all of {ours:?} is loaded");
    role.kill()?;
    expect_gone(&ours, &before)
}

/// A watcher that is killed leaves nothing, and no ring that it had mapped outlives its owner.
pub(crate) fn after_watcher_killed() -> Result<()> {
    let program = node::dropctl_bin().context("DROPCTL_BIN")?;
    let all = Rights { may_load: true, is_root: true, more: &[CAP_SYS_ADMIN] };
    for (rights, maps_pages) in [(all, true), (Rights { may_load: true, is_root: false, more: &[] }, false)] {
        let before = Ids::loaded();
        let ring = maps::ring(b"outlived")?;
        let id = maps::id(&ring)?;
        let mut command = Command::new(&program);
        command.args(["report", "--mode", "passive", "--duration", "10m"]);
        rights.apply(&mut command);
        let mut watcher =
            command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("start dropctl")?;
        let pid = watcher.id().to_string();
        let watches = within(LIMIT, "it watches", || {
            let (maps, ours) = (fs::read_to_string(format!("/proc/{pid}/maps"))?, Ids::held_by(&pid)?);
            let is_ready = if maps_pages { maps.contains("bpf-map") } else { ours.programs.len() >= 4 };
            Ok(is_ready.then_some(ours))
        });
        // Longer than it takes to load the rest and to look many times.
        thread::sleep(Duration::from_millis(500));
        let ours = watches.and_then(|_| Ids::held_by(&pid));
        let mapped = fs::read_to_string(format!("/proc/{pid}/maps"))?.contains("bpf-map");
        watcher.kill()?;
        watcher.wait()?;
        let ours = ours?;
        ensure!(
            mapped == maps_pages && !ours.maps.contains(&id),
            "{rights:?}: mapped {mapped}, holds {ours:?}"
        );
        expect_gone(&ours, &Ids { maps: before.maps.iter().copied().chain([id]).collect(), ..before })?;
        ensure!(Ids::loaded().maps.contains(&id), "the ring is gone before its owner let go of it");
        drop(ring);
        within(LIMIT, "the kernel frees the ring", || Ok((!Ids::loaded().maps.contains(&id)).then_some(())))?;
    }
    Ok(())
}
