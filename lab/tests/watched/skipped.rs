//! Runs of a tool's programs that the kernel skips (Linux 7.2 and newer): events that no counter of the tool shows, and the
//! finding that says so.

use std::{process::Stdio, thread, time::Duration};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    diagnose::diagnose,
    observe::node,
    sample::{Sample, ToolSample},
    setup::{Mode, Naming, Request, Setup},
    sys::clock,
    timeline::Timeline,
};

use crate::{
    lives::{Watch, named, running},
    standin::{Standin, lab, undisturbed},
};

/// Of each of two processes on one CPU, which the kernel takes turns with.
const CALLS: u64 = 300_000;
/// Programs are looked at once a second.
const FRESH: Duration = Duration::from_secs(3);
const FLAGS: &str = "--syscalls getpgrp --ring-bytes 8MiB";

/// What is missing from the tool's account was skipped, and the finding says as much. Never without such a kernel.
pub(crate) fn found() -> Result<()> {
    undisturbed(once)
}

fn once() -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let falco = named(&folder, "falco")?;
    let watch = Watch::start()?;
    let mut standin = Standin::start_as(&falco, FLAGS)?;
    let before = watch.within("its programs", |tools| {
        running(tools, standin.pid()).filter(|tool| tool.has_rings)?;
        watch.with_programs(standin.pid())
    })?;
    let programs = before.programs.as_ref().context("no programs")?;
    let Some(missed_before) = programs.missed else {
        println!("the kernel does not say what it skips: {programs:?}");
        return Ok(true);
    };
    let first = sample(before);
    let loads = [(); 2].map(|()| {
        let mut load = lab(&format!("load --syscall getpgrp --calls {CALLS} --cpu 0"));
        load.stdout(Stdio::null()).spawn()
    });
    for process in loads {
        ensure!(process.context("start a load")?.wait()?.success(), "a load failed");
    }
    thread::sleep(FRESH);
    let after = watch.with_programs(standin.pid()).context("the tool is gone")?;
    let missed = after.programs.as_ref().and_then(|programs| programs.missed).context("no programs")?;
    let skipped = missed - missed_before;
    let mut timeline = Timeline::new(node::read(), setup());
    timeline.push(first);
    timeline.push(sample(after));
    let findings = diagnose(&timeline.all(), &[]);
    let finding = findings.iter().find(|finding| finding.code.as_str() == "DC115");

    let summary = standin.finish()?;
    summary.check()?;
    let (calls, events) = (2 * CALLS, summary.of("n_evts"));
    println!(
        "calls {calls}, events {events}, runs skipped {skipped}, finding {:?}",
        finding.map(|finding| &finding.summary)
    );
    if events > calls {
        return Ok(false);
    }
    // Other syscalls are skipped as well, of which no event would have come.
    ensure!(calls - events <= skipped, "{} events are missing, {skipped} runs were skipped", calls - events);
    ensure!(skips_runs() || skipped == 0, "{skipped} runs were skipped by a kernel that does not");
    ensure!(finding.and_then(|finding| finding.drops) == (skipped > 0).then_some(skipped), "{finding:?}");
    Ok(true)
}

/// Linux 7.2 and newer preempt programs on syscall tracepoints.
fn skips_runs() -> bool {
    let release = node::read().kernel.unwrap_or_default();
    let mut numbers = release.split('.').map_while(|number| number.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (7, 2)
}

fn sample(tool: ToolSample) -> Sample {
    Sample { clock: clock::now(), tools: Some(vec![tool]), ..Sample::default() }
}

fn setup() -> Setup {
    let request = Request { mode: Mode::Passive, sample: 1, ring_bytes: 4096, processes: 0 };
    Setup {
        version: String::new(),
        revision: None,
        request,
        hook: None,
        visibility: Vec::new(),
        interval_ns: 0,
        names: Naming::Real,
    }
}
