//! The stand-in of a run, over its crashes.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use serde_json::Value;

use super::child::Running;

/// How long it may take to trace.
const START: Duration = Duration::from_secs(30);

/// One that may have to be started again.
pub(super) struct Tool {
    command: Command,
    again_after: Option<Duration>,
    running: Option<Running>,
    ended: Instant,
    accounts: Vec<Option<Value>>,
    before_kib: Option<u64>,
}

impl Tool {
    /// It says this when it traces.
    pub(super) const IS_READY: &str = "Opening 'syscall' source";

    /// Starts it and waits until it traces.
    pub(super) fn start(command: Command, again_after_ms: Option<u64>) -> Result<Self> {
        let mut tool = Self {
            command,
            again_after: again_after_ms.map(Duration::from_millis),
            running: None,
            ended: Instant::now(),
            accounts: Vec::new(),
            before_kib: None,
        };
        let mut running = tool.spawn()?;
        running.wait_for(Self::IS_READY, START)?;
        tool.running = Some(running);
        Ok(tool)
    }

    /// From here on growth of its memory counts.
    pub(super) fn begin(&mut self) {
        self.before_kib = self.resident_kib();
    }

    /// Takes note of its end, and starts it again if its time has come.
    pub(super) fn look(&mut self) -> Result<()> {
        match &mut self.running {
            Some(running) => {
                if !running.has_ended()? {
                    return Ok(());
                }
                let Some(mut running) = self.running.take() else { return Ok(()) };
                let (_, printed) = running.end(Duration::ZERO)?;
                if self.again_after.is_none() {
                    bail!("the tool ended: {}", running.said().trim());
                }
                self.accounts.push(account(&printed));
                self.ended = Instant::now();
            }
            None if self.again_after.is_some_and(|time| self.ended.elapsed() >= time) => {
                self.running = Some(self.spawn()?);
            }
            None => {}
        }
        Ok(())
    }

    /// What its memory grew by. `None` if it is not there now, or was not.
    pub(super) fn memory_kib(&self) -> Option<u64> {
        Some(self.resident_kib()?.saturating_sub(self.before_kib?))
    }

    /// Ends it. The account of each life, `None` of those that were killed.
    pub(super) fn finish(mut self, limit: Duration) -> Result<Vec<Option<Value>>> {
        if let Some(mut running) = self.running.take() {
            running.ask_to_end()?;
            let (_, printed) = running.end(limit)?;
            self.accounts.push(account(&printed));
        }
        Ok(self.accounts)
    }

    fn spawn(&mut self) -> Result<Running> {
        let mut again = Command::new(self.command.get_program());
        again.args(self.command.get_args());
        Running::start("the tool", again)
    }

    fn resident_kib(&self) -> Option<u64> {
        let pid = self.running.as_ref()?.pid();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }
}

/// The line of the account among those of alerts.
fn account(printed: &str) -> Option<Value> {
    let mut lines = printed.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find(|value| value.get("left_in_rings").is_some())
}
