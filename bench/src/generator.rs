//! A process of its own that makes syscalls on demand. It must not be ours: dropctl leaves its own out.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use rustix::{
    process::{Pid, setpriority_process},
    thread::{CpuSet, sched_setaffinity},
};

use crate::sys::getppid;

/// The hidden argument that turns this program into a generator.
pub(crate) const ARGUMENT: &str = "generator";

/// What to do. A pause costs syscalls of its own, one per burst.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) calls: u64,
    /// Calls in a row before a pause.
    pub(crate) burst: u64,
    /// Time from one burst to the next; 0 for no pauses.
    pub(crate) period: Duration,
}

impl Work {
    /// At full speed.
    pub(crate) fn flat_out(calls: u64) -> Self {
        Self { calls, burst: calls, period: Duration::ZERO }
    }

    /// At `per_second`, in bursts of a millisecond's worth.
    pub(crate) fn paced(per_second: u64, time: Duration) -> Self {
        let burst = per_second / 1000;
        let bursts = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self { calls: burst * bursts, burst, period: Duration::from_millis(1) }
    }
}

/// A running generator. It ends when it is dropped, or when we end.
pub(crate) struct Generator {
    child: Child,
    orders: Option<ChildStdin>,
    answers: ChildStdout,
}

impl Generator {
    /// Starts one, pinned to `cpu`.
    pub(crate) fn start(cpu: usize) -> Result<Self> {
        let own = std::env::current_exe().context("find our own binary")?;
        let mut child = Command::new(own)
            .args([ARGUMENT, &cpu.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start a generator")?;
        let orders = child.stdin.take();
        let answers = child.stdout.take().context("the generator has no standard output")?;
        Ok(Self { child, orders, answers })
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Puts it before everybody else on its CPU, for short batches that must not be interrupted. Where that is
    /// not allowed, more batches are disturbed and dropped.
    pub(crate) fn hurry(&self) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        let _ = setpriority_process(pid, -20);
    }

    /// CPU time that it has used, seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let process = procfs::process::Process::new(i32::try_from(self.pid())?)?;
        Ok(process.schedstat()?.sum_exec_runtime as f64 / 1e9)
    }

    /// Has work done and returns how long it took.
    pub(crate) fn run(&mut self, work: Work) -> Result<Duration> {
        self.begin(work)?;
        self.finish()
    }

    /// Has work begun.
    pub(crate) fn begin(&mut self, work: Work) -> Result<()> {
        let words = [work.calls, work.burst, u64::try_from(work.period.as_nanos())?];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let orders = self.orders.as_mut().context("the generator has ended")?;
        orders.write_all(&bytes).context("order work from the generator")
    }

    /// Waits for what was begun and returns how long it took.
    pub(crate) fn finish(&mut self) -> Result<Duration> {
        let mut bytes = [0; 8];
        self.answers.read_exact(&mut bytes).context("wait for the generator")?;
        Ok(Duration::from_nanos(u64::from_le_bytes(bytes)))
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.child.wait();
    }
}

/// Pins the calling thread, and the threads and processes that it starts later, to these CPUs.
pub(crate) fn pin(cpus: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    for &cpu in cpus {
        set.set(cpu);
    }
    sched_setaffinity(None, &set).with_context(|| format!("pin to CPU {cpus:?}"))
}

/// The generator's own life: orders on standard input, times on standard output.
pub(crate) fn serve(cpu: usize) -> Result<()> {
    pin(&[cpu])?;
    let (mut orders, mut answers) = (std::io::stdin().lock(), std::io::stdout().lock());
    loop {
        let mut bytes = [0; 24];
        if orders.read_exact(&mut bytes).is_err() {
            return Ok(());
        }
        let word =
            |index: usize| -> Result<u64> { Ok(u64::from_le_bytes(bytes[8 * index..][..8].try_into()?)) };
        let work = Work { calls: word(0)?, burst: word(1)?, period: Duration::from_nanos(word(2)?) };
        let time = carry_out(work);
        answers.write_all(&u64::try_from(time.as_nanos())?.to_le_bytes())?;
        answers.flush()?;
    }
}

fn carry_out(work: Work) -> Duration {
    let start = Instant::now();
    let mut left = work.calls;
    let mut due = start;
    while left > 0 {
        let burst = work.burst.clamp(1, left);
        getppid::repeat(burst);
        left -= burst;
        due += work.period;
        if !work.period.is_zero() {
            // The next burst is due at a fixed time, so pauses that last too long do not add up.
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
    start.elapsed()
}
