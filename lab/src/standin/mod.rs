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

use crate::{cli::StandinArgs, sys};
use consumer::Consumer;
use identity::Identity;
use log::Log;
use outputs::Outputs;
use probe::Probe;
use summary::Summary;

/// Traces until a signal comes, or the time is up, and prints the summary.
pub(crate) fn run(arguments: &StandinArgs) -> Result<()> {
    sys::stop::on_signals();
    let log = Log::new(arguments.quiet);
    let config = config::text(arguments);
    if let Some(file) = &arguments.write_config {
        std::fs::write(file, &config).with_context(|| format!("write {}", file.display()))?;
    }
    let identity = Arc::new(Identity::of_this_process(&config)?);
    log.line(&format!("Falco version: {} (stand-in)", identity::FALCO_VERSION));
    let (mut probe, rings) = Probe::load(arguments, identity.boot_ns)?;
    let ring_count = rings.count();
    log.line(&format!(
        "The chosen syscall buffer dimension is: {} bytes ({} MBs)",
        arguments.ring_bytes,
        arguments.ring_bytes >> 20
    ));
    log.line(&format!("One ring buffer every '{}' CPUs.", arguments.cpus_for_each_buffer));

    let outputs = Outputs::start(arguments.output_queue, arguments.block_output)?;
    let counters = probe.counters();
    let pages = metrics::Metrics::new(counters.clone(), identity.clone(), outputs.dropped());
    if arguments.port != 0 {
        server::start(arguments.listen, arguments.port, pages)?;
    }
    let mut consumer = Consumer::new(arguments, rings, counters.clone(), identity, outputs);
    probe.attach()?;
    log.line(&format!("Opening 'syscall' source with modern BPF probe: {ring_count} rings."));

    consumer.run()?;
    log.line(if sys::stop::is_asked() { "SIGINT received, exiting..." } else { "The time is up." });
    probe.detach()?;
    let (left_in_rings, done) = consumer.finish();
    log.line(&format!("Syscall event drop monitoring: event drop detected: {} occurrences", done.detected));
    let summary = Summary::new(&counters.read()?, left_in_rings, done);
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&summary)?).context("print the summary")
}
