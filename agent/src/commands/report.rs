//! `dropctl report`: look for a while, then explain.

use std::{io::IsTerminal as _, time::Duration};

use anyhow::{Context as _, Result};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::{REVISION, limits, log, output::Output, stop::StopSignals};
use crate::{
    cli::{Format, ReportArgs},
    config::ReportConfig,
    observe::{capability, node, own},
    probe::Probe,
    report::{self, Report, Subject},
    sample::{Clock, ProbeSample, Sample},
    sys::clock,
    timeline::Window,
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
    let report = runtime.block_on(look(&config))?;
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

async fn look(config: &ReportConfig) -> Result<Report> {
    let mut stop = StopSignals::new()?;
    let node = node::read();
    let mut probe = Probe::start(&config.request, log::kernel_half())?;
    log::show_kernel_half(probe.ebpf())?;
    let mut window = Window::new(probe.attached_at());
    let plan = probe.plan().clone();
    let own_at_start = own::read();
    say_what_happens(config.duration);

    let mut ticks = interval_at(Instant::now() + SAMPLE_EVERY, SAMPLE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let end = sleep(config.duration);
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            () = stop.wait() => break,
            _ = ticks.tick() => window.push(sample(clock::now(), probe.sample(), own_at_start.cpu_ns)),
        }
    }
    let end = probe.detach().context("stop the probe")?;
    let last = probe.stop().context("stop the probe")?;
    window.push(sample(end, last, own_at_start.cpu_ns));
    let subject = Subject {
        node: &node,
        request: &config.request,
        hook: plan.hook,
        visibility: &plan.visibility,
        revision: REVISION,
    };
    report::build(&subject, &window).context("the window holds no sample")
}

/// CPU time counts from the start of the window; loading is not what it costs to look.
fn sample(clock: Clock, probe: ProbeSample, cpu_ns_at_start: u64) -> Sample {
    let mut own = own::read();
    own.cpu_ns = own.cpu_ns.saturating_sub(cpu_ns_at_start);
    Sample { clock, probe, own }
}

/// Nobody should wait in front of a silent terminal.
fn say_what_happens(duration: Duration) {
    if duration > Duration::from_secs(2) && std::io::stderr().is_terminal() {
        let duration = humantime::format_duration(duration);
        log::say(&format!("looking for {duration}; Ctrl-C prints what was seen so far"));
    }
}
