//! Looking at the node for a while: what `report` and `record` do alike.

use std::{io::IsTerminal as _, time::Duration};

use anyhow::{Context as _, Result};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::{log, sensors::Sensors, stop::StopSignals};
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
    let mut sensors = Sensors::start(&config.request, config.whose)?;
    let mut seen = begin(node, sensors.setup(SAMPLE_EVERY))?;
    push(&mut seen, sensors.first_sample())?;
    say_what_happens(config.duration);

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
    push(&mut seen, sensors.stop().context("stop the probe")?)?;
    Ok(seen)
}

/// Nobody should wait in front of a silent terminal.
fn say_what_happens(duration: Duration) {
    if duration > Duration::from_secs(2) && std::io::stderr().is_terminal() {
        let duration = humantime::format_duration(duration);
        log::say(&format!("looking for {duration}; Ctrl-C ends with what was seen so far"));
    }
}
