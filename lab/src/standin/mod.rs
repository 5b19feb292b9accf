//! `dropctl-lab standin`: programs, rings, consumer, outputs and pages, wired together.
//!
//! What Falco does and where its facts come from: docs/lab.md.

mod alert;
mod bucket;
mod config;
mod consumer;
mod counters;
mod drops;
mod identity;
pub(crate) mod layout;
mod log;
mod metrics;
mod outputs;
mod page;
mod probe;
mod record;
mod rings;
mod server;
mod summary;
mod tally;

use std::{io::Write as _, sync::Arc};

use anyhow::{Context as _, Result};

use crate::{cli::StandinArgs, place, sys};
use consumer::{Break, Chores, Consumer, Lasting, Orders};
use identity::Identity;
use log::Log;
use metrics::{Metrics, Present};
use outputs::Outputs;
use probe::Probe;
use summary::Summary;

/// Traces until a signal comes, or the time is up, and prints the summary.
pub(crate) fn run(arguments: &StandinArgs) -> Result<()> {
    place::go(&arguments.place)?;
    sys::stop::on_signals();
    let log = Log::new(arguments.quiet);
    let config = config::text(arguments);
    if let Some(file) = &arguments.write_config {
        std::fs::write(file, &config).with_context(|| format!("write {}", file.display()))?;
    }
    let identity = Arc::new(Identity::of_this_process(&config)?);
    log.line(&format!("Falco version: {} (stand-in)", identity::FALCO_VERSION));
    let outputs = Outputs::start(arguments.output_queue, arguments.block_output)?;
    let chores = Chores::new(arguments)?;
    let present = Arc::new(Present::default());
    if arguments.port != 0 {
        let pages = Metrics::new(present.clone(), identity.clone(), outputs.dropped());
        server::start(arguments.listen, arguments.port, pages)?;
    }
    let orders = Orders::new(arguments);
    let mut lasting = Lasting { identity, outputs, chores, orders };
    let mut summary = Summary::default();
    let end = loop {
        let why = one_life(arguments, &mut lasting, &present, &mut summary, log)?;
        if why != Break::Reload {
            break why;
        }
        log.line("SIGHUP received, restarting...");
    };
    summary.outputs_queue_num_drops = lasting.outputs.finish();
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&summary)?).context("print the summary")?;
    if end == Break::Crash {
        std::process::abort();
    }
    Ok(())
}

/// From opening the probe to closing it.
fn one_life(
    arguments: &StandinArgs,
    lasting: &mut Lasting,
    present: &Present,
    summary: &mut Summary,
    log: Log,
) -> Result<Break> {
    let (mut probe, rings) = Probe::load(arguments, lasting.identity.boot_ns)?;
    let ring_count = rings.count();
    log.line(&format!(
        "The chosen syscall buffer dimension is: {} bytes ({} MBs)",
        arguments.ring_bytes,
        arguments.ring_bytes >> 20
    ));
    log.line(&format!("One ring buffer every '{}' CPUs.", arguments.cpus_for_each_buffer));
    let counters = probe.counters();
    present.set(counters.clone());
    let mut consumer = Consumer::new(arguments, rings, counters.clone(), lasting);
    probe.attach()?;
    log.line(&format!("Opening 'syscall' source with modern BPF probe: {ring_count} rings."));
    consumer.scan();
    let why = loop {
        match consumer.run()? {
            Break::GoBlind => probe.go_blind(&arguments.syscalls)?,
            Break::Hold => probe.hold()?,
            Break::LetGo => probe.let_go()?,
            Break::CountNonsense => {
                probe.detach()?;
                summary.n_drops_invented += counters.contradict()?;
                probe.attach()?;
            }
            why => break why,
        }
    };
    if why == Break::Over {
        log.line(if sys::stop::is_asked() { "SIGINT received, exiting..." } else { "The time is up." });
    }
    probe.detach()?;
    probe.let_go()?;
    let done = consumer.finish();
    log.line(&format!("Syscall event drop monitoring: event drop detected: {} occurrences", done.detected));
    summary.add(&counters.read()?, &done);
    Ok(why)
}
