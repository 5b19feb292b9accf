//! Processes that a run starts. None of them outlives it.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::sys::stop;

/// Between two looks at a process.
pub(super) const LOOK: Duration = Duration::from_millis(10);

/// A process and what it prints.
pub(super) struct Running {
    name: String,
    child: Child,
    said: Arc<Mutex<String>>,
    output: Option<JoinHandle<String>>,
    log: Option<JoinHandle<()>>,
    has_group: bool,
}

impl Running {
    /// Starts it; output and log are kept.
    pub(super) fn start(name: &str, mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("start {name}"))?;
        let mut output = child.stdout.take().context("no stdout")?;
        let log = BufReader::new(child.stderr.take().context("no stderr")?);
        let read = move || {
            let mut text = Vec::new();
            let _ = output.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        };
        let said = Arc::new(Mutex::new(String::new()));
        let heard = said.clone();
        let listen = move || {
            for line in log.lines().map_while(Result::ok) {
                *heard.lock().unwrap_or_else(PoisonError::into_inner) += &(line + "\n");
            }
        };
        Ok(Self {
            name: name.to_owned(),
            child,
            said,
            output: Some(thread::spawn(read)),
            log: Some(thread::spawn(listen)),
            has_group: false,
        })
    }

    /// Starts a shell command with all that it starts in turn. It ends by itself some time, should we be killed.
    pub(super) fn shell(line: &str) -> Result<Self> {
        let mut command = Command::new("timeout");
        command.args(["120", "sh", "-c", line]).process_group(0);
        let mut running = Self::start(line, command)?;
        running.has_group = true;
        Ok(running)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to stderr so far.
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until its log has these words.
    pub(super) fn wait_for(&mut self, words: &str, limit: Duration) -> Result<()> {
        let start = Instant::now();
        while !self.said().contains(words) {
            if self.has_ended()? {
                bail!("{} ended: {}", self.name, self.said().trim());
            }
            ensure!(start.elapsed() < limit, "{} does not say {words:?}: {}", self.name, self.said().trim());
            pause(LOOK)?;
        }
        Ok(())
    }

    pub(super) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits for its end. Gives its status and what it printed.
    pub(super) fn end(&mut self, limit: Duration) -> Result<(ExitStatus, String)> {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            ensure!(start.elapsed() < limit, "{} does not end: {}", self.name, self.said().trim());
            pause(LOOK)?;
        };
        let output = self.output.take().and_then(|reading| reading.join().ok()).unwrap_or_default();
        // So that all of the log is there.
        let _ = self.log.take().map(JoinHandle::join);
        Ok((status, output))
    }

    /// The same for one that must have done well.
    pub(super) fn good_end(&mut self, limit: Duration) -> Result<String> {
        let (status, output) = self.end(limit)?;
        ensure!(status.success(), "{} ended with {status}: {}", self.name, self.said().trim());
        Ok(output)
    }

    /// Asks it to end.
    pub(super) fn ask_to_end(&self) -> Result<()> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).context("pid")?;
        kill_process(pid, Signal::INT).with_context(|| format!("end {}", self.name))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever has been waited for gets no signal: his number may be another's by now.
        if matches!(self.child.try_wait(), Ok(None)) {
            if self.has_group
                && let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw)
            {
                let _ = kill_process_group(pid, Signal::KILL);
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Sleeps, unless somebody wants an end.
pub(super) fn pause(time: Duration) -> Result<()> {
    thread::sleep(time);
    ensure!(!stop::is_asked(), "interrupted");
    Ok(())
}
