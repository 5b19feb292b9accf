//! The outputs: a thread behind a queue, so that a blocked output holds up no event. What it holds up is memory.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, Result};

/// Where alerts go in.
#[derive(Debug)]
enum Queue {
    Unbounded(Sender<String>),
    Bounded(SyncSender<String>),
}

/// The queue and the thread behind it.
#[derive(Debug)]
pub(super) struct Outputs {
    queue: Queue,
    dropped: Arc<AtomicU64>,
    /// `None` where it would never end.
    printing: Option<JoinHandle<()>>,
}

impl Outputs {
    /// `capacity` is in alerts, 0 for no bound.
    pub(super) fn start(capacity: usize, is_blocked: bool) -> Result<Self> {
        let (queue, alerts) = if capacity == 0 {
            let (sender, receiver) = mpsc::channel();
            (Queue::Unbounded(sender), receiver)
        } else {
            let (sender, receiver) = mpsc::sync_channel(capacity);
            (Queue::Bounded(sender), receiver)
        };
        let printing = thread::Builder::new()
            .name("outputs".to_owned())
            .spawn(move || if is_blocked { block(&alerts) } else { print(alerts) })
            .context("start the outputs")?;
        Ok(Self { queue, dropped: Arc::default(), printing: (!is_blocked).then_some(printing) })
    }

    /// Alerts that found the queue full.
    pub(super) fn dropped(&self) -> Arc<AtomicU64> {
        self.dropped.clone()
    }

    pub(super) fn send(&self, alert: String) {
        let is_taken = match &self.queue {
            Queue::Unbounded(queue) => queue.send(alert).is_ok(),
            Queue::Bounded(queue) => queue.try_send(alert).is_ok(),
        };
        if !is_taken {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lets the output print what it has, unless it is blocked.
    pub(super) fn finish(self) -> u64 {
        drop(self.queue);
        // A thread that panicked has said so.
        let _ = self.printing.map(JoinHandle::join);
        self.dropped.load(Ordering::Relaxed)
    }
}

fn print(alerts: Receiver<String>) {
    for alert in alerts {
        // A reader who has gone is no error.
        let _ = writeln!(std::io::stdout(), "{alert}");
    }
}

/// Keeps the queue alive and takes nothing from it.
fn block(_alerts: &Receiver<String>) {
    loop {
        thread::park();
    }
}
