//! A tool of another Debian, in its own root and mount namespace.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

const ROOT: &str = "DROPCTL_FOREIGN_ROOT";
/// The kernel's own file systems below the root, for as long as the namespace lives. tracefs is not mounted everywhere.
const ENTER: &str = r#"
for folder in proc sys dev; do mkdir -p "$0/$folder" && mount --rbind "/$folder" "$0/$folder" || exit 1; done
mount -t tracefs nodev "$0/sys/kernel/tracing" 2>/dev/null
mount -t debugfs nodev "$0/sys/kernel/debug" 2>/dev/null
exec chroot "$0" "$@"
"#;
const SOON: Duration = Duration::from_secs(20);

/// Why no tool can run here.
pub(crate) fn missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("not root: run it with sudo".to_owned());
    }
    match root() {
        Some(root) if root.join("usr/bin/bpftrace").exists() => None,
        _ => {
            Some(format!("{ROOT} names no folder with the tools; `cargo xtask test --only foreign` makes it"))
        }
    }
}

fn root() -> Option<PathBuf> {
    env::var_os(ROOT).map(PathBuf::from)
}

/// A running tool. Dropping it kills it.
pub(crate) struct Tool {
    child: Child,
    output: tempfile::NamedTempFile,
    /// In a file of its own: it would come between the halves of a line.
    complaints: tempfile::NamedTempFile,
    ended: bool,
}

impl Tool {
    /// Starts it; its output is kept.
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Result<Self> {
        let root = root().context(ROOT)?;
        let output = tempfile::NamedTempFile::new()?;
        let complaints = tempfile::NamedTempFile::new()?;
        let file: File = output.reopen()?;
        let child = Command::new("unshare")
            .args(["--mount", "sh", "-c", ENTER])
            .arg(Path::new(&root))
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(complaints.reopen()?)
            .stdout(file)
            .spawn()
            .with_context(|| format!("start {program}"))?;
        Ok(Self { child, output, complaints, ended: false })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("not a process id")?;
        kill_process(pid, signal).context("signal the tool")
    }

    /// Until all its threads stand still.
    pub(crate) fn stop(&self) -> Result<()> {
        self.signal(Signal::STOP)?;
        within("that it stands still", || {
            let mut threads = fs::read_dir(format!("/proc/{}/task", self.pid()))?.flatten();
            let stands = |thread: fs::DirEntry| {
                let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
                status.lines().any(|line| line.starts_with("State:\tT"))
            };
            Ok(threads.all(stands).then_some(()))
        })
    }

    pub(crate) fn go_on(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn said(&self) -> String {
        let [output, complaints] =
            [&self.output, &self.complaints].map(|file| fs::read_to_string(file.path()).unwrap_or_default());
        output + &complaints
    }

    /// Ctrl-C, and all that it has said.
    pub(crate) fn end(mut self) -> Result<String> {
        self.signal(Signal::INT)?;
        let status = within("its end", || Ok(self.child.try_wait()?))?;
        self.ended = true;
        let output = self.said();
        ensure!(status.success(), "it ended with {status}: {output}");
        Ok(output)
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        if !self.ended {
            println!("it said: {}", self.said());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until there is an answer, but not for ever.
pub(crate) fn within<T>(what: &str, look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    crate::within::within(SOON, what, look)
}
