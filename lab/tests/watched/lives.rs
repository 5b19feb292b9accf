//! Tools as processes: stand-ins under Falco's name that are killed and come again.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    observe::{
        rings::{Rings, Wanted},
        tools::Tools,
    },
    sample::ToolSample,
    sys::clock,
};

use crate::standin::{Standin, lab_binary};

const SECOND: u64 = 1_000_000_000;
const FLAGS: [&str; 2] = ["--syscalls getpgrp --ring-bytes 64KiB", "--syscalls getpgrp --ring-bytes 128KiB"];

/// Two at once, one of which is killed twice: its lives are counted, its absences are those that were, and the other is
/// left alone.
pub(crate) fn two_falcos() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let falco = named(&folder, "falco")?;
    let watch = Watch::start()?;
    let mut first = Standin::start_as(&falco, FLAGS[0])?;
    let second = Standin::start_as(&falco, FLAGS[1])?;
    let found = watch.within("both and their rings", |tools| {
        let of = |standin: &Standin| running(tools, standin.pid()).filter(|tool| tool.has_rings).cloned();
        Some([of(&first)?, of(&second)?])
    })?;
    let [number, other] = found.map(|tool| (tool.tool, tool.instance));
    ensure!(number != other && number.0 == "falco", "{number:?} {other:?}");
    for life in 1..=2 {
        let killed_ns = clock::now().boot_ns;
        first.kill()?;
        let gone_ns = clock::now().boot_ns;
        let away =
            watch.within("its end", |tools| instance(tools, &number).filter(|tool| !tool.is_running))?;
        ensure!(!away.has_rings, "{away:?}");
        let absence = *away.absences.last().context("no absence")?;
        ensure!(absence.to_ns.is_none(), "{absence:?}");
        ensure!((killed_ns..gone_ns + SECOND).contains(&absence.from_ns), "{killed_ns} {absence:?}");
        thread::sleep(Duration::from_millis(1500));
        let begun_ns = clock::now().boot_ns;
        first = Standin::start_as(&falco, FLAGS[0])?;
        let back = watch.within("its next life and rings", |tools| {
            running(tools, first.pid()).filter(|tool| tool.has_rings).cloned()
        })?;
        ensure!((back.tool.clone(), back.instance) == number, "another number: {back:?}");
        ensure!(back.restarts == life, "{back:?}");
        let absence = *back.absences.last().context("no absence")?;
        let to_ns = absence.to_ns.context("it is back")?;
        ensure!(to_ns.abs_diff(begun_ns) < SECOND, "{begun_ns} {absence:?}");
        ensure!(to_ns - absence.from_ns > SECOND, "{absence:?}");
        let exit = back.last_exit.context("it ended")?;
        ensure!(exit.signal.is_none_or(|signal| signal == 9) && exit.code.is_none(), "{exit:?}");
        println!("life {life}: absent for {} ms, ended by {:?}", (to_ns - absence.from_ns) / 1_000_000, exit);
    }
    let last = watch.sample();
    let untouched = running(&last, second.pid()).context("the other")?;
    ensure!((untouched.restarts, untouched.absences.len()) == (0, 0), "{untouched:?}");
    let looping = running(&last, first.pid()).and_then(|tool| tool.crash_loop(clock::now().boot_ns));
    ensure!(looping.is_some_and(|found| found.lives == 3), "three lives in a row: {looping:?}");
    Ok(())
}

/// Processes that end while they are looked at are no tools that run.
pub(crate) fn short_processes() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tracee = named(&folder, "tracee")?;
    let watch = Watch::start()?;
    for _ in 0..200 {
        let mut process = Command::new(&tracee).arg("--version").stdout(Stdio::null()).spawn()?;
        watch.sample();
        process.wait()?;
    }
    watch.within("that all have ended", |tools| {
        (!tools.iter().any(|tool| tool.is_running && tool.tool == "tracee")).then_some(())
    })
}

/// dropctl's own readers.
pub(crate) struct Watch {
    tools: Tools,
    rings: Rings,
}

impl Watch {
    pub(crate) fn start() -> Result<Self> {
        Self::start_at(Path::new("/"))
    }

    /// `root`: where kernel modules are looked for.
    pub(crate) fn start_at(root: &Path) -> Result<Self> {
        let (tools, rings) = (Tools::start(root)?, Rings::start(Wanted::default())?);
        ensure!(tools.sees_processes(), "a pid namespace of its own");
        Ok(Self { tools, rings })
    }

    pub(crate) fn sample(&self) -> Vec<ToolSample> {
        self.tools.sample(
            &self.rings.sample(),
            &self.rings.perf_buffers().unwrap_or_default(),
            &self.rings.falcos(),
        )
    }

    /// A tool that runs, and its programs, once they are known.
    pub(crate) fn with_programs(&self, tgid: u32) -> Option<ToolSample> {
        let tool = running(&self.sample(), tgid).cloned()?;
        let programs = self.rings.programs_of(tgid)?;
        Some(ToolSample { programs: Some(programs), ..tool })
    }

    /// What the samples show, sooner or later.
    pub(crate) fn within<T>(
        &self,
        what: &str,
        mut look: impl FnMut(&[ToolSample]) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let sample = self.sample();
            if let Some(found) = look(&sample) {
                return Ok(found);
            }
            ensure!(Instant::now() < deadline, "not in time: {what}: {sample:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The stand-in's program under this name.
pub(crate) fn named(folder: &tempfile::TempDir, name: &str) -> Result<PathBuf> {
    let link = folder.path().join(name);
    symlink(lab_binary(), &link)?;
    Ok(link)
}

pub(crate) fn running(tools: &[ToolSample], tgid: u32) -> Option<&ToolSample> {
    tools.iter().find(|tool| tool.is_running && tool.tgid == tgid)
}

fn instance(tools: &[ToolSample], number: &(String, usize)) -> Option<ToolSample> {
    tools.iter().find(|tool| (&tool.tool, tool.instance) == (&number.0, number.1)).cloned()
}
