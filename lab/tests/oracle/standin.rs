//! A running stand-in, and load for it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(60);
/// Runs of a test that foreign syscalls may disturb.
const ATTEMPTS: usize = 8;

/// A stand-in that traces. Dropping it kills it.
pub(crate) struct Standin {
    child: Child,
    lines: Receiver<String>,
    /// Lines on stdout so far.
    pub(crate) printed: Vec<Value>,
}

impl Standin {
    /// Starts one and waits until it traces.
    pub(crate) fn start(flags: &str) -> Result<Self> {
        Self::run(lab(&format!("standin {flags}")))
    }

    /// The same under another name: that of a link to its program.
    pub(crate) fn start_as(link: &Path, flags: &str) -> Result<Self> {
        let mut command = Command::new(link);
        command.arg("standin").args(flags.split_whitespace()).stdin(Stdio::inherit());
        Self::run(command)
    }

    /// The same with a command of one's own.
    pub(crate) fn run(mut command: Command) -> Result<Self> {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("start the stand-in")?;
        let output = BufReader::new(child.stdout.take().context("no stdout")?);
        let mut log = BufReader::new(child.stderr.take().context("no stderr")?);
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut said = String::new();
        while !said.contains("Opening 'syscall' source") {
            ensure!(log.read_line(&mut said)? > 0, "the stand-in ended: {said}");
        }
        thread::spawn(move || log.lines().for_each(drop));
        Ok(Self { child, lines, printed: Vec::new() })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and no summary.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Stops all of its threads.
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)?;
        let deadline = Instant::now() + LIMIT;
        while !self.is_paused()? {
            ensure!(Instant::now() < deadline, "the stand-in does not stop");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn is_paused(&self) -> Result<bool> {
        for task in fs::read_dir(format!("/proc/{}/task", self.pid()))? {
            if !fs::read_to_string(task?.path().join("status"))?.contains("State:\tT") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(crate) fn go_on(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).context("pid")?;
        Ok(kill_process(pid, signal)?)
    }

    /// The next line on stdout.
    pub(crate) fn line(&mut self) -> Result<&Value> {
        let line = self.lines.recv_timeout(LIMIT).context("wait for a line of the stand-in")?;
        self.printed.push(serde_json::from_str(&line).with_context(|| line.clone())?);
        self.printed.last().context("a line")
    }

    /// The same for one that is paused: it ends with full rings.
    pub(crate) fn finish_paused(&mut self) -> Result<Summary> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).context("pid")?;
        kill_process(pid, Signal::INT)?;
        self.go_on()?;
        self.summary()
    }

    /// Asks it to end and returns its summary; what else it printed is in [`Self::printed`].
    pub(crate) fn finish(&mut self) -> Result<Summary> {
        self.signal(Signal::INT)?;
        self.summary()
    }

    fn summary(&mut self) -> Result<Summary> {
        while self.line()?.get("delivered").is_none() {}
        let status = self.child.wait()?;
        ensure!(status.success(), "the stand-in ended with {status}");
        self.printed.pop().map(Summary).context("no summary")
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What it says in the end.
#[derive(Debug)]
pub(crate) struct Summary(pub(crate) Value);

impl Summary {
    /// A number of it.
    pub(crate) fn of(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }

    /// The law: nothing is lost without being counted.
    pub(crate) fn check(&self) -> Result<()> {
        let accounted = self.of("delivered") + self.of("n_drops") + self.of("left_in_rings");
        ensure!(self.of("n_evts") == accounted, "{} events, {accounted} accounted for", self.of("n_evts"));
        for name in ["n_evts", "n_drops"] {
            let cpus = self.0["cpus"].as_array().context("cpus")?;
            let sum: u64 = cpus.iter().filter_map(|cpu| cpu[name].as_u64()).sum();
            ensure!(self.of(name) == sum, "{name}: {} in all, {sum} by CPU", self.of(name));
        }
        Ok(())
    }
}

/// The program under test.
pub(crate) fn lab_binary() -> PathBuf {
    std::env::var_os("DROPCTL_LAB_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_dropctl-lab").into()).into()
}

/// The same with these arguments.
pub(crate) fn lab(arguments: &str) -> Command {
    let mut command = Command::new(lab_binary());
    // Nobody reads it; /dev/null would have to be opened, and with musl that is a traced `open`.
    command.args(arguments.split_whitespace()).stdin(Stdio::inherit());
    command
}

/// Makes load and returns how many calls it was.
pub(crate) fn load(flags: &str) -> Result<u64> {
    let output = lab(&format!("load {flags}")).output()?;
    ensure!(output.status.success(), "load {flags}: {}", String::from_utf8_lossy(&output.stderr));
    let made: Value = serde_json::from_slice(&output.stdout)?;
    made["calls"].as_u64().context("calls")
}

/// Runs `attempt` until it says that it was not disturbed.
pub(crate) fn undisturbed(mut attempt: impl FnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..ATTEMPTS {
        if attempt()? {
            return Ok(());
        }
    }
    bail!("others made such syscalls in each of {ATTEMPTS} runs")
}
