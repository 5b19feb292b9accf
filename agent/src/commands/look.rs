//! Looking at the node for a while: what `report` and `record` do alike.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::{
    progress::{Progress, Work},
    sensors::Sensors,
    stop::StopSignals,
};
use crate::{
    config::ReportConfig,
    observe::{capability, node},
    sample::{Node, Sample},
    setup::Setup,
};

/// Time between samples: peaks are those of a second or so.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// Looks, and hands each sample to `push` with what `begin` made. Ends with time or a signal; the last sample is what is
/// left when all is detached.
pub(super) fn look<T>(
    config: &ReportConfig,
    begin: impl FnOnce(Node, Setup) -> Result<T>,
    push: impl FnMut(&mut T, Sample) -> Result<()>,
) -> Result<T> {
    capability::check()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("start tokio")?;
    runtime.block_on(sample(config, begin, push))
}

async fn sample<T>(
    config: &ReportConfig,
    begin: impl FnOnce(Node, Setup) -> Result<T>,
    mut push: impl FnMut(&mut T, Sample) -> Result<()>,
) -> Result<T> {
    let mut stop = StopSignals::new()?;
    let node = node::read();
    let starting = Progress::start(Work::Doing("attaching"));
    let mut sensors = Sensors::start(&config.request, config.whose)?;
    drop(starting);
    let mut seen = begin(node, sensors.setup(SAMPLE_EVERY))?;
    push(&mut seen, sensors.first_sample())?;
    let looking = Progress::start(Work::Look(config.duration));

    let mut ticks = interval_at(Instant::now() + SAMPLE_EVERY, SAMPLE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let end = sleep(config.duration);
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            () = stop.wait() => break,
            _ = ticks.tick() => push(&mut seen, sensors.sample())?,
        }
    }
    drop(looking);
    let _ending = Progress::start(Work::Doing("detaching"));
    push(&mut seen, sensors.stop().context("stop the probe")?)?;
    Ok(seen)
}
