//! What a stand-in can be told to suffer from, beyond a slow consumer.

use std::{os::unix::process::ExitStatusExt as _, thread, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::standin::{Standin, lab, load, undisturbed};

/// Bytes of a write whose event has 64 KiB to the byte: 26 of header, 8 of lengths, 8 + 8 + 4 of parameters.
const LARGEST: u32 = (64 << 10) - (26 + 8 + 20);
const CALLS: u64 = 500;

/// An event of 64 KiB is taken, and one with a byte more is dropped and counted by itself.
pub(crate) fn oversized() -> Result<()> {
    undisturbed(|| {
        let mut standin = Standin::start("--syscalls write --snaplen 65535 --ring-bytes 64MiB")?;
        let large = load(&format!("--syscall write --write-bytes {LARGEST} --calls {CALLS}"))?;
        let larger = load(&format!("--syscall write --write-bytes {} --calls {CALLS}", LARGEST + 1))?;
        let summary = standin.finish()?;
        summary.check()?;
        let taken = summary.of("delivered") + summary.of("left_in_rings");
        ensure!(taken >= large, "not all were taken: {summary:?}");
        ensure!(summary.of("n_drops_max_event_size") >= larger, "too big and taken: {summary:?}");
        ensure!(summary.of("n_drops_buffer") == 0, "{summary:?}");
        // Others write much at once too; by one byte it would be all of ours.
        Ok(summary.of("n_drops_max_event_size") < larger + large)
    })
}

/// Data is cut off at `snaplen`: no write is too big, whoever makes it.
pub(crate) fn snaplen() -> Result<()> {
    const MOST_BYTES: u64 = 26 + 8 + 20 + 80;
    let mut standin = Standin::start("--syscalls write")?;
    load(&format!("--syscall write --write-bytes 90000 --calls {CALLS}"))?;
    let summary = standin.finish()?;
    summary.check()?;
    ensure!(summary.of("n_evts") >= CALLS && summary.of("n_drops_max_event_size") == 0, "{summary:?}");
    ensure!(summary.of("bytes") <= MOST_BYTES * summary.of("delivered"), "{summary:?}");
    Ok(())
}

/// A reload starts with new maps; the account is over both.
pub(crate) fn reload() -> Result<()> {
    undisturbed(|| {
        let mut standin = Standin::start("--syscalls getpgrp --reload 1500ms")?;
        load(&format!("--syscall getpgrp --calls {CALLS}"))?;
        thread::sleep(Duration::from_secs(3));
        load(&format!("--syscall getpgrp --calls {CALLS}"))?;
        let summary = standin.finish()?;
        summary.check()?;
        Ok(summary.of("n_evts") == 2 * CALLS)
    })
}

/// A blind one is attached and counts nothing.
pub(crate) fn blind() -> Result<()> {
    undisturbed(|| {
        let mut standin = Standin::start("--syscalls getpgrp --blind-at 1500ms")?;
        load(&format!("--syscall getpgrp --calls {CALLS}"))?;
        thread::sleep(Duration::from_secs(3));
        load(&format!("--syscall getpgrp --calls {}", 2 * CALLS))?;
        let summary = standin.finish()?;
        summary.check()?;
        Ok(summary.of("n_evts") == CALLS)
    })
}

/// A crash is one, after an account that balances.
pub(crate) fn crash() -> Result<()> {
    let output = lab("standin --quiet --syscalls getpgrp --crash-at 200ms").output()?;
    ensure!(output.status.signal() == Some(libc::SIGABRT), "{:?}", output.status);
    let account: Value = serde_json::from_slice(&output.stdout).context("the account")?;
    ensure!(account["n_evts"].is_u64(), "{account}");
    Ok(())
}

/// Who waits in epoll is woken by nobody, and so finds all that the ring could hold after its time.
pub(crate) fn epoll() -> Result<()> {
    const KEPT: u64 = 1_365;
    undisturbed(|| {
        let mut standin = Standin::start("--syscalls getpgrp --ring-bytes 64KiB --epoll 600s")?;
        // The first wait ends at once if something is there, so let it begin before.
        thread::sleep(Duration::from_millis(300));
        load("--syscall getpgrp --calls 5000")?;
        let summary = standin.finish()?;
        summary.check()?;
        Ok(summary.of("n_evts") == 5000 && summary.of("n_drops") == 5000 - KEPT)
    })
}
