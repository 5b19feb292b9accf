//! The probe in a process of its own, so that it can be stopped and killed: this binary again, told by the
//! environment to run a probe instead of tests.
//!
//! It samples every 100 ms as the agent does. SIGUSR1: print a sample as one line of JSON. SIGTERM: stop the probe,
//! print the last sample, end.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, ExitCode, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use dropctl::{
    probe::{Mode, Probe, Request},
    sample::ProbeSample,
};

use crate::{child::LIMIT, crew};

const RING: &str = "DROPCTL_KERNEL_TEST_RING";
const READY: &str = "ready";

/// `true` in such a process.
pub(crate) fn is_asked_for() -> bool {
    env::var_os(RING).is_some()
}

/// The process.
pub(crate) fn run() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("probe process: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn serve() -> Result<()> {
    let ring_bytes = env::var(RING)?.parse()?;
    // SAFETY: plain integers; `signals` is valid for the writes and reads. The drain thread inherits the mask.
    let signals = unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        let mut signals = std::mem::zeroed();
        libc::sigemptyset(&raw mut signals);
        libc::sigaddset(&raw mut signals, libc::SIGTERM);
        libc::sigaddset(&raw mut signals, libc::SIGUSR1);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, std::ptr::null_mut());
        signals
    };
    let request = Request { mode: Mode::Stream, sample: 1, ring_bytes, processes: 100 };
    let mut probe: Probe = crew::start(&request)?;
    println!("{READY}");
    loop {
        let interval = libc::timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        // SAFETY: both are valid for the read.
        let signal =
            unsafe { libc::sigtimedwait(&raw const signals, std::ptr::null_mut(), &raw const interval) };
        let sample = probe.sample();
        match signal {
            libc::SIGUSR1 => println!("{}", serde_json::to_string(&sample)?),
            libc::SIGTERM => break,
            _ => {}
        }
    }
    println!("{}", serde_json::to_string(&probe.stop()?)?);
    Ok(())
}

/// Such a process, seen from the tests. Dropping it kills it.
pub(crate) struct Role {
    process: Child,
    lines: Receiver<String>,
}

impl Role {
    /// Starts one and waits until its probe runs.
    pub(crate) fn start(ring_bytes: u32) -> Result<Self> {
        let mut process = Command::new("/proc/self/exe")
            .env(RING, ring_bytes.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the probe process")?;
        let output = process.stdout.take().context("its output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let role = Self { process, lines };
        let line = role.line()?;
        ensure!(line == READY, "the probe process said {line:?}");
        Ok(role)
    }

    fn line(&self) -> Result<String> {
        self.lines.recv_timeout(LIMIT).context("the probe process does not answer")
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: libc::c_int) -> Result<()> {
        signal_process(self.pid(), signal)
    }

    /// A sample of now.
    pub(crate) fn sample(&self) -> Result<ProbeSample> {
        self.signal(libc::SIGUSR1)?;
        Ok(serde_json::from_str(&self.line()?)?)
    }

    /// Stops the probe in order.
    pub(crate) fn finish(mut self) -> Result<ProbeSample> {
        self.signal(libc::SIGTERM)?;
        let sample = serde_json::from_str(&self.line()?)?;
        wait(&mut self.process)?;
        Ok(sample)
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a signal to a process that we started and did not wait for yet.
pub(crate) fn signal_process(pid: u32, signal: libc::c_int) -> Result<()> {
    let pid = libc::pid_t::try_from(pid)?;
    // SAFETY: no pointers.
    ensure!(unsafe { libc::kill(pid, signal) } == 0, "kill: {}", std::io::Error::last_os_error());
    Ok(())
}

/// Waits for a process to end well.
pub(crate) fn wait(process: &mut Child) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        if let Some(status) = process.try_wait()? {
            ensure!(status.success(), "the process ended with {status}");
            return Ok(());
        }
        thread::sleep(Duration::from_millis(5));
    }
    bail!("the process did not end")
}

/// Stops a process (SIGSTOP) and waits until all its threads stand still.
///
/// The drain must stand in its sleep: stopped halfway through a batch it would have taken records that it has not
/// freed yet, and the backlog it finds later would not be the whole ring.
pub(crate) fn stop_at_rest(pid: u32) -> Result<()> {
    for _ in 0..200 {
        signal_process(pid, libc::SIGSTOP)?;
        wait_stopped(pid)?;
        if drain_sleeps(pid) {
            return Ok(());
        }
        signal_process(pid, libc::SIGCONT)?;
        thread::sleep(Duration::from_micros(700));
    }
    bail!("the drain of process {pid} never slept")
}

fn wait_stopped(pid: u32) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        let threads = fs::read_dir(format!("/proc/{pid}/task"))?;
        let all_stand = threads.flatten().all(|thread| {
            let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            status.lines().any(|line| line.starts_with("State:\tT"))
        });
        if all_stand {
            return Ok(());
        }
        thread::sleep(Duration::from_micros(200));
    }
    bail!("process {pid} does not stop")
}

/// Where the kernel does not tell, assume so.
pub(crate) fn drain_sleeps(pid: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    threads.flatten().all(|thread| {
        let comm = fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        let syscall = fs::read_to_string(thread.path().join("syscall"));
        !comm.starts_with("dropctl-drain") || syscall.map_or(true, |line| line.starts_with("202 "))
    })
}
