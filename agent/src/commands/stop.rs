//! Waiting for the end: a signal, or time.

use anyhow::{Context as _, Result};
use procfs::process::Process;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, SIGTERM and the end of the terminal, caught from the moment this exists.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` where SIGHUP is ignored: under nohup.
    hangup: Option<Signal>,
}

impl StopSignals {
    /// Catches the signals.
    pub(super) fn new() -> Result<Self> {
        let hangup = (!hangup_is_ignored()).then(|| signal(SignalKind::hangup()));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("catch SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("catch SIGTERM")?,
            hangup: hangup.transpose().context("catch SIGHUP")?,
        })
    }

    /// Waits for any of them.
    pub(super) async fn wait(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => {}
        }
    }
}

fn hangup_is_ignored() -> bool {
    const SIGHUP_BIT: u64 = 1 << (libc::SIGHUP - 1);
    let status = Process::myself().and_then(|own| own.status());
    status.is_ok_and(|status| status.sigign & SIGHUP_BIT != 0)
}
