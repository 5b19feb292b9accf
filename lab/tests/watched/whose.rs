//! Whose events were dropped: what each load process really lost, to the event.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use dropctl::{
    observe::{
        cgroups,
        rings::{Rings, Wanted},
    },
    probe::Facts,
    sample::{FalcoSample, LosersSample, RingSample},
    setup::Whose,
};
use procfs::{CurrentSI as _, KernelStats};
use serde_json::Value;

use crate::standin::{Standin, Summary, lab, load, undisturbed};

/// Calls of each process, and the CPU that it runs on.
const LOADS: [(u64, u32); 2] = [(200_000, 0), (50_000, 1)];
/// Records of getpgrp that 64 KiB hold.
const KEPT: u64 = 1_365;
/// Switches between tasks so far, on all CPUs.
struct Switches(u64);

impl Switches {
    fn now() -> Result<Self> {
        Ok(Self(KernelStats::current().context("/proc/stat")?.ctxt))
    }

    /// Drops since then that may stay unattributed. None, unless the kernel may switch tasks between the two programs (since
    /// Linux 6.13 or so): then a switch leaves an event of each of two tasks to nobody, at most.
    fn most_unattributed(&self) -> Result<u64> {
        let name = rustix::system::uname();
        let release = name.release().to_string_lossy();
        let mut numbers = release.split('.').filter_map(|number| number.parse::<u32>().ok());
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let switches = Self::now()?.0 - self.0;
        Ok(if version >= (6, 13) { 2 * switches } else { 0 })
    }
}

/// Slot of getpgrp.
const GETPGRP: u16 = 111;
const FLAGS: &str = "--syscalls getpgrp --cpus-for-each-buffer 1 --ring-bytes 64KiB";

/// Calls before the drops, by which dropctl sees that the tool traces, and goes behind it.
const FIRST_CALLS: u64 = 10;

fn watch(whose: Whose) -> Result<Rings> {
    // A reading is made twice a second; so long without drops is quiet.
    let rings = Rings::start(Wanted { whose, quiet: Duration::from_secs(3), ..Wanted::default() })?;
    if let Some(why) = rings.cannot_follow() {
        bail!("nothing can be followed: {why}");
    }
    Ok(rings)
}

/// dropctl comes after the tool.
pub(crate) fn tool_first() -> Result<()> {
    undisturbed(|| {
        let standin = Standin::start(FLAGS)?;
        lost_by_each(standin, watch(Whose::On)?)
    })
}

/// The tool comes after dropctl, which must go behind it.
pub(crate) fn dropctl_first() -> Result<()> {
    undisturbed(|| {
        let rings = watch(Whose::On)?;
        lost_by_each(Standin::start(FLAGS)?, rings)
    })
}

/// A tool that ends and comes again is another tool.
pub(crate) fn tool_again() -> Result<()> {
    undisturbed(|| {
        let rings = watch(Whose::On)?;
        let mut first = Standin::start(FLAGS)?;
        found(&rings, &first)?;
        first.finish()?;
        lost_by_each(Standin::start(FLAGS)?, rings)
    })
}

