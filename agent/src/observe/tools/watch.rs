//! The thread that finds tools and notices their ends.

use std::{
    io::{self, PipeReader, PipeWriter},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    engine::{self, Signs},
    known,
    scan::{State, owner},
};
use crate::{
    observe::falco::process::{INITIAL_PID_NAMESPACE, modules},
    sample::{FalcoSample, PerfBuffersSample, RingSample, ToolSample},
    sys::clock,
};

/// New processes are looked at so often: the start of a tool is known from the process, whenever it is found.
const SCAN_EVERY: Duration = Duration::from_secs(1);

/// The running thread.
pub struct Tools {
    state: Arc<Mutex<State>>,
    /// Where the node's /sys/module and /dev are.
    root: PathBuf,
    sees_processes: bool,
    /// `None` once told to stop.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Tools {
    /// Starts the thread, after a first look at all processes. `root`: the node's root directory, where kernel modules are
    /// looked for.
    ///
    /// # Errors
    ///
    /// When the kernel makes no pipe or no thread.
    pub fn start(root: &Path) -> io::Result<Self> {
        let proc = Path::new("/proc");
        let sees_processes = is_initial_pid_namespace(proc);
        let mut state = State::new(proc);
        if sees_processes {
            state.scan(clock::now().boot_ns);
        }
        let state = Arc::new(Mutex::new(state));
        let (stops, stop) = io::pipe()?;
        let shared = Arc::clone(&state);
        let thread = thread::Builder::new()
            .name("dropctl-tools".to_owned())
            .spawn(move || run(&shared, &stops, sees_processes))?;
        Ok(Self { state, root: root.to_owned(), sees_processes, stop: Some(stop), thread: Some(thread) })
    }

    /// Whether the node's processes are visible. Elsewhere tools are known by their rings alone.
    #[must_use]
    pub fn sees_processes(&self) -> bool {
        self.sees_processes
    }

    /// All tools at this moment, beside the rings, perf buffers and probes that were seen.
    #[must_use]
    pub fn sample(
        &self,
        rings: &[RingSample],
        perf_buffers: &[PerfBuffersSample],
        falcos: &[FalcoSample],
    ) -> Vec<ToolSample> {
        let now_ns = clock::now().boot_ns;
        let mut state = lock(&self.state);
        state.take_up_by_rings(rings, self.sees_processes, now_ns);
        for (tgid, _) in state.lives.all_running().collect::<Vec<_>>() {
            let has_rings = rings.iter().any(|ring| owner(ring).is_some_and(|(owner, _)| owner == tgid));
            let probe = falcos.iter().filter(|falco| falco.tgid == tgid).map(|falco| falco.map_id).max();
            state.lives.set_probe(tgid, has_rings, probe, now_ns);
        }
        let mut sample = state.lives.sample();
        drop(state);
        for tool in sample.iter_mut().filter(|tool| tool.is_running) {
            if known::is_of_falcos_family(&tool.tool) {
                let signs = Signs {
                    has_modern_maps: falcos.iter().any(|falco| falco.tgid == tool.tgid),
                    has_perf_buffers: perf_buffers.iter().any(|buffers| buffers.tgid == tool.tgid),
                    has_module: has_module(&self.root),
                    age_ns: tool.start_ns.map(|start_ns| now_ns.saturating_sub(start_ns)),
                };
                tool.engine = engine::engine(signs).map(str::to_owned);
            }
        }
        sample
    }
}

/// Whether a kernel module of Falco's family is loaded, or its devices are there.
fn has_module(root: &Path) -> bool {
    let found = modules(root);
    found.loaded.is_some_and(|names| !names.is_empty())
        || found.devices.is_some_and(|names| !names.is_empty())
}

/// Without the thread's end pidfds would stay open.
impl Drop for Tools {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Process ids of the kernel are those of /proc in the initial pid namespace alone.
fn is_initial_pid_namespace(proc: &Path) -> bool {
    std::fs::read_link(proc.join("self/ns/pid")).is_ok_and(|name| name == Path::new(INITIAL_PID_NAMESPACE))
}

fn run(state: &Mutex<State>, stops: &PipeReader, sees_processes: bool) {
    let mut next_scan = Instant::now() + SCAN_EVERY;
    loop {
        let watched = lock(state).pidfds();
        let mut fds = vec![PollFd::new(stops, PollFlags::empty())];
        fds.extend(watched.iter().map(|(_, fd)| PollFd::new(fd, PollFlags::IN)));
        let left = next_scan.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        // Interrupted: as if nothing had happened.
        let _ = poll(&mut fds, Some(&timeout));
        let now_ns = clock::now().boot_ns;
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        if ready[0] {
            return;
        }
        let mut state = lock(state);
        for ((pid, _), _) in watched.iter().zip(&ready[1..]).filter(|(_, is_ready)| **is_ready) {
            state.end(*pid, now_ns);
        }
        if Instant::now() >= next_scan {
            next_scan = Instant::now() + SCAN_EVERY;
            if sees_processes {
                state.scan(now_ns);
            }
        }
    }
}
