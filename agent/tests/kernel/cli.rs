//! The known ring again, end to end: `dropctl report`, stopped, continued, interrupted, and what its JSON says.

use std::{
    env, fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    sample::Overrun,
    sys::{clock::monotonic_ns, ring::records_that_fit},
};
use serde_json::Value;

use crate::{
    child::LIMIT,
    known_ring::{CALLS, Generators, Outcome, RING_BYTES, Stop, full_bytes, until_unstalled},
    node,
    role::{drain_sleeps, signal_process, stop_at_rest, wait},
};

/// A program that does not outlive its test, and its output file.
struct Report {
    process: Child,
    path: PathBuf,
}

impl Report {
    fn start() -> Result<Self> {
        let program = node::dropctl_bin().context("DROPCTL_BIN")?;
        let path = env::temp_dir().join(format!("dropctl-test-{}.json", std::process::id()));
        let ring_bytes = RING_BYTES.to_string();
        let process = Command::new(program)
            .args([
                "report",
                "--duration",
                "10m",
                "--sample",
                "1",
                "--format",
                "json",
                "--ring-bytes",
                &ring_bytes,
            ])
            .arg("-o")
            .arg(&path)
            .stdin(Stdio::null())
            .spawn()
            .context("start dropctl report")?;
        let mut report = Self { process, path };
        let deadline = Instant::now() + LIMIT;
        while !is_attached(report.process.id()) {
            ensure!(report.process.try_wait()?.is_none(), "dropctl report ended at once");
            ensure!(Instant::now() < deadline, "dropctl report did not attach");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(report)
    }

    /// Ctrl-C, and the page that comes then.
    fn interrupt(mut self) -> Result<Value> {
        signal_process(self.process.id(), libc::SIGINT)?;
        wait(&mut self.process)?;
        let text = fs::read(&self.path).with_context(|| format!("read {}", self.path.display()))?;
        serde_json::from_slice(&text).context("the report is no JSON")
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_file(&self.path);
    }
}

/// `BPF_TRACE_FEXIT`: what is attached behind the ring buffer helpers, where the kernel lets them be traced.
const FEXIT: &str = "attach_type:\t25\n";

/// `true` once the process holds a link of its probe (iterators and programs behind helpers have links, too) and drains.
fn is_attached(pid: u32) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fdinfo")) else { return false };
    let holds_link = files.flatten().any(|file| {
        let text = fs::read_to_string(file.path()).unwrap_or_default();
        text.contains("link_id:") && !text.contains("link_type:\titer") && !text.contains(FEXIT)
    });
    holds_link && drain_sleeps(pid)
}

fn number(report: &Value, pointer: &str) -> Result<u64> {
    report
        .pointer(pointer)
        .and_then(Value::as_u64)
        .with_context(|| format!("the report has no number {pointer}"))
}

/// See [`crate::known_ring::stopped`].
pub(crate) fn stopped_report() -> Result<()> {
    until_unstalled(once)
}

fn once() -> Result<Outcome> {
    let mut generators = Generators::new()?;
    let report = Report::start()?;
    let pid = report.process.id();
    stop_at_rest(pid)?;
    let begin_ns = monotonic_ns();
    generators.run()?;
    let continue_ns = monotonic_ns();
    signal_process(pid, libc::SIGCONT)?;
    // It cannot be asked whether it has caught up; the stop drains in any case.
    thread::sleep(Duration::from_millis(300));
    let drained_ns = monotonic_ns();
    check(&report.interrupt()?, &Stop { begin_ns, continue_ns, drained_ns }, &generators)
}

fn check(report: &Value, stop: &Stop, generators: &Generators) -> Result<Outcome> {
    let account = |name: &str| number(report, &format!("/own/accounting/{name}"));
    let (attempted, consumed, dropped) = (account("attempted")?, account("consumed")?, account("dropped")?);
    let missed = report.pointer("/own/accounting/missed").and_then(Value::as_u64).unwrap_or(0);
    println!("report: {}", report.pointer("/own/accounting").unwrap_or(&Value::Null));
    ensure!(attempted == consumed + dropped, "{attempted} attempted, {consumed} consumed, {dropped} dropped");
    ensure!(account("in_flight")? == 0 && account("submitted")? == consumed, "records are left");
    ensure!(account("seen")? == attempted, "not every event was tried");
    ensure!(
        report.pointer("/own/accounting/holds") == Some(&Value::Bool(true)),
        "the report says that it does not hold"
    );
    ensure!(number(report, "/loss/dropped")? == dropped, "two numbers of drops");
    let backlog = number(report, "/own/ring/backlog_max_bytes")?;
    ensure!(backlog == full_bytes(), "the ring held {backlog} bytes, a full one holds {}", full_bytes());
    let due: u64 = CALLS.iter().map(|(_, calls)| calls).sum();
    let kept = records_that_fit(RING_BYTES.into());
    ensure!(dropped + missed + kept >= due, "a full ring took more than fits");
    for ((_, calls), name) in CALLS.iter().zip(["sched_get_priority_max", "sched_get_priority_min"]) {
        let rows = report.pointer("/syscalls").and_then(Value::as_array).context("no syscalls")?;
        let row = rows.iter().find(|row| row["syscall"] == name);
        let counted = row.and_then(|row| row["events"].as_u64()).unwrap_or(0);
        ensure!(
            counted <= *calls && counted + missed >= *calls,
            "{name}: counted {counted}, missed {missed}, due {calls}"
        );
    }
    stop.check(&overruns(report)?, generators)
}

/// Back on the clock of the machine; seconds are rounded to what a float holds.
fn overruns(report: &Value) -> Result<Vec<Overrun>> {
    let start_ns = number(report, "/window/start_monotonic_ns")?;
    let rows = report.pointer("/loss/overruns").and_then(Value::as_array).context("no overruns")?;
    rows.iter()
        .map(|row| {
            let ns = |name: &str| -> Result<u64> {
                let seconds = row[name].as_f64().with_context(|| format!("an overrun without {name}"))?;
                Ok(u64::try_from(Duration::try_from_secs_f64(seconds)?.as_nanos())?)
            };
            let first_ns = start_ns + ns("start_seconds")?;
            Ok(Overrun { first_ns, last_ns: first_ns + ns("seconds")?, drops: number(row, "/drops")? })
        })
        .collect()
}