fn lost_by_each(mut standin: Standin, mut rings: Rings) -> Result<bool> {
    ready(&rings, &standin)?;
    standin.pause()?;
    let skipped = || rings.programs_of(standin.pid()).and_then(|programs| programs.missed);
    let skipped_before = skipped();
    let switches = Switches::now()?;
    let loads = LOADS.map(|(calls, cpu)| lab(&format!("load --syscall getpgrp --calls {calls} --cpu {cpu}")));
    let running = loads.map(|mut load| load.stdout(std::process::Stdio::piped()).spawn());
    let mut pids = Vec::new();
    for process in running {
        let output = process.context("start a load")?.wait_with_output()?;
        ensure!(output.status.success(), "a load failed");
        let made: Value = serde_json::from_slice(&output.stdout)?;
        pids.push(u32::try_from(made["pid"].as_u64().context("pid")?)?);
    }
    settled(&rings, &standin)?;
    // Read once a second: of after the last event.
    let skipped = skipped().zip(skipped_before).map_or(0, |(after, before)| after - before);
    // The last word, while the tool is there.
    rings.end();
    let falco = falco(&rings, &standin).context("the tool is gone")?;
    let of_rings = rings.sample();
    standin.go_on()?;
    let summary = standin.finish()?;
    summary.check()?;
    let calls: u64 = LOADS.iter().map(|(calls, _)| calls).sum();
    let events = summary.of("n_evts");
    if events > calls + FIRST_CALLS {
        return Ok(false);
    }
    // Where the kernel skips runs, it skips the tool's as well: those calls are no events, and no drops. Others are skipped too.
    let missing = calls + FIRST_CALLS - events;
    ensure!(missing <= skipped, "{missing} events are missing, {skipped} runs were skipped");
    let losers = falco.losers.as_ref().context("no losers")?;
    adds_up(&falco, losers)?;
    ensure!(losers.is_watched, "watched to the end");
    let attributed: Vec<u64> = pids.iter().map(|pid| drops_of(losers, *pid)).collect();
    // Each load has a CPU of its own, and nobody else is traced.
    let lost: Vec<u64> = LOADS.iter().map(|(_, cpu)| dropped_on(&summary, *cpu)).collect();
    let most = switches.most_unattributed()?;
    println!(
        "lost by each: {lost:?}, attributed: {attributed:?}, in all {}, to nobody at most {most}, runs missed {:?}",
        summary.of("n_drops_buffer"),
        losers.missed
    );
    // On a preemptible kernel a look of another task may come first and blame nobody, but never the wrong one.
    for (seen, lost) in attributed.iter().zip(&lost) {
        ensure!(seen <= lost && lost - seen <= most, "{losers:?}");
    }
    ensure!(losers.attributed() == attributed.iter().sum::<u64>(), "others were blamed: {losers:?}");
    let names: Vec<Option<&str>> = losers.top.iter().map(|loser| loser.comm.as_deref()).collect();
    ensure!(
        names.iter().all(|name| *name == Some("dropctl-lab")),
        "they have ended, and had a name: {names:?}"
    );
    for (_, cpu) in LOADS {
        let ring = of_rings.iter().find(|ring| is_of(ring, &standin) && ring.places == [cpu]);
        let overruns = ring.and_then(|ring| ring.overruns.as_ref()).context("no overruns of a ring")?;
        let drops: u64 = overruns.listed.iter().map(|overrun| overrun.drops).sum();
        ensure!(drops == dropped_on(&summary, cpu) && overruns.count > 0, "CPU {cpu}: {overruns:?}");
    }
    Ok(true)
}

/// Nobody follows until something is dropped, nor long after.
pub(crate) fn automatic() -> Result<()> {
    undisturbed(|| {
        let mut standin = Standin::start(FLAGS)?;
        let rings = watch(Whose::Auto)?;
        ready(&rings, &standin)?;
        let is_watched = |wanted: bool| {
            let falco = falco(&rings, &standin)?;
            falco.losers.is_some_and(|losers| losers.is_watched == wanted).then_some(())
        };
        ensure!(is_watched(false).is_some(), "nothing was dropped");
        standin.pause()?;
        load("--syscall getpgrp --calls 20000 --cpu 1")?;
        within("it is watched", || is_watched(true))?;
        let before = falco(&rings, &standin).context("gone")?;
        let switches = Switches::now()?;
        let output = lab("load --syscall getpgrp --calls 50000 --cpu 1").output()?;
        let made: Value = serde_json::from_slice(&output.stdout)?;
        let pid = u32::try_from(made["pid"].as_u64().context("pid")?)?;
        within("its drops", || {
            falco(&rings, &standin).filter(|falco| drops_of_all(falco, &before) >= 50_000)
        })?;
        within("it is watched no more", || is_watched(false))?;
        let falco = falco(&rings, &standin).context("gone")?;
        let losers = falco.losers.as_ref().context("no losers")?;
        let summary = standin.finish_paused()?;
        if summary.of("n_evts") != 70_000 + FIRST_CALLS {
            return Ok(false);
        }
        adds_up(&falco, losers)?;
        let seen = drops_of(losers, pid);
        println!("of the 50000 of the second: {seen}, unattributed of the first: {}", losers.unattributed);
        ensure!(50_000 - seen <= switches.most_unattributed()?, "{losers:?}");
        ensure!(losers.unattributed > 0, "the first drops were nobody's: {losers:?}");
        Ok(true)
    })
}

