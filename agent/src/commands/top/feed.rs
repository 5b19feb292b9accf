//! Where the view's samples come from: the sampling thread, or a recording at its own pace.

use std::{
    collections::VecDeque,
    sync::{Arc, mpsc::Receiver},
    time::Duration,
};

use anyhow::{Context as _, Result};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{
    commands::{
        sampler::{Kept, Sampler},
        sensors::Sensors,
    },
    config::ReportConfig,
    sample::Sample,
    setup::Setup,
    timeline::Timeline,
};

/// Nobody waits longer for the next sample of a recording: the node slept, or dropctl did not get to look.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Samples as they come.
pub(super) enum Feed {
    /// From this node.
    Live {
        /// The thread that takes them.
        sampler: Sampler,
        /// Says when an interval is over.
        newest: watch::Receiver<Arc<Sample>>,
        /// All that it took.
        kept: Receiver<Arc<Sample>>,
    },
    /// From a recording.
    Replay {
        /// Those to come.
        samples: VecDeque<Sample>,
        /// When the next is due.
        due: Instant,
    },
}

impl Feed {
    /// Starts to look, and says how.
    pub(super) fn live(config: &ReportConfig) -> Result<(Self, Setup)> {
        let sensors = Sensors::start(&config.request, config.whose)?;
        let setup = sensors.setup(config.duration);
        let (keeps, kept) = Kept::new();
        let (sampler, newest) = Sampler::start(sensors, config.duration, keeps)?;
        Ok((Self::Live { sampler, newest, kept }, setup))
    }

    /// Starts to replay.
    pub(super) fn replay(timeline: &Timeline) -> Self {
        Self::Replay { samples: timeline.samples().to_vec().into(), due: Instant::now() }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// There will be no more samples.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Replay { samples, .. } if samples.is_empty())
    }

    /// What to say of it.
    pub(super) fn source(&self) -> &'static str {
        match self {
            Self::Live { .. } => "",
            Self::Replay { .. } if self.is_over() => "END OF RECORDING",
            Self::Replay { .. } => "REPLAY",
        }
    }

    /// The next samples, once they are there; never, after the last of a recording. Nothing is lost if it is not waited for to the
    /// end.
    pub(super) async fn next(&mut self) -> Result<Vec<Sample>> {
        match self {
            Self::Live { newest, kept, .. } => {
                newest.changed().await.context("the sampling thread has ended")?;
                Ok(kept.try_iter().map(Arc::unwrap_or_clone).collect())
            }
            Self::Replay { samples, due } => {
                if samples.is_empty() {
                    std::future::pending::<()>().await;
                }
                sleep_until(*due).await;
                let sample = samples.pop_front();
                let at = |sample: &Sample| Duration::from_nanos(sample.clock.monotonic_ns);
                let wait = samples
                    .front()
                    .zip(sample.as_ref())
                    .map(|(next, this)| at(next).saturating_sub(at(this)));
                *due = Instant::now() + wait.unwrap_or_default().min(LONGEST_WAIT);
                Ok(sample.into_iter().collect())
            }
        }
    }

    /// Ends it: what was attached is detached.
    pub(super) fn stop(self) -> Result<()> {
        match self {
            Self::Live { sampler, .. } => sampler.stop().map(drop),
            Self::Replay { .. } => Ok(()),
        }
    }
}
