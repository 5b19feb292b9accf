//! Tools with perf buffers: what dropctl says that they lost is what they say, sample by sample.

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    observe::rings::{Rings, Wanted},
    sample::PerfBuffersSample,
    sys::clock,
};

use crate::{
    load::{self, Worker},
    tool::{Tool, within},
};

const CALLS: u64 = 5_000;
/// Made to learn what one sample takes.
const FEW: u64 = 10;

/// `statfs`, by tracepoints.
pub(crate) fn statsnoop() -> Result<()> {
    loses_what_it_says("/usr/sbin/statsnoop-libbpf", &["-p"], "statsnoop-libbp", load::statfs)
}

/// `kill` with no signal, by another pair of them.
pub(crate) fn sigsnoop() -> Result<()> {
    loses_what_it_says("/usr/sbin/sigsnoop-libbpf", &["-k", "-p"], "sigsnoop-libbpf", load::kill)
}

fn loses_what_it_says(
    program: &str,
    arguments: &[&str],
    comm: &str,
    load: fn(u64) -> Result<()>,
) -> Result<()> {
    let mut worker = Worker::start(load)?;
    let pid = worker.pid().to_string();
    let mut rings = Rings::start(Wanted::default())?;
    ensure!(rings.cannot_see_perf().is_none(), "{:?}", rings.cannot_see_perf());
    let tool = Tool::start(program, &[arguments, &[&pid]].concat())?;
    let tgid = tool.pid();
    let buffers = || of(&rings, tgid);
    within("its perf buffers", || Ok(buffers()))?;
    within("its first sample", || {
        worker.make(1)?;
        Ok(buffers().filter(|buffers| buffers.produced_bytes > 0))
    })?;
    // A look that begins after this sees all that was written before it.
    let settled = |what: &str| {
        let now_ns = clock::monotonic_ns();
        within(
            what,
            || Ok(buffers().filter(|buffers| buffers.time_ns > now_ns && buffers.backlog_bytes == 0)),
        )
    };
    let before = settled("that all is read")?;
    worker.make(FEW)?;
    let after_few = settled("that a few are read")?;
    ensure!(after_few.lost == Some(0), "{after_few:?}");
    let sample_bytes = (after_few.produced_bytes - before.produced_bytes) / FEW;

    tool.stop()?;
    worker.make(CALLS)?;
    let now_ns = clock::monotonic_ns();
    let full = within("a look at its full buffer", || Ok(buffers().filter(|full| full.time_ns > now_ns)))?;
    let lost = full.lost.context("lost samples are not counted")?;
    ensure!(full.tool == "other" && full.comm == comm && !full.is_own, "{full:?}");
    let kept_bytes = full.produced_bytes - after_few.produced_bytes;
    ensure!(kept_bytes == full.backlog_bytes && kept_bytes == (CALLS - lost) * sample_bytes, "{full:?}");
    ensure!(full.fullest_permille > 980 && lost > 0, "{full:?}");

    tool.go_on()?;
    settled("that it has caught up")?;
    // The kernel tells the tool with the next sample that finds room.
    worker.make(1)?;
    let end = settled("that it has read the last")?;
    ensure!(end.lost == Some(lost) && end.consumed_bytes == end.produced_bytes, "{end:?}");
    let output = tool.end()?;
    let said = |line: &str| {
        let line = line.to_lowercase();
        line.split_once("lost ")?.1.split_once(" events on cpu")?.0.parse::<u64>().ok()
    };
    let it_says: u64 = output.lines().filter_map(said).sum();
    ensure!(it_says == lost, "it says that it lost {it_says}, dropctl {lost}");
    let lines = output.lines().filter(|line| line.split_whitespace().any(|word| word == pid)).count() as u64;
    let expected = before.produced_bytes / sample_bytes + FEW + (CALLS - lost) + 1;
    ensure!(lines == expected, "{lines} lines, not {expected}");
    println!(
        "{comm}: {CALLS} calls while it stood still, {} kept of {sample_bytes} bytes; it says that it lost {it_says}, \
         dropctl counted {lost} in {} buffers",
        CALLS - lost,
        end.buffers
    );
    rings.end();
    ensure!(of(&rings, tgid).is_none(), "its buffers are still there");
    Ok(())
}

fn of(rings: &Rings, tgid: u32) -> Option<PerfBuffersSample> {
    rings.perf_buffers()?.into_iter().find(|buffers| buffers.tgid == tgid)
}
