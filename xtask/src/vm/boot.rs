//! One guest: qemu in software emulation, its console in a file, the tests' lines in a pipe.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use super::kernel::Kernel;
use crate::{
    command,
    test::{Tally, reading::Reading},
    workspace,
};

/// Lines of the console that end a guest, whatever its tests say.
const FATAL: [&str; 5] =
    ["Kernel panic", "Oops: ", "Oops:", "BUG: unable to handle", "general protection fault"];
/// One thread emulates both CPUs. With several (qemu 7.2) kernels from 6.16 on oops in early boot, and
/// 5.10 locks up on the jump that it patches into the syscall exit when a program is attached there.
const ACCELERATOR: &str = "tcg,thread=single";
const TAIL_LINES: usize = 25;

/// What to boot.
pub(crate) struct Guest<'a> {
    /// Also the name of its logs.
    pub(crate) name: &'a str,
    pub(crate) kernel: &'a Kernel,
    pub(crate) initramfs: &'a Path,
    pub(crate) limit: Duration,
}

impl Guest<'_> {
    /// Boots, reads the tests' lines as they come, and judges the console afterwards.
    pub(crate) fn boot(&self) -> Result<Tally> {
        let console = self.log("log")?;
        let mut qemu = self.qemu(&console);
        let child = qemu.spawn().with_context(|| format!("start {}", command::line(&qemu)))?;
        let mut child = Ended(child);
        let lines = self.read(&mut child, Instant::now() + self.limit)?;
        fs::write(self.log("tests.log")?, lines.join("\n")).context("keep the tests' lines")?;

        let console = fs::read(&console).with_context(|| format!("read {}", console.display()))?;
        let console = String::from_utf8_lossy(&console);
        if let Some(line) = console.lines().find(|line| FATAL.iter().any(|word| line.contains(word))) {
            bail!("{}\n{}", line.trim(), tail(&console));
        }
        if !lines.iter().any(|line| line.starts_with("guest: exit ")) {
            bail!("the guest ended before its tests did\n{}", tail(&console));
        }
        let mut reading = Reading::default();
        lines.iter().for_each(|line| reading.line(line));
        let code = lines.iter().find_map(|line| line.strip_prefix("guest: exit ")).unwrap_or_default();
        reading.finish(code == "0")
    }

    fn log(&self, end: &str) -> Result<PathBuf> {
        let folder = workspace::target("vm");
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        Ok(folder.join(format!("{}.{end}", self.name)))
    }

    fn qemu(&self, console: &Path) -> Command {
        // Level 5 adds what the kernel says about a lockup or a warning: its stack.
        // The kernel ends qemu with us, even if we are killed.
        let mut qemu = command::program("setpriv");
        qemu.args(["--pdeathsig", "KILL", "qemu-system-x86_64", "-accel", ACCELERATOR])
            .args(["-cpu", "max", "-m", "1G", "-smp", "2", "-display", "none", "-monitor", "none"])
            .args(["-nodefaults", "-no-reboot", "-serial"])
            .arg(format!("file:{}", console.display()))
            .args(["-serial", "stdio", "-append", "console=ttyS0 quiet loglevel=5 panic=-1", "-kernel"])
            .arg(&self.kernel.image)
            .arg("-initrd")
            .arg(self.initramfs)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        qemu
    }

    fn read(&self, child: &mut Ended, deadline: Instant) -> Result<Vec<String>> {
        let output = child.0.stdout.take().context("standard output of qemu")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut reader = BufReader::new(output);
            let mut bytes = Vec::new();
            while reader.read_until(b'\n', &mut bytes).unwrap_or(0) > 0 {
                let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                bytes.clear();
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let (start, mut seen) = (Instant::now(), Vec::new());
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match lines.recv_timeout(left) {
                Ok(line) => {
                    println!("  {} {:>4.0} s| {line}", self.name, start.elapsed().as_secs_f64());
                    seen.push(line);
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(seen),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let console = fs::read(self.log("log")?).unwrap_or_default();
                    let last = seen.last().map_or("nothing", String::as_str);
                    let console = String::from_utf8_lossy(&console);
                    // A lockup repeats itself: its first line is the one that matters.
                    let complaint = console.lines().find(|line| line.contains("BUG: ")).unwrap_or_default();
                    let (limit, tail) = (self.limit.as_secs(), tail(&console));
                    bail!("not done after {limit} s; its last line: {last}; {}\n{tail}", complaint.trim());
                }
            }
        }
    }
}

/// A child that does not outlive its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn tail(console: &str) -> String {
    let lines: Vec<&str> = console.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    lines[from..].iter().map(|line| format!("    {line}\n")).collect()
}
