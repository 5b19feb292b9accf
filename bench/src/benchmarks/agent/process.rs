//! The agent as a process: start, look at what it uses, stop.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
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
pub(in crate::benchmarks) struct Agent {
    child: Child,
    address: SocketAddr,
}

/// What it has used so far.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::benchmarks) struct Usage {
    /// Of all its threads.
    pub(in crate::benchmarks) cpu_ns: u64,
    /// Times that one of its threads began to run after it had slept.
    pub(in crate::benchmarks) wakeups: u64,
    pub(in crate::benchmarks) resident_bytes: u64,
    pub(in crate::benchmarks) anonymous_bytes: u64,
    pub(in crate::benchmarks) file_bytes: u64,
    /// Resident pages of its BPF maps, which are part of `resident_bytes`.
    pub(in crate::benchmarks) ring_bytes: u64,
    pub(in crate::benchmarks) peak_bytes: u64,
}

/// What threads of one name have used so far.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(in crate::benchmarks) struct Thread {
    pub(in crate::benchmarks) cpu_ns: u64,
    /// Times that one began to run after it had slept.
    pub(in crate::benchmarks) wakeups: u64,
}

impl Agent {
    /// Starts what `command` runs on a free port and waits until it is ready.
    pub(in crate::benchmarks) fn start(mut command: Command, arguments: &[&str]) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = command
            .args(["agent", "--listen", &address.to_string()])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("start {command:?}"))?;
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

    pub(in crate::benchmarks) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Looks.
    pub(in crate::benchmarks) fn usage(&self) -> Result<Usage> {
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

    /// What each of its threads has used, by name.
    pub(in crate::benchmarks) fn threads(&self) -> Result<BTreeMap<String, Thread>> {
        let mut threads = BTreeMap::<String, Thread>::new();
        for task in Process::new(i32::try_from(self.child.id())?)?.tasks()? {
            let task = task?;
            let status = task.status()?;
            let thread = threads.entry(status.name).or_default();
            thread.cpu_ns += task.schedstat()?.sum_exec_runtime;
            thread.wakeups += status.voluntary_ctxt_switches.unwrap_or(0);
        }
        Ok(threads)
    }

    /// Ends it as a service manager does, and wants to see exit code 0.
    pub(in crate::benchmarks) fn stop(mut self) -> Result<()> {
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
