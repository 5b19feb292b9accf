//! Outputs that do not keep up: alerts wait or are lost, events are neither.

use std::{fs, thread, time::Duration};

use anyhow::{Context as _, Result, ensure};

use crate::standin::{Standin, load};

pub(crate) fn bounded() -> Result<()> {
    let mut standin = Standin::start("--syscalls getpgrp --alert-every 1 --output-queue 10 --block-output")?;
    load("--syscall getpgrp --calls 1000")?;
    thread::sleep(Duration::from_millis(200));
    let summary = standin.finish()?;
    summary.check()?;
    let lost = summary.of("outputs_queue_num_drops");
    ensure!(lost + 10 == summary.of("delivered"), "{lost} alerts lost: {summary:?}");
    Ok(())
}

/// The queue grows, and all events go on to be delivered.
pub(crate) fn blocked() -> Result<()> {
    let mut standin = Standin::start("--syscalls getpgrp --alert-every 1 --block-output")?;
    let before = resident_kib(standin.pid())?;
    load("--syscall getpgrp --rate 50000 --calls 100000")?;
    let grown = resident_kib(standin.pid())? - before;
    let summary = standin.finish()?;
    summary.check()?;
    ensure!(grown > 10_000, "100,000 alerts wait in {grown} KiB");
    ensure!(summary.of("n_drops") == 0 && summary.of("outputs_queue_num_drops") == 0, "{summary:?}");
    Ok(())
}

fn resident_kib(pid: u32) -> Result<i64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
