//! The agent as a process: start, look at what it uses, stop.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use procfs::process::{MMapPath, Process};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;

use super::http::Connection;

/// A running agent. Dropping it kills it.
pub(super) struct Agent {
    child: Child,
    address: SocketAddr,
}

/// What it has used so far.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    /// Of all its threads.
    pub(super) cpu_ns: u64,
    /// Times that one of its threads began to run after it had slept.
    pub(super) wakeups: u64,
    pub(super) resident_bytes: u64,
    pub(super) anonymous_bytes: u64,
    pub(super) file_bytes: u64,
    /// Resident pages of its BPF maps, which are part of `resident_bytes`.
    pub(super) ring_bytes: u64,
    pub(super) peak_bytes: u64,
}

impl Agent {
    /// Starts it on a free port and waits until it is ready.
    pub(super) fn start(binary: &Path, arguments: &[&str]) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(binary)
            .args(["agent", "--listen", &address.to_string()])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("start {}", binary.display()))?;
        let mut agent = Self { child, address };
        let give_up = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = agent.child.try_wait()? {
                bail!("the agent ended with {status}");
            }
            if Connection::open(address).and_then(|mut connection| connection.get("/readyz")).is_ok() {
                return Ok(agent);
            }
            ensure!(Instant::now() < give_up, "the agent is not ready after 10 seconds");
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Looks.
    pub(super) fn usage(&self) -> Result<Usage> {
        let process = Process::new(i32::try_from(self.child.id())?)?;
        let (mut cpu_ns, mut wakeups) = (0, 0);
        for task in process.tasks()? {
            let task = task?;
            cpu_ns += task.schedstat()?.sum_exec_runtime;
            wakeups += task.status()?.voluntary_ctxt_switches.unwrap_or(0);
        }
        let status = process.status()?;
        let kib = |field: Option<u64>| field.unwrap_or(0) * 1024;
        let is_map = |path: &MMapPath| matches!(path, MMapPath::Path(path) if path.as_os_str() == "anon_inode:bpf-map");
        let maps = process.smaps()?;
        let ring_bytes = maps
            .iter()
            .filter(|map| is_map(&map.pathname))
            .filter_map(|map| map.extension.map.get("Rss"))
            .sum();
        Ok(Usage {
            cpu_ns,
            wakeups,
            resident_bytes: kib(status.vmrss),
            anonymous_bytes: kib(status.rssanon),
            file_bytes: kib(status.rssfile),
            ring_bytes,
            peak_bytes: kib(status.vmhwm),
        })
    }

    /// Ends it as a service manager does, and wants to see exit code 0.
    pub(super) fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("its process id")?;
        kill_process(pid, Signal::TERM)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the agent ended with {status}");
        Ok(())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
