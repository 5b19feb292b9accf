//! Processes that we start: their output is kept, every wait has an end, and none outlives its test.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use aya::programs::loaded_programs;
use rustix::process::{Pid, Signal, kill_process};

/// Between two looks at something that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The program that counts, with and without BTF.
const PROBES: [&str; 2] = ["sys_exit_btf", "sys_exit_raw"];

/// A process of ours, killed when dropped.
pub(crate) struct Process {
    child: Child,
    line: String,
    stdout: Captured,
    stderr: Captured,
}

/// How a process ended, and all that it said.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts it with both outputs captured.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        Self::start_into(command, Stdio::piped())
    }

    /// Starts it with its stdout somewhere else.
    pub(crate) fn start_into(command: &mut Command, stdout: Stdio) -> Result<Self> {
        let line = format!("{command:?}");
        command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {line}"))?;
        let (stdout, stderr) = (Captured::new(child.stdout.take()), Captured::new(child.stderr.take()));
        Ok(Self { child, line, stdout, stderr })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("not a process id")?;
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.line))
    }

    /// What it has said on stderr by now.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// What the kernel says of each of its open files.
    pub(crate) fn open_files(&self) -> Result<Vec<String>> {
        let entries = std::fs::read_dir(format!("/proc/{}/fdinfo", self.pid()))?.flatten();
        // A file that was closed in between has nothing to say.
        Ok(entries.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect())
    }

    /// Waits until its probe is attached: it holds the link of that program. Others of dropctl's are attached before.
    pub(crate) fn attached_within(&mut self, limit: Duration) -> Result<()> {
        until(limit, &format!("the probe of {}", self.line), || {
            self.must_run()?;
            let files = self.open_files()?;
            let links = files.iter().filter(|text| text.contains("link_id:"));
            let program = |text: &String| {
                text.lines().find_map(|line| line.strip_prefix("prog_id:")?.trim().parse::<u32>().ok())
            };
            let attached: BTreeSet<u32> = links.filter_map(program).collect();
            let is_the_probe = |name: Option<&str>| name.is_some_and(|name| PROBES.contains(&name));
            let mut programs = loaded_programs().flatten();
            Ok(programs
                .any(|info| attached.contains(&info.id()) && is_the_probe(info.name_as_str()))
                .then_some(()))
        })
    }

    /// Fails when it has ended.
    pub(crate) fn must_run(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended early ({status}): {}", self.line, self.stderr()),
        }
    }

    /// Waits for its end, but no longer than `limit`.
    pub(crate) fn end_within(&mut self, limit: Duration) -> Result<Ended> {
        let what = format!("the end of {}", self.line);
        let status = until(limit, &what, || Ok(self.child.try_wait()?));
        let status = status.with_context(|| format!("stderr so far: {}", self.stderr()))?;
        Ok(Ended { status, stdout: self.stdout.all(), stderr: self.stderr.all() })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Also ends one that is stopped; does nothing to one that was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An output, read by a thread of its own so that a full pipe stops nobody.
struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Captured {
    fn new(pipe: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let reader = pipe.map(|mut pipe| {
            let bytes = Arc::clone(&bytes);
            std::thread::spawn(move || {
                let mut piece = [0; 4096];
                while let Ok(count @ 1..) = pipe.read(&mut piece) {
                    bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&piece[..count]);
                }
            })
        });
        Self { bytes, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Everything, once nobody can write any more.
    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.text()
    }
}

/// Asks again and again until there is an answer, but no longer than `limit`.
pub(crate) fn until<T>(limit: Duration, what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("not within {limit:?}: {what}");
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
