//! The agent's samples: a thread that takes them and does nothing else, so that neither a slow reader nor a request
//! can hold it up, nor it them.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};
use tokio::sync::watch;

use super::sensors::Sensors;
use crate::{probe::ProbeError, sample::Sample};

/// A sample is taken at least this often, whatever the interval: the memory wants one a second, and the kernel half keeps the
/// times of a few overruns only (`OVERRUNS_KEPT`).
const LONGEST_UNREAD: Duration = Duration::from_secs(1);
/// Samples that wait for whoever keeps them. It is fast; once a node is so busy that it is not, samples are lost and not time.
const WAITING: usize = 16;

/// Where samples go that are kept.
pub(super) struct Kept(SyncSender<Arc<Sample>>);

impl Kept {
    /// And where they come out.
    pub(super) fn new() -> (Self, Receiver<Arc<Sample>>) {
        let (samples, kept) = sync_channel(WAITING);
        (Self(samples), kept)
    }

    /// Never waits.
    fn hand_over(&self, sample: &Arc<Sample>) {
        if let Err(TrySendError::Full(_)) = self.0.try_send(Arc::clone(sample)) {
            ::log::warn!("a sample was not remembered: the node leaves no time for it");
        }
    }
}

/// The running thread.
pub(super) struct Sampler {
    stop: Sender<()>,
    thread: JoinHandle<Result<Sample, ProbeError>>,
}

impl Sampler {
    /// Starts it; the receiver has the newest sample, at most `interval` old.
    pub(super) fn start(
        mut sensors: Sensors,
        interval: Duration,
        kept: Kept,
    ) -> Result<(Self, watch::Receiver<Arc<Sample>>)> {
        let first = Arc::new(sensors.sample());
        kept.hand_over(&first);
        let (samples, newest) = watch::channel(first);
        let (stop, stops) = channel();
        let thread = thread::Builder::new()
            .name("dropctl-sample".to_owned())
            .spawn(move || run(sensors, interval, &samples, &kept, &stops))
            .context("start the sampling thread")?;
        Ok((Self { stop, thread }, newest))
    }

    /// Ends everything and returns the last sample.
    pub(super) fn stop(self) -> Result<Sample> {
        drop(self.stop);
        let last = self.thread.join().map_err(|_| anyhow!("the sampling thread panicked"))?;
        last.context("stop the probe")
    }
}

fn run(
    mut sensors: Sensors,
    interval: Duration,
    samples: &watch::Sender<Arc<Sample>>,
    kept: &Kept,
    stops: &Receiver<()>,
) -> Result<Sample, ProbeError> {
    let readings = u32::try_from(interval.as_nanos().div_ceil(LONGEST_UNREAD.as_nanos())).unwrap_or(1).max(1);
    let between = interval / readings;
    let mut next = Instant::now();
    for reading in (1..=readings).cycle() {
        // Late is late: no burst of samples makes up for it.
        next = (next + between).max(Instant::now());
        match stops.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
        }
        let sample = Arc::new(sensors.sample());
        kept.hand_over(&sample);
        if reading == readings {
            samples.send_replace(sample);
        }
    }
    let last = sensors.stop()?;
    kept.hand_over(&Arc::new(last.clone()));
    Ok(last)
}
