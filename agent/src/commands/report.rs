//! `dropctl report`: look for a while, then explain.

use std::{io::IsTerminal as _, time::Duration};

use anyhow::{Context as _, Result};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::{limits, log, output::Output, sensors::Sensors, stop::StopSignals};
use crate::{
    cli::{Format, ReportArgs},
    config::ReportConfig,
    observe::{capability, node},
    report,
    timeline::Timeline,
};

/// Time between samples: peaks are those of a second or so.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// Runs the command.
pub fn run(args: &ReportArgs) -> Result<()> {
    let config = ReportConfig::new(args, limits())?;
    let output = Output::open(args.output.as_deref())?;
    capability::check()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("start tokio")?;
    let timeline = runtime.block_on(look(&config))?;
    let report = report::build(&timeline.all()).context("nothing was seen")?;
    let format = match args.format {
        Some(format) => format,
        None if output.is_terminal() => Format::Text,
        None => Format::Markdown,
    };
    let text = match format {
        Format::Text => report::text(&report),
        Format::Markdown => report::markdown(&report),
        Format::Json => report::json(&report).context("write the report as JSON")?,
    };
    output.write(&text)
}

async fn look(config: &ReportConfig) -> Result<Timeline> {
    let mut stop = StopSignals::new()?;
    let node = node::read();
    let mut sensors = Sensors::start(&config.request, config.whose)?;
    let mut timeline = Timeline::new(node, sensors.setup(SAMPLE_EVERY));
    timeline.push(sensors.first_sample());
    say_what_happens(config.duration);

    let mut ticks = interval_at(Instant::now() + SAMPLE_EVERY, SAMPLE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let end = sleep(config.duration);
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            () = stop.wait() => break,
            _ = ticks.tick() => timeline.push(sensors.sample()),
        }
    }
    timeline.push(sensors.stop().context("stop the probe")?);
    Ok(timeline)
}

/// Nobody should wait in front of a silent terminal.
fn say_what_happens(duration: Duration) {
    if duration > Duration::from_secs(2) && std::io::stderr().is_terminal() {
        let duration = humantime::format_duration(duration);
        log::say(&format!("looking for {duration}; Ctrl-C prints what was seen so far"));
    }
}
