//! The watching thread: finds rings, looks at them many times a second, lets go of those that are gone.

mod perf;
mod programs;
mod readings;
mod refused;
mod search;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use self::{refused::Counting, search::Search};
use super::{
    drains::Pressed,
    falcos::{Falcos, Served},
    follow::Follow,
    iterator::Iterator,
    object::{Object, WatchError},
    pace::{Pace, QUIET},
    pages::Pages,
    perf::PerfBuffers,
    programs::Programs,
    ring::Ring,
    source::{Look, Route, Source},
    wanted::{Refusals, Wanted},
};
use crate::{
    observe::cgroups::Cgroups,
    sample::{FalcoSample, PerfBuffersSample, RingSample, ToolPrograms},
    setup::Whose,
    sys::clock::thread_cpu_ns,
};

/// Time between two looks while a ring is lively: a consumer's sleep of 30 ms is seen.
const EVERY_PAGES: Duration = Duration::from_millis(5);
/// The iterator walks over all maps of the node.
const EVERY_ITERATOR: Duration = Duration::from_millis(10);
/// New rings are found, and dead ones let go, within a second.
const DISCOVER_EVERY: Duration = Duration::from_millis(500);
/// References to a ring that only we have mapped: our mapping's, and the iterator's while it looks.
const REFERENCES_OF_OURS: u64 = 2;
/// Longer no sample waits for the newest numbers: several passes over a node with thousands of maps.
const REFRESHED_WITHIN: Duration = Duration::from_millis(200);
/// Rings that are watched at most, the oldest first: each costs two mapped pages and its statistics.
const MOST_RINGS: usize = 1024;

/// The running thread.
pub struct Rings {
    pub(super) watched: Arc<Mutex<Watched>>,
    route: Route,
    cannot_follow: Option<String>,
    cannot_estimate: Option<String>,
    cannot_see_perf: Option<&'static str>,
    /// Orders to read the counters now, and where to say that it is done; `None` once told to stop.
    orders: Option<Sender<SyncSender<()>>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread knows.
#[derive(Default)]
pub(super) struct Watched {
    rings: BTreeMap<u32, Ring>,
    falcos: Vec<FalcoSample>,
    programs: Programs,
    perf: PerfBuffers,
    /// The newest ring at the last time that all were looked for; `None` before that.
    newest: Option<u32>,
    /// Our process id in the initial pid namespace, once it is known.
    own_tgid: Option<u32>,
    /// Whether those who drain the rings had something to do.
    pub(super) pressed: Pressed,
    /// Why refusals are not counted behind the helpers.
    pub(super) cannot_count: Option<String>,
    /// The last pass that failed, in words.
    failure: Option<String>,
    /// The longest time between two looks since the last sample, and the shortest by now.
    longest: Duration,
    every: Duration,
    /// Rings beyond [`MOST_RINGS`].
    left_out: u64,
}

impl Rings {
    /// Loads the watching programs and starts the thread.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub fn start(wanted: Wanted) -> Result<Self, WatchError> {
        let object = Object::load(wanted.whose != Whose::Off, wanted.estimate != Refusals::Off)?;
        let cannot_follow = object.cannot_follow().map(str::to_owned);
        let route = match wanted.route {
            Some(route) => route,
            None if Pages::allowed(object.own_map_id()) => Route::Pages,
            None => Route::Iterator,
        };
        let (source, every): (Box<dyn Source>, Duration) = match route {
            Route::Pages => (Box::new(Pages::new()), EVERY_PAGES),
            Route::Iterator => (Box::new(Iterator), EVERY_ITERATOR),
        };
        let cannot_estimate = object.cannot_estimate().map(str::to_owned);
        let (refusals, cannot_count) = Counting::load(&wanted, &object);
        let watched = Arc::new(Mutex::new(Watched { every, cannot_count, ..Watched::default() }));
        let (orders, ordered) = channel();
        let whose = if cannot_follow.is_some() { Whose::Off } else { wanted.whose };
        let mut watch = Watch {
            follow: Follow::new(whose, wanted.quiet, Cgroups::of_node(object.cgroups())),
            object,
            source,
            pace: Pace::new(every),
            watched: Arc::clone(&watched),
            falcos: Falcos::default(),
            served: Vec::new(),
            has_grown: true,
            had_grown: true,
            next_reading: Instant::now(),
            refusals,
            owners: Search::new(Instant::now()),
            is_lively: true,
            looks: Vec::new(),
            programs_known: None,
            next_perf: Instant::now(),
        };
        watch.discover()?;
        let cannot_see_perf = watch.object.cannot_see_perf();
        let thread = thread::Builder::new()
            .name("dropctl-rings".to_owned())
            .spawn(move || watch.run(&ordered))
            .map_err(|source| WatchError::Pass { program: "rings", source })?;
        let (orders, thread) = (Some(orders), Some(thread));
        Ok(Self { watched, route, cannot_follow, cannot_estimate, cannot_see_perf, orders, thread })
    }

