//! One run of a situation, and what came of it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{
    cgroups::Cgroups,
    child::{LOOK, Running, pause},
    outcome::Outcome,
    tool::Tool,
};
use crate::scenario::{Limits, Process, Setup};

/// How long anything may take that should end by itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between the start of dropctl and that of the load.
const HEAD_START: Duration = Duration::from_millis(1500);
/// Between the start of the tool and that of dropctl.
const SETTLED: Duration = Duration::from_millis(300);
/// dropctl shall not wait for a CPU because of a scenario's hogs.
const WATCHER: Limits =
    Limits { cpu_percent: None, period_ms: None, weight: Some(10_000), memory_mib: None, write_kib: None };

/// Who looks on.
#[derive(Clone, Debug, Default)]
pub(super) struct Onlookers {
    pub(super) dropctl: Option<PathBuf>,
    /// Where to keep its report.
    pub(super) keep: Option<PathBuf>,
    /// For the shell.
    pub(super) beside: Option<String>,
}

/// Runs it, with `falco` as the tool. Nothing is left behind, whatever happens.
pub(super) fn run(setup: &Setup, falco: &Path, onlookers: &Onlookers) -> Result<Outcome> {
    let mut cgroups = Cgroups::new()?;
    // Declared after the cgroups, so that they end before: a cgroup can only be removed when it is empty.
    let mut processes = Vec::new();
    let mut place = |name: &str, process: &Process, verb: &str| -> Result<Command> {
        let own = || std::env::current_exe().context("where is this program?");
        let mut command = Command::new(if verb == "standin" { falco.to_owned() } else { own()? });
        command.arg(verb).arg("--with-parent").args(process.flags.arguments()?);
        for folder in cgroups.group(name, &process.limits)? {
            command.arg("--cgroup").arg(folder);
        }
        Ok(command)
    };
    for (index, process) in setup.other_tools.iter().enumerate() {
        let mut other =
            Running::start("another tool", place(&format!("other-{index}"), process, "standin")?)?;
        other.wait_for(Tool::IS_READY, PATIENCE)?;
        processes.push(other);
    }
    let tool_command = place("tool", &setup.tool, "standin")?;
    let loads: Vec<_> = numbered("load", &setup.loads, &mut place, "load")?;
    let hogs: Vec<_> = numbered("hog", &setup.hogs, &mut place, "hog")?;
    let watch = match &onlookers.dropctl {
        None => None,
        Some(binary) => Some((binary, cgroups.group("watch", &WATCHER)?)),
    };

    let mut dropctl = None;
    if let Some((binary, folders)) = &watch
        && setup.dropctl_first
    {
        dropctl = Some(start_dropctl(binary, folders, setup, HEAD_START + SETTLED)?);
        pause(HEAD_START)?;
    }
    let mut tool = Tool::start(tool_command, setup.tool.again_after_ms)?;
    pause(SETTLED)?;
    if !setup.dropctl_first {
        if let Some((binary, folders)) = &watch {
            dropctl = Some(start_dropctl(binary, folders, setup, HEAD_START)?);
        }
        // Without dropctl as well: the tool's clock starts with the tool.
        pause(HEAD_START)?;
    }
    let beside = onlookers.beside.as_deref().map(Running::shell).transpose()?;
    tool.look()?;
    tool.begin();
    let start = Instant::now();
    for command in hogs {
        processes.push(Running::start("a hog", command)?);
    }
    for line in &setup.commands {
        processes.push(Running::shell(line)?);
    }
    let mut loads: Vec<_> =
        loads.into_iter().map(|command| Running::start("a load", command)).collect::<Result<_>>()?;
    let mut verdict = None;
    let mut has_verdict = dropctl.is_none();
    let length = Duration::from_secs(setup.seconds);
    while start.elapsed() < length || !has_verdict {
        pause(LOOK)?;
        tool.look()?;
        if let Some(dropctl) = &mut dropctl
            && !has_verdict
        {
            has_verdict = dropctl.has_ended()?;
            verdict = has_verdict.then(|| start.elapsed());
        }
        ensure!(start.elapsed() < length + PATIENCE, "dropctl has no verdict");
    }
    let mut calls = 0;
    for load in &mut loads {
        let made: Value = serde_json::from_str(&load.good_end(PATIENCE)?).context("what a load says")?;
        calls += made["calls"].as_u64().context("calls of a load")?;
    }
    let report = match &mut dropctl {
        None => None,
        Some(dropctl) => Some(read_report(&dropctl.good_end(PATIENCE)?, onlookers.keep.as_deref())?),
    };
    let memory_kib = tool.memory_kib();
    // What holds the tool up would hold up its end too.
    drop(processes);
    cgroups.lift("tool")?;
    let accounts = tool.finish(PATIENCE)?;
    if let Some(mut beside) = beside {
        beside.good_end(PATIENCE)?;
    }
    Ok(Outcome { calls, memory_kib, report, verdict, ..Outcome::of(&accounts)? })
}

fn numbered(
    name: &str,
    processes: &[Process],
    place: &mut impl FnMut(&str, &Process, &str) -> Result<Command>,
    verb: &str,
) -> Result<Vec<Command>> {
    let each = processes.iter().enumerate();
    each.map(|(index, process)| place(&format!("{name}-{index}"), process, verb)).collect()
}

/// Looks for as long as the situation lasts and `before` it.
fn start_dropctl(binary: &Path, folders: &[PathBuf], setup: &Setup, before: Duration) -> Result<Running> {
    let time = before + Duration::from_secs(setup.seconds);
    let mut command = Command::new(binary);
    command.args(["report", "--quiet", "--format", "json", "--duration", &format!("{}ms", time.as_millis())]);
    command.args(setup.dropctl.arguments()?);
    let running = Running::start("dropctl", command)?;
    for folder in folders {
        let procs = folder.join("cgroup.procs");
        fs::write(&procs, running.pid().to_string()).with_context(|| format!("write {}", procs.display()))?;
    }
    Ok(running)
}

fn read_report(text: &str, keep: Option<&Path>) -> Result<Value> {
    let report = serde_json::from_str(text).context("the report of dropctl")?;
    if let Some(file) = keep {
        fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(report)
}
