//! What the consumer does unasked, and on orders.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::standin::{Standin, load};

/// Records of two rings come in the order of their time, not ring by ring.
pub(crate) fn oldest_first() -> Result<()> {
    const CALLS: usize = 600;
    let mut standin = Standin::start("--syscalls getpgrp --cpus-for-each-buffer 1 --alert-every 1")?;
    standin.pause()?;
    for cpu in [0, 1, 0, 1, 1, 0] {
        load(&format!("--syscall getpgrp --calls {} --cpu {cpu}", CALLS / 6))?;
    }
    standin.go_on()?;
    // In this form of time, with nanoseconds in full, letters are in the order of time.
    let mut times = Vec::new();
    for _ in 0..CALLS {
        times.push(standin.line()?["time"].as_str().context("time")?.to_owned());
    }
    ensure!(times.is_sorted(), "{times:?}");
    let summary = standin.finish()?;
    summary.check()?;
    let cpus = summary.0["cpus"].as_array().context("cpus")?;
    ensure!(cpus.iter().all(|cpu| cpu["n_evts"].as_u64() >= Some(300)), "one ring only: {summary:?}");
    Ok(())
}

/// It ends by itself, also in the middle of a stall.
pub(crate) fn stop_after() -> Result<()> {
    let mut standin = Standin::start("--stop-after 300ms --stall 100ms+600s")?;
    let summary = standin.line()?;
    ensure!(summary["n_evts"].is_u64(), "{summary}");
    Ok(())
}

/// The configuration says what the flags say.
pub(crate) fn config() -> Result<()> {
    let file = std::env::temp_dir().join(format!("dropctl-lab-{}.yaml", std::process::id()));
    let flags =
        "--ring-bytes 1MiB --cpus-for-each-buffer 1 --syscalls getpgrp --threshold 0.5 --output-queue 7";
    let standin = Standin::start(&format!("{flags} --write-config {}", file.display()))?;
    drop(standin);
    let text = fs::read_to_string(&file)?;
    fs::remove_file(&file)?;
    for line in [
        "    buf_size_preset: 1",
        "    cpus_for_each_buffer: 1",
        "  threshold: 0.5",
        "outputs_queue: {capacity: 7}",
        "base_syscalls: {custom_set: [getpgrp], repair: false}",
    ] {
        ensure!(text.lines().any(|found| found == line), "no `{line}` in {text}");
    }
    Ok(())
}
