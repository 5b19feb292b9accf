//! A thread for each Falco that visits it now and then, and what the visits found.
//!
//! Nobody waits for such a thread: one that hangs, in a file system of that process or in a web server, ends with
//! dropctl. So there are only so many.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{compare, visit::Visit};
use crate::sample::{FalcoFacts, FalcoSample, RingSample};

/// Time between two visits: a report of ten seconds sees its page's numbers grow.
const EVERY: Duration = Duration::from_secs(5);
/// A visit that takes longer hangs: each page answers within a second.
const LONGEST: Duration = Duration::from_secs(5);
/// Threads at most.
const MOST: usize = 16;

/// All of them.
#[derive(Debug)]
pub struct Visits {
    proc: PathBuf,
    cpus_online: Option<u64>,
    /// By the id of the map of its counters: a reload is visited at once.
    visitors: BTreeMap<u32, Visitor>,
    /// Threads that have not ended, those of Falcos that are gone included.
    threads: Arc<()>,
}

#[derive(Debug)]
struct Visitor {
    shared: Arc<Shared>,
    /// Dropped to end the thread.
    _stop: Sender<()>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// `n_evts` of its maps, as last seen.
    n_evts: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    facts: FalcoFacts,
    visits: u64,
    /// When the visit began that goes on; `None` between visits.
    began: Option<Instant>,
}

impl Visits {
    /// None yet. `proc`: where processes are seen by their ids in the initial pid namespace.
    #[must_use]
    pub fn new(proc: &Path, cpus_online: Option<u64>) -> Self {
        Self { proc: proc.to_owned(), cpus_online, visitors: BTreeMap::new(), threads: Arc::default() }
    }

    /// Begins to visit those that are new, forgets those that are gone, and puts what is known into the samples.
    pub fn complete(&mut self, falcos: &mut [FalcoSample], rings: &[RingSample]) {
        self.visitors.retain(|map_id, _| falcos.iter().any(|falco| falco.map_id == *map_id));
        for falco in falcos {
            self.begin(falco);
            match self.visitors.get(&falco.map_id) {
                Some(visitor) => visitor.shared.complete(falco),
                None => falco
                    .facts
                    .not_visible
                    .push(format!("its files and pages: dropctl visits {MOST} at most")),
            }
            compare::fill(falco, rings);
        }
    }

    /// Waits until each was visited once, or for this long.
    pub fn wait(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        for Visitor { shared, .. } in self.visitors.values() {
            let state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
            let left = deadline.saturating_duration_since(Instant::now());
            // Whatever came of it: what is known by then counts.
            drop(shared.changed.wait_timeout_while(state, left, |state| state.visits == 0));
        }
    }

    fn begin(&mut self, falco: &FalcoSample) {
        // Our own handle is not a thread's.
        if self.visitors.contains_key(&falco.map_id) || Arc::strong_count(&self.threads) > MOST {
            return;
        }
        let shared = Arc::new(Shared { n_evts: falco.now.n_evts.into(), ..Shared::default() });
        let (stop, stops) = channel();
        let run = Run {
            proc: self.proc.clone(),
            pid: falco.tgid,
            cpus_online: self.cpus_online,
            shared: Arc::clone(&shared),
            _alive: Arc::clone(&self.threads),
        };
        let thread = thread::Builder::new().name("dropctl-falco".to_owned()).spawn(move || run.run(&stops));
        if thread.is_ok() {
            self.visitors.insert(falco.map_id, Visitor { shared, _stop: stop });
        }
    }
}

impl Shared {
    fn complete(&self, falco: &mut FalcoSample) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // What the maps show stays; the rest is the visitor's.
        let (layout, capture) = (falco.facts.layout, falco.facts.capture);
        falco.facts = FalcoFacts { layout, capture, ..state.facts.clone() };
        if let Some(metrics) = &mut falco.facts.metrics {
            // The maps were read later than the page.
            let later = metrics.n_evts.map(|n_evts| n_evts <= falco.now.n_evts);
            metrics.agrees_with_maps = metrics.agrees_with_maps.or(later);
        }
        let hangs = state.began.is_some_and(|began| began.elapsed() > LONGEST);
        match (state.visits, hangs) {
            (_, true) => falco.facts.not_visible.push("its files: they do not answer".to_owned()),
            (0, false) => falco.facts.not_visible.push("its files and pages: not read yet".to_owned()),
            _ => {}
        }
        self.n_evts.store(falco.now.n_evts, Ordering::Relaxed);
    }
}

/// What a thread works with.
struct Run {
    proc: PathBuf,
    pid: u32,
    cpus_online: Option<u64>,
    shared: Arc<Shared>,
    _alive: Arc<()>,
}

impl Run {
    fn run(self, stops: &Receiver<()>) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        let visit = Visit {
            proc: &self.proc,
            pid: self.pid,
            cpus_online: self.cpus_online,
            n_evts: &|| self.shared.n_evts.load(Ordering::Relaxed),
            runtime: &runtime,
        };
        loop {
            let before = {
                let mut state = self.lock();
                state.began = Some(Instant::now());
                state.facts.clone()
            };
            let facts = visit.run(&before);
            let mut state = self.lock();
            (state.facts, state.began) = (facts, None);
            state.visits += 1;
            drop(state);
            self.shared.changed.notify_all();
            match stops.recv_timeout(EVERY) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
