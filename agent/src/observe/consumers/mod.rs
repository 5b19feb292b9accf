//! The threads that drain other tools' rings, and where their time goes.
//!
//! A thread of ours looks at each of them once a second, and up to every 20 ms while one of its rings is above half or
//! held: then it matters what they do, and the rings' thread wakes it. Looks are files of /proc and of cgroups; nothing is
//! attached. Left out: what a tool's other threads do.

pub mod account;
pub mod drainer;
pub mod limits;
pub mod press;
pub mod thread;
mod watched;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{Builder, JoinHandle, park_timeout},
    time::Duration,
};

use caps::{CapSet, Capability};

use self::watched::{Place, Watched};
use crate::{
    observe::{groups::Hierarchies, rings::Drains},
    sample::ConsumerSample,
    setup::Visibility,
    sys::clock,
};

/// Time between two looks while a ring needs it.
const EVERY: Duration = Duration::from_millis(20);
/// And while none does: so soon are new consumers taken up.
const QUIET: Duration = Duration::from_millis(250);
/// The pid namespace that ids of other tools are from (`PROC_PID_INIT_INO`, include/linux/proc_ns.h).
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";

/// The running thread.
pub struct Consumers {
    state: Arc<Mutex<State>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread knows.
#[derive(Default)]
struct State {
    watched: BTreeMap<u32, Watched>,
    /// A window began, and the thread has not noticed.
    is_new_window: bool,
}

impl Consumers {
    /// Watches those that drain these rings. `None` where /proc is not that of the initial pid namespace, in which the
    /// kernel names owners.
    #[must_use]
    pub fn start(drains: Drains) -> Option<Self> {
        let proc = Path::new("/proc");
        if !shows_all_processes(proc) {
            return None;
        }
        let state = Arc::<Mutex<State>>::default();
        let is_over = Arc::<AtomicBool>::default();
        let watch =
            Watch { proc: proc.to_owned(), drains, state: Arc::clone(&state), is_over: Arc::clone(&is_over) };
        let thread = Builder::new().name("dropctl-threads".to_owned()).spawn(move || watch.run()).ok()?;
        Some(Self { state, is_over, thread: Some(thread) })
    }

    /// All of them as last looked at.
    #[must_use]
    pub fn sample(&self) -> Vec<ConsumerSample> {
        lock(&self.state).watched.values().filter_map(Watched::sample).collect()
    }

    /// Begins a window: time before counts no more, from the thread's next look on.
    pub fn begin(&self) {
        lock(&self.state).is_new_window = true;
        self.wake();
    }

    /// Ends a window: looks once more and puts all time into states.
    pub fn end(&mut self) {
        self.is_over.store(true, Ordering::Release);
        self.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    fn wake(&self) {
        self.thread.iter().for_each(|thread| thread.thread().unpark());
    }
}

impl Drop for Consumers {
    fn drop(&mut self) {
        self.end();
    }
}

/// What the thread works with.
struct Watch {
    proc: PathBuf,
    drains: Drains,
    state: Arc<Mutex<State>>,
    is_over: Arc<AtomicBool>,
}

impl Watch {
    fn run(self) {
        let place = Place {
            proc: self.proc.clone(),
            hierarchies: Hierarchies::read(&self.proc),
            cpus: online_cpus(&self.proc),
        };
        let mut is_pressing = false;
        loop {
            if is_pressing {
                park_timeout(EVERY);
            } else {
                let every_ns = u64::try_from(EVERY.as_nanos()).unwrap_or(u64::MAX);
                self.drains.sleep(clock::monotonic_ns().saturating_add(every_ns), QUIET);
            }
            if self.is_over.load(Ordering::Acquire) {
                break;
            }
            is_pressing = self.look(&place, false);
        }
        self.look(&place, true);
    }

    /// Whether one of them presses.
    fn look(&self, place: &Place, is_last: bool) -> bool {
        let now_ns = clock::monotonic_ns();
        let drains = self.drains.look();
        let is_new = std::mem::take(&mut lock(&self.state).is_new_window);
        // Looked at outside of the lock: a file of /proc may keep us waiting, and nobody else.
        let mut watched = lock(&self.state).watched.clone();
        watched.retain(|tgid, _| drains.iter().any(|drain| drain.tgid == *tgid));
        for drain in &drains {
            let consumer = watched.entry(drain.tgid).or_insert_with(|| Watched::new(place, drain.tgid));
            consumer.look(place, drain, now_ns, is_new || is_last);
            if is_new {
                consumer.begin();
            }
            if is_last {
                consumer.close();
            }
        }
        lock(&self.state).watched = watched;
        drains.iter().any(|drain| drain.is_pressing)
    }
}

/// CPUs that run.
fn online_cpus(proc: &Path) -> u32 {
    let stat = fs::read_to_string(proc.join("stat")).unwrap_or_default();
    let lines = stat.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu "));
    u32::try_from(lines.count()).unwrap_or(1).max(1)
}

fn shows_all_processes(proc: &Path) -> bool {
    fs::read_link(proc.join("self/ns/pid"))
        .is_ok_and(|namespace| namespace == Path::new(INITIAL_PID_NAMESPACE))
}

/// What can be seen of threads that drain rings, and what each missing privilege hides.
#[must_use]
pub fn visibility(is_watched: bool) -> Vec<Visibility> {
    let fact = |capability: &str, available, note: &str| Visibility {
        capability: capability.to_owned(),
        available,
        note: note.to_owned(),
    };
    if !is_watched {
        let note = "what the threads that drain rings do: /proc is not that of the initial pid namespace, in which \
                    the kernel names them (hostPID: true)";
        return vec![fact("consumers", false, note)];
    }
    // By capabilities: a process to try it on may refuse even those who may read a tool's files, as process 1 of some
    // machines does.
    let effective = caps::read(None, CapSet::Effective).unwrap_or_default();
    let has = |capability| effective.contains(&capability);
    let may_trace = has(Capability::CAP_SYS_PTRACE);
    // The file is of mode 0400 and root's.
    let reads_roots = rustix::process::geteuid().is_root()
        || has(Capability::CAP_DAC_READ_SEARCH)
        || has(Capability::CAP_DAC_OVERRIDE);
    let may_open_syscall = may_trace && reads_roots;
    vec![
        fact(
            "consumers",
            true,
            "time of the threads that drain rings: running, waiting, throttled, blocked, idle",
        ),
        if may_trace {
            fact("consumer_wchan", true, "the function of the kernel that a blocked thread sleeps in")
        } else {
            fact(
                "consumer_wchan",
                false,
                "the function of the kernel that a blocked thread sleeps in: needs CAP_SYS_PTRACE",
            )
        },
        if may_open_syscall {
            fact("consumer_syscall", true, "the syscall that a blocked thread sleeps in")
        } else {
            fact(
                "consumer_syscall",
                false,
                "the syscall that a blocked thread sleeps in: needs CAP_SYS_PTRACE, and uid 0 or CAP_DAC_READ_SEARCH",
            )
        },
    ]
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
