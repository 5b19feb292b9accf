//! The binary under test, and a running `dropctl agent`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::http::{self, Page};
use crate::process::{Ended, Process, until};

/// Longest wait for anything that the agent does at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Where the binary is: DROPCTL_BIN, else what cargo built.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("DROPCTL_BIN").map_or_else(|| env!("CARGO_BIN_EXE_dropctl").into(), PathBuf::from)
}

/// A command without any DROPCTL_ variable of whoever runs the tests.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DROPCTL_")) {
        command.env_remove(name);
    }
    command.env("RUST_BACKTRACE", "1");
    command
}

/// `dropctl` with these arguments.
pub(crate) fn dropctl(arguments: &[&str]) -> Command {
    let mut command = command(binary());
    command.args(arguments);
    command
}

/// An agent that serves.
pub(crate) struct Agent {
    process: Process,
    address: SocketAddr,
}

impl Agent {
    /// Starts `command` and waits until it says where it serves.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut process = Process::start(command)?;
        let address = until(SOON, "the line of the agent that says where it serves", || {
            let said = process.stderr();
            let address = said.split_once("serving http://").and_then(|(_, rest)| rest.split_once('/'));
            if address.is_none() {
                process.must_run()?;
            }
            Ok(address.map(|(address, _)| address.to_owned()))
        })?;
        let address = address.parse().with_context(|| format!("not an address: {address}"))?;
        Ok(Self { process, address })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        self.process.signal(signal)
    }

    pub(crate) fn get(&self, path: &str) -> Result<Page> {
        http::get(self.address, path)
    }

    /// The text of `/metrics`.
    pub(crate) fn metrics(&self) -> Result<String> {
        let page = self.get("/metrics")?;
        ensure!(page.status == 200, "/metrics answered {}", page.status);
        Ok(page.body)
    }

    /// SIGTERM, and the orderly end that must follow.
    pub(crate) fn terminate(mut self) -> Result<Ended> {
        self.signal(Signal::TERM)?;
        let ended = self.process.end_within(SOON)?;
        ensure!(ended.status.success(), "SIGTERM: {}: {}", ended.status, ended.stderr);
        Ok(ended)
    }
}
