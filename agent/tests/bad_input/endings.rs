//! Signals: a report of what was seen so far, an account, or no time for either.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::Value;

use crate::agent::{SOON, dropctl};
use crate::kernel::{Before, Ids, must_be_loaded, wait_until_gone};
use crate::process::{Ended, Process};

/// How long a report looks before it is interrupted.
const LOOKED: Duration = Duration::from_millis(1500);

pub(crate) fn interrupt() -> Result<()> {
    let (ended, times) = interrupted(&mut dropctl(&REPORT), Signal::INT)?;
    covers(&ended.stdout, times)
}

/// The same into a file.
pub(crate) fn terminate() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("r.json");
    let (ended, times) = interrupted(dropctl(&REPORT).arg("-o").arg(&file), Signal::TERM)?;
    ensure!(ended.stdout.is_empty(), "stdout: {}", ended.stdout);
    covers(&std::fs::read_to_string(&file)?, times)
}

const REPORT: [&str; 5] = ["report", "--duration", "60s", "--format", "json"];

/// The least and the most that the window can have been, seconds.
type Times = (f64, f64);

fn interrupted(command: &mut Command, signal: Signal) -> Result<(Ended, Times)> {
    let before = Before::now();
    let started = Instant::now();
    let mut report = Process::start(command)?;
    report.attached_within(SOON)?;
    let attached = Instant::now();
    std::thread::sleep(LOOKED);
    let least = attached.elapsed();
    report.signal(signal)?;
    let ended = report.end_within(SOON)?;
    let most = started.elapsed();
    ensure!(ended.status.success() && ended.stderr.is_empty(), "{}: {}", ended.status, ended.stderr);
    before.nothing_added()?;
    Ok((ended, (least.as_secs_f64(), most.as_secs_f64())))
}

fn covers(report: &str, (least, most): Times) -> Result<()> {
    let report: Value = serde_json::from_str(report).context("not a whole report")?;
    let seconds = report["window"]["seconds"].as_f64().context("no window")?;
    ensure!((least..=most).contains(&seconds), "{seconds} s, not between {least} and {most}");
    let accounting = &report["own"]["accounting"];
    let number = |name: &str| accounting[name].as_u64().with_context(|| format!("no {name}: {accounting}"));
    ensure!(accounting["holds"] == true && number("in_flight")? == 0, "does not add up: {accounting}");
    ensure!(
        number("attempted")? == number("consumed")? + number("dropped")?,
        "does not add up: {accounting}"
    );
    ensure!(number("seen")? > 0, "nothing was seen: {accounting}");
    ensure!(report["syscalls"].as_array().is_some_and(|list| !list.is_empty()), "no syscalls");
    ensure!(report["verdict"].as_str().is_some_and(|text| !text.is_empty()), "no verdict");
    println!("interrupted: window {seconds:.3} s between {least:.3} and {most:.3}");
    Ok(())
}

const AGENT: [&str; 3] = ["agent", "--listen", "127.0.0.1:0"];

/// A probe that is attached, and what of it is in the kernel.
fn attached(arguments: &[&str]) -> Result<(Process, Ids)> {
    let mut process = Process::start(&mut dropctl(arguments))?;
    process.attached_within(SOON)?;
    let ours = Ids::held_by(&process)?;
    must_be_loaded(&ours)?;
    Ok((process, ours))
}

pub(crate) fn kill() -> Result<()> {
    for arguments in [&AGENT[..], &REPORT] {
        let (mut process, ours) = attached(arguments)?;
        process.signal(Signal::KILL)?;
        let ended = process.end_within(SOON)?;
        ensure!(!ended.status.success(), "survived kill -9");
        let killed = Instant::now();
        wait_until_gone(&ours)?;
        println!("killed: freed within {:.0} ms", killed.elapsed().as_secs_f64() * 1e3);
    }
    Ok(())
}

pub(crate) fn orderly() -> Result<()> {
    for signal in [Signal::INT, Signal::TERM] {
        let (mut process, ours) = attached(&AGENT)?;
        process.signal(signal)?;
        let ended = process.end_within(SOON)?;
        ensure!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        wait_until_gone(&ours)?;
    }
    Ok(())
}
