//! Tools as processes, in two special cases: one without maps beside a kernel module, and one that the kernel kills for
//! want of memory.

use std::{
    fs,
    io::Write as _,
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result, ensure};
use dropctl::sys::clock;

use crate::{
    cgroup::Cgroup,
    lives::{Watch, named, running},
};

const SIGKILL: i32 = 9;
/// What the tool may have, and what it is made to want.
const MOST_BYTES: u64 = 8 << 20;
const WANTED_BYTES: usize = 256 << 20;
/// Nobody is said to use a module before.
const SETTLED_NS: u64 = 6_000_000_000;

/// A falco without maps uses the module, once it is there.
pub(crate) fn module() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let root = tempfile::tempdir()?;
    fs::create_dir_all(root.path().join("sys/module"))?;
    fs::create_dir(root.path().join("dev"))?;
    let watch = Watch::start_at(root.path())?;
    let mut falco = Command::new(named(&folder, "falco")?);
    falco.args("load --syscall getpgrp --rate 1 --duration 60s".split(' ')).stdout(Stdio::null());
    let falco = Killed(falco.spawn().context("start a falco")?);
    let pid = falco.0.id();
    let settled = watch.within("that it has had time to load a probe", |tools| {
        let age_ns = clock::now().boot_ns.saturating_sub(running(tools, pid)?.start_ns?);
        (age_ns > SETTLED_NS).then(|| running(tools, pid).cloned())?
    })?;
    ensure!(settled.tool == "falco" && settled.engine.is_none(), "no module is there: {settled:?}");
    fs::write(root.path().join("dev/falco0"), "")?;
    let by_device = watch.within("its engine", |tools| running(tools, pid)?.engine.clone())?;
    fs::remove_file(root.path().join("dev/falco0"))?;
    fs::create_dir(root.path().join("sys/module/falco"))?;
    let by_module = watch.within("its engine", |tools| running(tools, pid)?.engine.clone())?;
    ensure!([by_device.as_str(), by_module.as_str()] == ["kmod"; 2], "{by_device} {by_module}");
    Ok(())
}

/// A tool in a cgroup with less memory than it wants.
pub(crate) fn killed_for_memory() -> Result<()> {
    let Some(cgroup) = Cgroup::new("memory", "oom")? else { return Ok(()) };
    cgroup.set_memory(MOST_BYTES)?;
    let watch = Watch::start()?;
    let mut tracee = Command::new("sh");
    tracee.args(["-c", "echo tracee > /proc/$$/comm; read -r go; all=$(cat); exit"]).stdin(Stdio::piped());
    let mut tracee = Killed(tracee.spawn().context("start a tracee")?);
    let pid = tracee.0.id();
    cgroup.take(pid)?;
    let found = watch.within("that it runs", |tools| running(tools, pid).cloned())?;
    ensure!(found.tool == "tracee" && found.oom_kills == Some(0), "{found:?}");
    let mut input = tracee.0.stdin.take().context("its input")?;
    let writer = thread::spawn(move || {
        // It ends before it has read all.
        let _ = input.write_all(b"go\n").and_then(|()| input.write_all(&vec![b'x'; WANTED_BYTES]));
    });
    tracee.0.wait()?;
    let exit = watch.within("its end", |tools| {
        let ended = tools.iter().find(|tool| tool.tgid == pid && !tool.is_running)?;
        Some((ended.last_exit?, ended.oom_kills))
    });
    drop(tracee);
    let (exit, kills) = exit?;
    writer.join().ok().context("the writer")?;
    // The shell's child that reads may be killed as well.
    let killed = cgroup.oom_kills()?;
    println!("killed for memory: {exit:?}, {kills:?} processes of its cgroup");
    ensure!(exit.is_oom == Some(true) && killed > 0 && kills == Some(killed), "{exit:?} {kills:?} {killed}");
    ensure!(exit.signal.is_none_or(|signal| signal == SIGKILL) && exit.code.is_none(), "{exit:?}");
    Ok(())
}

/// A process that does not outlive the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
