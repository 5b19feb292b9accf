//! One foreign tool: started for each block, interrupted after it, asked what it saw.

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use procfs::process::Process;
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    blocks::Subject,
    generator::{Generator, Work},
    hook,
    sys::getppid,
};

/// Mounts tracefs for the tool alone, where it is not mounted: nothing is left behind.
const WITH_TRACEFS: &str =
    "mountpoint -q /sys/kernel/tracing || mount -t tracefs nodev /sys/kernel/tracing && exec \"$@\"";

/// When a tool is in place.
#[derive(Clone, Copy)]
enum Ready {
    /// When it has loaded a program; a moment later it is attached.
    Program,
    /// When the generator has a tracer.
    Tracer,
    /// It does not show.
    After(Duration),
}

/// A tool and how to talk to it.
pub(super) struct Tool {
    name: &'static str,
    command: Vec<String>,
    version: &'static str,
    ready: Ready,
    parse: fn(&str) -> Option<u64>,
    generator: u32,
    running: Option<Child>,
    resident_bytes: u64,
}

impl Tool {
    /// All that we compare with.
    pub(super) fn all(generator: u32) -> Vec<Self> {
        let tool = |name, command: &[&str], version, ready, parse| Self {
            name,
            command: command.iter().map(|&word| word.to_owned()).collect(),
            version,
            ready,
            parse,
            generator,
            running: None,
            resident_bytes: 0,
        };
        let pid = generator.to_string();
        let count_by_number = "tracepoint:raw_syscalls:sys_enter { @[args->id] = count(); }";
        let perf = Ready::After(Duration::from_secs(2));
        vec![
            tool(
                "bpftrace, count by number",
                &["bpftrace", "-e", count_by_number],
                "--version",
                Ready::Program,
                |text| field(text, &format!("@[{}]:", getppid::NUMBER), 1),
            ),
            tool(
                "syscount (libbpf-tools)",
                &["/usr/sbin/syscount", "-T", "500"],
                "--version",
                Ready::Program,
                |text| field(text, "getppid", 1),
            ),
            tool("perf trace -s", &["perf", "trace", "-s", "-p", &pid], "--version", perf, |text| {
                field(text, "getppid", 1)
            }),
            tool("strace -c -f", &["strace", "-c", "-f", "-p", &pid], "--version", Ready::Tracer, |text| {
                text.lines().find(|line| line.ends_with(" getppid"))?.split_whitespace().nth(3)?.parse().ok()
            }),
        ]
    }

    /// Most memory that it was seen to use.
    pub(super) fn resident_bytes(&self) -> u64 {
        self.resident_bytes
    }

    /// Runs it once and wants to see that it counts. Returns its version.
    pub(super) fn try_out(&mut self, generator: &mut Generator) -> Result<String> {
        let version = Command::new(&self.command[0])
            .arg(self.version)
            .stdin(Stdio::null())
            .output()
            .context("it does not start")?;
        let version = String::from_utf8_lossy(&version.stdout).lines().next().unwrap_or("?").to_owned();
        self.attach()?;
        let worked = generator.run(Work::flat_out(1000));
        let seen = self.detach()?;
        worked?;
        ensure!(seen.is_some_and(|seen| seen > 0), "it saw no calls: {}", self.last_words());
        Ok(version)
    }

    fn generator_is_traced(&self) -> Result<bool> {
        Ok(Process::new(i32::try_from(self.generator)?)?.status()?.tracerpid != 0)
    }

    fn output_path(&self) -> String {
        let word = self.name.split([' ', ',']).next().unwrap_or("tool");
        format!("{}/../target/bench/peer-{word}.txt", env!("CARGO_MANIFEST_DIR"))
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(self.output_path()).unwrap_or_default();
        text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned()
    }
}

/// Word number `index` of the line that begins with `start`.
fn field(text: &str, start: &str, index: usize) -> Option<u64> {
    let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.find(|words| words.first() == Some(&start))?.get(index)?.parse().ok()
}

impl Subject for Tool {
    fn name(&self) -> &str {
        self.name
    }

    fn attach(&mut self) -> Result<()> {
        let path = self.output_path();
        fs::create_dir_all(format!("{}/../target/bench", env!("CARGO_MANIFEST_DIR")))?;
        let output = File::create(&path).with_context(|| format!("create {path}"))?;
        let programs = hook::programs()?;
        let child = Command::new("unshare")
            .args(["--mount", "sh", "-c", WITH_TRACEFS, "sh"])
            .args(&self.command)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("start it")?;
        self.running = Some(child);
        let give_up = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.running.as_mut().context("not running")?.try_wait()? {
                self.running = None;
                bail!("it ended with {status}: {}", self.last_words());
            }
            let moment = Duration::from_millis(500);
            match self.ready {
                Ready::Program if hook::programs()? != programs => break thread::sleep(moment),
                Ready::Tracer if self.generator_is_traced()? => break thread::sleep(moment),
                Ready::After(time) => break thread::sleep(time),
                _ => thread::sleep(Duration::from_millis(20)),
            }
            ensure!(Instant::now() < give_up, "it does not get ready: {}", self.last_words());
        }
        Ok(())
    }

    fn detach(&mut self) -> Result<Option<u64>> {
        let mut child = self.running.take().context("not running")?;
        let pid = i32::try_from(child.id())?;
        if let Ok(status) = Process::new(pid).and_then(|process| process.status()) {
            self.resident_bytes = self.resident_bytes.max(status.vmrss.unwrap_or(0) * 1024);
        }
        kill_process(Pid::from_raw(pid).context("its process id")?, Signal::INT)?;
        let give_up = Instant::now() + Duration::from_secs(20);
        while child.try_wait()?.is_none() {
            if Instant::now() > give_up {
                child.kill()?;
                child.wait()?;
                bail!("it does not stop");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok((self.parse)(&fs::read_to_string(self.output_path())?))
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        if let Some(child) = &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
