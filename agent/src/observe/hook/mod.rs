//! Who else sits on the tracepoints that every syscall passes, and what each program costs: one reader for `dropctl doctor` and for
//! samples.
//!
//! A look goes through the open files of the whole node, and so it has a thread of its own and is rare; what the programs cost is
//! read with each sample. Nothing is switched on for it: runs are timed where somebody else wants that.

mod look;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use self::look::Look;
use super::consumers::thread::text;
use crate::sample::HookSample;

/// Between looks: a look at 10,000 open files takes some 20 ms.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// One look, now.
#[must_use]
pub fn read(proc: &Path) -> HookSample {
    Look::take(proc).sample(proc)
}

/// The running thread.
pub struct Hook {
    proc: PathBuf,
    newest: Arc<Mutex<Option<Look>>>,
    /// `None` once told to stop.
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Hook {
    /// Starts it; `proc` has to show the processes of the node.
    ///
    /// # Errors
    ///
    /// When the kernel makes no thread.
    pub fn start(proc: &Path) -> io::Result<Self> {
        let newest = Arc::new(Mutex::new(None));
        let (stop, stops) = mpsc::channel::<()>();
        let (shared, folder) = (Arc::clone(&newest), proc.to_owned());
        let thread = thread::Builder::new().name("dropctl-hook".to_owned()).spawn(move || {
            loop {
                let look = Look::take(&folder);
                *lock(&shared) = Some(look);
                if stops.recv_timeout(LOOK_EVERY) != Err(mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
            }
        })?;
        Ok(Self { proc: proc.to_owned(), newest, stop: Some(stop), thread: Some(thread) })
    }

    /// What the last look found; `None` before the first is done.
    #[must_use]
    pub fn sample(&self) -> Option<HookSample> {
        lock(&self.newest).as_ref().map(|look| look.sample(&self.proc))
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(newest: &Mutex<Option<Look>>) -> MutexGuard<'_, Option<Look>> {
    newest.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the kernel times the runs of all programs.
fn is_timed(proc: &Path) -> Option<bool> {
    match text(&proc.join("sys/kernel/bpf_stats_enabled")).ok()?.trim() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