/// A loser in a cgroup of its own is named by it.
pub(crate) fn by_cgroup() -> Result<()> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo")?;
    let Some(root) = cgroups::mount_point(&mounts, Facts::read()?.cgroups) else {
        bail!("no cgroups are mounted");
    };
    let name = format!("dropctl-lab-{}", std::process::id());
    let folder = root.join(&name);
    std::fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
    let result = undisturbed(|| {
        let mut standin = Standin::start(FLAGS)?;
        let mut rings = watch(Whose::On)?;
        ready(&rings, &standin)?;
        standin.pause()?;
        let switches = Switches::now()?;
        load(&format!("--syscall getpgrp --calls 20000 --cpu 1 --cgroup {}", folder.display()))?;
        let due = 20_000 - KEPT;
        within("its drops", || falco(&rings, &standin).filter(|falco| falco.now.n_drops_buffer >= due))?;
        rings.end();
        let falco = falco(&rings, &standin).context("gone")?;
        let losers = falco.losers.as_ref().context("no losers")?;
        let summary = standin.finish_paused()?;
        if summary.of("n_evts") != 20_000 + FIRST_CALLS {
            return Ok(false);
        }
        adds_up(&falco, losers)?;
        let is_it = |container: Option<&String>| container.is_some_and(|container| *container == name);
        let named = |loser: &&dropctl::sample::LoserSample| {
            is_it(loser.workload.as_ref().and_then(|workload| workload.container.as_ref()))
        };
        let drops: u64 = losers.top.iter().filter(named).map(|loser| loser.drops).sum();
        ensure!(drops == losers.attributed() && drops + switches.most_unattributed()? >= due, "{losers:?}");
        let by_workload: u64 = losers.workloads.iter().map(|one| one.drops).sum();
        ensure!(losers.workloads.len() == 1 && by_workload == drops, "{losers:?}");
        Ok(true)
    });
    std::fs::remove_dir(&folder).with_context(|| folder.display().to_string())?;
    result
}

/// The tool is found, traces, and dropctl is behind it.
fn ready(rings: &Rings, standin: &Standin) -> Result<()> {
    found(rings, standin)?;
    load(&format!("--syscall getpgrp --calls {FIRST_CALLS} --cpu 0"))?;
    within("it traces", || falco(rings, standin).filter(|falco| falco.now.n_evts >= FIRST_CALLS))?;
    Ok(())
}

/// The load is over, and the last of it has been read: nothing was counted for longer than from one reading to the next.
fn settled(rings: &Rings, standin: &Standin) -> Result<()> {
    let mut before = None;
    within("an end of its events", || {
        let events = falco(rings, standin)?.now.n_evts;
        thread::sleep(Duration::from_millis(1500));
        (before.replace(events) == Some(events)).then_some(())
    })
}

/// Whatever the tool says that it dropped is somebody's or nobody's, and each somebody has a workload.
fn adds_up(falco: &FalcoSample, losers: &LosersSample) -> Result<()> {
    let by_workload: u64 = losers.workloads.iter().map(|one| one.drops).sum();
    ensure!(by_workload + losers.workloads_other == losers.attributed(), "{losers:?}");
    ensure!(losers.attributed() + losers.unattributed == falco.now.n_drops_buffer, "{falco:?}");
    Ok(())
}

fn drops_of(losers: &LosersSample, pid: u32) -> u64 {
    let his = losers.top.iter().filter(|loser| loser.tgid == pid && loser.slot == GETPGRP);
    his.map(|loser| loser.drops).sum()
}

fn drops_of_all(falco: &FalcoSample, before: &FalcoSample) -> u64 {
    falco.now.n_drops_buffer - before.now.n_drops_buffer
}

/// By the stand-in's own account.
fn dropped_on(summary: &Summary, cpu: u32) -> u64 {
    summary.0["cpus"][cpu as usize]["n_drops"].as_u64().unwrap_or_else(|| panic!("no CPU {cpu}"))
}

fn is_of(ring: &RingSample, standin: &Standin) -> bool {
    ring.owner.as_ref().is_some_and(|owner| owner.tgid == standin.pid())
}

fn found(rings: &Rings, standin: &Standin) -> Result<FalcoSample> {
    within("the tool is found", || falco(rings, standin))
}

fn falco(rings: &Rings, standin: &Standin) -> Option<FalcoSample> {
    rings.falcos().into_iter().find(|falco| falco.tgid == standin.pid())
}

fn within<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
