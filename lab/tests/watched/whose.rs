//! Whose events were dropped: what each load process really lost, to the event.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    observe::rings::{Rings, Wanted},
    sample::{FalcoSample, LoserSample},
};
use serde_json::Value;

use crate::standin::{Standin, lab, undisturbed};

/// Calls of each process, and the CPU that it runs on.
const LOADS: [(u64, u32); 2] = [(200_000, 0), (50_000, 1)];
/// Records of getpgrp that 64 KiB hold.
const KEPT: u64 = 1_365;
/// Drops of a load that may stay unattributed: some where the kernel may switch tasks between the two programs (since
/// Linux 6.13 or so), else none.
fn most_unattributed() -> u64 {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let mut numbers = release.split('.').filter_map(|number| number.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version >= (6, 13) { 200 } else { 0 }
}

/// Slot of getpgrp.
const GETPGRP: u16 = 111;
const FLAGS: &str = "--syscalls getpgrp --cpus-for-each-buffer 1 --ring-bytes 64KiB";

/// dropctl comes after the tool.
pub(crate) fn tool_first() -> Result<()> {
    undisturbed(|| {
        let standin = Standin::start(FLAGS)?;
        let rings = Rings::start(Wanted { whose: true, ..Wanted::default() })?;
        lost_by_each(standin, &rings)
    })
}

/// The tool comes after dropctl, which must go behind it.
pub(crate) fn dropctl_first() -> Result<()> {
    undisturbed(|| {
        let rings = Rings::start(Wanted { whose: true, ..Wanted::default() })?;
        let standin = Standin::start(FLAGS)?;
        lost_by_each(standin, &rings)
    })
}

/// A tool that ends and comes again is another tool.
pub(crate) fn tool_again() -> Result<()> {
    undisturbed(|| {
        let rings = Rings::start(Wanted { whose: true, ..Wanted::default() })?;
        let mut first = Standin::start(FLAGS)?;
        found(&rings, &first)?;
        first.finish()?;
        lost_by_each(Standin::start(FLAGS)?, &rings)
    })
}

fn lost_by_each(mut standin: Standin, rings: &Rings) -> Result<bool> {
    if let Some(why) = rings.cannot_follow() {
        anyhow::bail!("nothing can be followed: {why}");
    }
    found(rings, &standin)?;
    standin.pause()?;
    let loads = LOADS.map(|(calls, cpu)| lab(&format!("load --syscall getpgrp --calls {calls} --cpu {cpu}")));
    let running = loads.map(|mut load| load.stdout(std::process::Stdio::piped()).spawn());
    let mut pids = Vec::new();
    for process in running {
        let process = process.context("start a load")?;
        pids.push(process.id());
        let output = process.wait_with_output()?;
        ensure!(output.status.success(), "a load failed");
        let made: Value = serde_json::from_slice(&output.stdout)?;
        ensure!(made["pid"].as_u64() == Some(u64::from(pids[pids.len() - 1])), "{made}");
    }
    let due: u64 = LOADS.iter().map(|(calls, _)| calls - KEPT).sum();
    let seen_all = within("its drops and whose they were", || {
        falco(rings, &standin).filter(|falco| falco.now.n_drops_buffer >= due && !losers(falco).is_empty())
    })?;
    standin.go_on()?;
    let summary = standin.finish()?;
    summary.check()?;
    let calls: u64 = LOADS.iter().map(|(calls, _)| calls).sum();
    if summary.of("n_evts") != calls {
        return Ok(false);
    }
    let of = |pid: u32| -> u64 {
        let his = losers(&seen_all).iter().filter(|loser| loser.tgid == pid && loser.slot == GETPGRP);
        his.map(|loser| loser.drops).sum()
    };
    let attributed: Vec<u64> = pids.iter().map(|pid| of(*pid)).collect();
    let lost: Vec<u64> = LOADS.iter().map(|(calls, _)| calls - KEPT).collect();
    let missed = seen_all.follow_missed.unwrap_or(0);
    println!("lost by each: {lost:?}, attributed: {attributed:?}, in all {}", summary.of("n_drops_buffer"));
    // Each load has a CPU of its own, and nobody else is traced: on a preemptible kernel a look of another task may come
    // first and blame nobody, but never the wrong one.
    for (seen, lost) in attributed.iter().zip(&lost) {
        ensure!(
            seen <= lost && lost - seen <= most_unattributed(),
            "{missed} missed: {:?}",
            losers(&seen_all)
        );
    }
    let all: u64 = losers(&seen_all).iter().map(|loser| loser.drops).sum();
    ensure!(all == attributed.iter().sum::<u64>(), "others were blamed: {:?}", losers(&seen_all));
    Ok(true)
}

fn found(rings: &Rings, standin: &Standin) -> Result<FalcoSample> {
    within("the tool is found", || falco(rings, standin))
}

fn falco(rings: &Rings, standin: &Standin) -> Option<FalcoSample> {
    rings.falcos().into_iter().find(|falco| falco.tgid == standin.pid())
}

fn losers(falco: &FalcoSample) -> &[LoserSample] {
    falco.losers.as_deref().unwrap_or_default()
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