    /// Which way positions are read.
    #[must_use]
    pub fn route(&self) -> Route {
        self.route
    }

    /// Time between two looks while a ring is lively; longer on a node with so many maps that looks are dear.
    #[must_use]
    pub fn every(&self) -> Duration {
        self.lock().every
    }

    /// Time between two looks while none is.
    #[must_use]
    pub fn every_quiet(&self) -> Duration {
        self.every().max(QUIET)
    }

    /// Rings that are not watched, because there are too many.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.lock().left_out
    }

    /// Why it is not known whose events tools drop; `None` if it is.
    #[must_use]
    pub fn cannot_follow(&self) -> Option<&str> {
        self.cannot_follow.as_deref()
    }

    /// Why the last pass failed; `None` if it did not.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    /// Reads everything once, also what is read less often than positions, so that a sample is of one instant.
    pub fn refresh(&self) {
        let (done, is_done) = sync_channel(1);
        let sent = self.orders.as_ref().is_some_and(|orders| orders.send(done).is_ok());
        // A thread that is held up must not hold up the sample: then it says what was known before.
        let _ = sent.then(|| is_done.recv_timeout(REFRESHED_WITHIN));
    }

    /// Every ring as the last look saw it. Begins another interval.
    #[must_use]
    pub fn sample(&self) -> Vec<RingSample> {
        let mut watched = self.lock();
        let longest = std::mem::take(&mut watched.longest).max(watched.every);
        watched.rings.values_mut().map(|ring| ring.sample(longest)).collect()
    }

    /// Every Falco's counters as last read.
    #[must_use]
    pub fn falcos(&self) -> Vec<FalcoSample> {
        self.lock().falcos.clone()
    }

    /// Whether process ids of samples are those that this process sees in /proc.
    #[must_use]
    pub fn sees_processes(&self) -> bool {
        self.lock().own_tgid == Some(std::process::id())
    }

    /// The BPF programs of a process; `None` if it has none, or where programs are not visible.
    #[must_use]
    pub fn programs_of(&self, tgid: u32) -> Option<ToolPrograms> {
        self.lock().programs.of(tgid)
    }

    /// The perf buffers of each process; `None` where they are not visible.
    #[must_use]
    pub fn perf_buffers(&self) -> Option<Vec<PerfBuffersSample>> {
        self.lock().perf.sample()
    }

    /// Why nothing is known of perf buffers, or of what they lost; `None` if all is.
    #[must_use]
    pub fn cannot_see_perf(&self) -> Option<&'static str> {
        self.cannot_see_perf
    }

    /// Ends the watch: reads once more what is read less often than positions.
    pub fn end(&mut self) {
        // The thread is the one that may run passes; it reads the counters as it ends.
        self.join();
    }

    fn join(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the thread's end the programs would stay loaded and rings mapped.
impl Drop for Rings {
    fn drop(&mut self) {
        self.join();
    }
}

/// What the thread works with.
struct Watch {
    object: Object,
    source: Box<dyn Source>,
    pace: Pace,
    watched: Arc<Mutex<Watched>>,
    falcos: Falcos,
    follow: Follow,
    /// Rings with an owner and the CPUs that they serve.
    served: Vec<Served>,
    /// A counter of drops has grown since it was last read whose they were; or between the two readings before.
    has_grown: bool,
    had_grown: bool,
    /// The next reading of counters between two that are always made.
    next_reading: Instant,
    refusals: Counting,
    owners: Search,
    /// A ring is, by the last look.
    is_lively: bool,
    /// Room for the looks of one time.
    looks: Vec<Look>,
    programs_known: Option<Instant>,
    /// When perf buffers are looked at again.
    next_perf: Instant,
}

impl Watch {
    fn run(mut self, orders: &Receiver<SyncSender<()>>) {
        let mut next_look = Instant::now();
        let mut next_discovery = Instant::now() + DISCOVER_EVERY;
        loop {
            // Late is late: no burst of looks makes up for it.
            next_look = (next_look + self.pace.next(self.is_lively)).max(Instant::now());
            let order = match orders.recv_timeout(next_look.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Timeout) => None,
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut outcome = self.look();
            if let Some(done) = order {
                outcome = outcome.and_then(|()| self.read_all());
                // Nobody waits any more if it took too long.
                let _ = done.try_send(());
            }
            if Instant::now() >= next_discovery {
                next_discovery = Instant::now() + DISCOVER_EVERY;
                self.pace.settle();
                self.lock().every = self.pace.next(true);
                outcome = outcome.and_then(|()| self.discover());
            }
            let failure = outcome.err().map(|error| error.to_string());
            self.lock().failure = failure;
        }
        // The last word, so that a report ends with what was counted by then.
        let last = self.look().and_then(|()| self.follow.detach(&mut self.object));
        self.has_grown = true;
        let ended = self.refusals.end(&mut self.object);
        let last = last.and(ended);
        let last = last.and_then(|()| self.read_all());
        (self.programs_known, self.next_perf) = (None, Instant::now());
        let last = last.and_then(|()| self.read_programs()).and_then(|()| self.read_perf());
        self.lock().failure = last.err().map(|error| error.to_string());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&mut self) -> Result<(), WatchError> {
        let begun_ns = self.pace.asks().then(thread_cpu_ns);
        self.looks.clear();
        self.source.look(&mut self.object, &mut self.looks)?;
        if let Some(begun_ns) = begun_ns {
            self.pace.add(Duration::from_nanos(thread_cpu_ns() - begun_ns));
        }
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let Watched { rings, pressed, .. } = &mut *watched;
        let (mut is_filling, mut is_lively) = (false, false);
        for look in self.looks.drain(..) {
            if let Some(ring) = rings.get_mut(&look.map_id) {
                ring.add(look);
                let last = ring.last_look();
                is_lively |= last.is_lively;
                let is_of_falco =
                    || ring.place.owner.as_ref().is_some_and(|owner| self.falcos.has(owner.tgid));
                is_filling |= last.is_above_half && is_of_falco();
            }
        }
        pressed.add(rings.values());
        self.is_lively = is_lively;
        watched.longest = watched.longest.max(self.pace.next(is_lively));
        drop(watched);
        if is_filling || self.falcos.is_dropping() { self.read_between() } else { Ok(()) }
    }

    /// Takes up new rings and lets go of the dead.
    fn discover(&mut self) -> Result<(), WatchError> {
        let mut rows = self.object.rings()?;
        let newest = rows.iter().map(|row| row.id).max();
        if self.source.route() == Route::Pages {
            rows.retain(|row| row.references > REFERENCES_OF_OURS || !self.knows(row.id));
        }
        let left_out = rows.len().saturating_sub(MOST_RINGS) as u64;
        rows.truncate(MOST_RINGS);
        let ids: BTreeSet<u32> = rows.iter().map(|row| row.id).collect();
        // A tool that has gone took its rings along.
        let has_changed = !self.lock().rings.keys().eq(&ids);
        self.source.watch(&ids);
        let is_due = self.owners.is_due(Instant::now(), has_changed);
        let places = if is_due { Some(self.places(&rows)?) } else { None };
        let mut watched = self.lock();
        watched.left_out = left_out;
        watched.rings.retain(|id, _| ids.contains(id));
        // Ids count upwards (`bpf_map_alloc_id`, kernel/bpf/syscall.c): a higher one was made since, and began empty.
        let newest_before = watched.newest;
        watched.newest = newest.max(newest_before).or(Some(0));
        for row in rows {
            let is_new = newest_before.is_some_and(|newest| row.id > newest);
            watched.rings.entry(row.id).or_insert_with(|| Ring::new(row, is_new));
        }
        for (id, place) in places.into_iter().flatten() {
            if let Some(ring) = watched.rings.get_mut(&id) {
                ring.place = place;
            }
        }
        let served = |(map_id, ring): (&u32, &Ring)| {
            let tgid = ring.place.owner.as_ref()?.tgid;
            Some(Served { map_id: *map_id, tgid, cpus: ring.place.places.clone() })
        };
        let all = watched.rings.iter().filter_map(served).collect();
        drop(watched);
        self.served = all;
        self.want_refusals()?;
        self.read_all()?;
        self.read_programs()?;
        self.read_perf()
    }

    fn knows(&self, map_id: u32) -> bool {
        self.lock().rings.contains_key(&map_id)
    }
}
