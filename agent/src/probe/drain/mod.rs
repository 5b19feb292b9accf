//! Drains our ring: a thread that does nothing else, so that nothing else can hold it up.

mod pace;
mod processes;
mod tally;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use pace::Pace;
pub use tally::Tally;

use crate::sys::ring::OwnRing;

/// Records per batch. Their space is freed together, so a batch stays a small part of any useful ring.
pub const BATCH_RECORDS: u64 = 512;

/// What the drain has done so far.
#[derive(Clone)]
pub struct Progress {
    /// What the records said.
    pub tally: Tally,
    /// Largest backlog found on waking up, bytes.
    pub backlog_max_bytes: u64,
}

/// A running drain.
pub struct Drain {
    stop: Arc<AtomicBool>,
    progress: Arc<Mutex<Progress>>,
    capacity_bytes: u64,
    /// `None` once joined.
    thread: Option<JoinHandle<()>>,
}

impl Drain {
    /// Starts the thread. It keeps counts of at most `processes` processes; `sample` sets its pace.
    ///
    /// # Errors
    ///
    /// When no thread can be made.
    pub fn start(ring: OwnRing, sample: u32, processes: usize) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let progress = Arc::new(Mutex::new(Progress { tally: Tally::new(processes), backlog_max_bytes: 0 }));
        let capacity_bytes = ring.capacity_bytes();
        let pace = Pace::new(capacity_bytes, sample);
        let (thread_stop, thread_progress) = (Arc::clone(&stop), Arc::clone(&progress));
        let thread = thread::Builder::new()
            .name("dropctl-drain".to_owned())
            .spawn(move || run(ring, pace, &thread_stop, &thread_progress))?;
        Ok(Self { stop, progress, capacity_bytes, thread: Some(thread) })
    }

    /// Data bytes of the ring.
    #[must_use]
    pub fn capacity_bytes(&self) -> u64 {
        self.capacity_bytes
    }

    /// What has been drained so far.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records consumed so far.
    #[must_use]
    pub fn consumed(&self) -> u64 {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).tally.records
    }

    /// Drains what is left and ends the thread. Call when nothing writes to the ring any more.
    #[must_use]
    pub fn finish(mut self) -> Progress {
        self.join();
        self.progress()
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.stop.store(true, Ordering::Release);
            thread.thread().unpark();
            // A panic of the thread shows as records that nobody consumed.
            let _ = thread.join();
        }
    }
}

/// Without the thread's end the ring would stay mapped, and so loaded.
impl Drop for Drain {
    fn drop(&mut self) {
        self.join();
    }
}

fn run(mut ring: OwnRing, mut pace: Pace, stop: &AtomicBool, progress: &Mutex<Progress>) {
    loop {
        // Read before draining: what is submitted before `stop` is set is drained after it.
        let stopping = stop.load(Ordering::Acquire);
        let found_bytes = drain(&mut ring, progress);
        if stopping {
            return;
        }
        thread::park_timeout(pace.after(found_bytes));
    }
}

/// Empties the ring and returns the backlog found, bytes.
fn drain(ring: &mut OwnRing, progress: &Mutex<Progress>) -> u64 {
    let found_bytes = ring.positions().backlog_bytes();
    loop {
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.backlog_max_bytes = progress.backlog_max_bytes.max(ring.positions().backlog_bytes());
        let batch = ring.consume(BATCH_RECORDS, |record| progress.tally.add(record));
        progress.tally.end_batch(batch);
        if batch.bytes == 0 {
            return found_bytes;
        }
    }
}
