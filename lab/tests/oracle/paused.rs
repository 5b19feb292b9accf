//! A consumer that stands still: what a ring keeps follows from its size and the record's alone.

use anyhow::{Result, ensure};

use crate::standin::{Standin, load, undisturbed};

/// Calls, ring, what is kept: seen with a real Falco.
struct Case {
    flags: &'static str,
    calls: u64,
    kept: u64,
}

pub(crate) fn rings() -> Result<()> {
    for (flags, kept) in [
        ("--ring-bytes 8MiB --cpus-for-each-buffer 1", 174_762),
        ("--ring-bytes 8MiB --cpus-for-each-buffer 0", 174_762),
        ("--ring-bytes 1MiB", 21_845),
        ("--ring-bytes 64KiB", 1_365),
    ] {
        undisturbed(|| case(&Case { flags, calls: 400_000, kept }))?;
    }
    Ok(())
}

pub(crate) fn all_fits() -> Result<()> {
    undisturbed(|| case(&Case { flags: "--ring-bytes 8MiB", calls: 100_000, kept: 100_000 }))
}

/// The one alert of each run comes with the last record that was kept.
fn case(case: &Case) -> Result<bool> {
    let Case { flags, calls, kept } = case;
    let mut standin = Standin::start(&format!("--syscalls getpgrp --alert-every {kept} {flags}"))?;
    standin.pause()?;
    load(&format!("--syscall getpgrp --calls {calls} --cpu 1"))?;
    standin.go_on()?;
    standin.line()?;
    let summary = standin.finish()?;
    summary.check()?;
    if summary.of("n_evts") != *calls {
        return Ok(false);
    }
    ensure!(summary.of("n_drops") == calls - kept, "{flags}: {summary:?}");
    ensure!(summary.of("delivered") == *kept && summary.of("left_in_rings") == 0, "{flags}: {summary:?}");
    ensure!(summary.of("bytes") == 34 * kept, "{flags}: {summary:?}");
    Ok(true)
}

/// A ring of 64 KiB is never filled to its last byte; what fits tells how big a record is.
pub(crate) fn record_sizes() -> Result<()> {
    for (kind, record_bytes, kept) in [
        ("getpgrp", 96, 65_535 / 48),
        ("close", 96, 65_535 / 56),
        // `open` has one parameter less than openat: 10 bytes, rounded to 8.
        ("open", 96, 65_535 / 88),
        ("open", 1024, 65_535 / 1016),
    ] {
        undisturbed(|| {
            let mut standin =
                Standin::start(&format!("--syscalls {kind} --ring-bytes 64KiB --stall 0s+60s"))?;
            load(&format!("--syscall {kind} --calls 2000 --record-bytes {record_bytes}"))?;
            let summary = standin.finish()?;
            summary.check()?;
            Ok(summary.of("left_in_rings") == kept && summary.of("delivered") == 0)
        })?;
    }
    Ok(())
}

/// Everybody opens files, programs that start among them, so that the bytes of many records are looked at.
pub(crate) fn openat_size() -> Result<()> {
    const CALLS: u64 = 100_000;
    const EVENT_BYTES: u64 = 1024 - 8;
    undisturbed(|| {
        let mut standin = Standin::start("--syscalls openat")?;
        load(&format!("--syscall openat --record-bytes 1024 --rate 50000 --calls {CALLS}"))?;
        let summary = standin.finish()?;
        summary.check()?;
        let least = EVENT_BYTES * (CALLS - summary.of("left_in_rings"));
        let bytes = summary.of("bytes");
        ensure!(bytes >= least || summary.of("n_drops") > 0, "{bytes} bytes, not {least}");
        Ok((least..=least + least / 500).contains(&bytes))
    })
}

/// The script stops the consumer as a signal does, and the unread tail is counted.
pub(crate) fn stalled() -> Result<()> {
    undisturbed(|| {
        let mut standin = Standin::start("--syscalls getpgrp --stall 0s+60s")?;
        load("--syscall getpgrp --calls 400000")?;
        let summary = standin.finish()?;
        summary.check()?;
        ensure!(summary.of("delivered") == 0, "{summary:?}");
        Ok(summary.of("left_in_rings") == 174_762 && summary.of("n_drops") == 225_238)
    })
}
