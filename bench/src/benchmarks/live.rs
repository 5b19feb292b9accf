//! `live`: how many records per second go through an 8 MiB ring without loss, on the real kernel.
//!
//! Producers make syscalls at full speed and every exit is streamed. In each run, whatever it loses, the counts
//! must balance to the last record.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    probe::{Mode, Probe, Request},
    sample::ProbeSample,
    sys::clock,
};
use serde::Serialize;

use crate::{
    generator::{self, Generator, Work},
    hook,
    machine::{self, Machine},
    options::Options,
    output::{self, Table, say},
    statistics::{median, quantile},
    sys::getppid,
};

const RING_BYTES: u32 = 8 << 20;

/// CPU time of others, as a share of one core, that a run may have beside it.
const MOST_OTHERS: f64 = 0.05;

/// Who runs where.
struct Case {
    name: &'static str,
    producers: &'static [usize],
    consumer: &'static [usize],
    /// Whether the consumer can be expected to keep up.
    lossless: bool,
}

const CASES: &[Case] = &[
    Case { name: "producer on CPU 0, consumer on CPU 1", producers: &[0], consumer: &[1], lossless: true },
    Case {
        name: "producers on both, consumer on either",
        producers: &[0, 1],
        consumer: &[0, 1],
        lossless: false,
    },
    Case { name: "producer and consumer on CPU 0", producers: &[0], consumer: &[0], lossless: false },
];

/// One run.
#[derive(Clone, Debug, Serialize)]
struct Run {
    seconds: f64,
    /// Calls that the producers made.
    calls: u64,
    stolen_ticks: u64,
    /// CPU time that went to processes which have no part in it, seconds of all CPUs.
    others_seconds: f64,
    /// Records that they led to, taken or refused.
    records: u64,
    /// CPU time of the consumer, seconds.
    consumer_seconds: f64,
    sample: ProbeSample,
}

impl Run {
    /// Whether the machine was ours meanwhile.
    fn is_quiet(&self) -> bool {
        self.stolen_ticks == 0 && self.others_seconds < MOST_OTHERS * self.seconds
    }
}

/// Runs it.
pub(crate) fn run(options: &Options, machine: &Machine) -> Result<()> {
    say(&format!("{}.\n", hook::describe()?));
    let (quiet, most, time) =
        if options.short { (1, 1, Duration::from_millis(200)) } else { (7, 40, Duration::from_secs(3)) };
    let mut all = Vec::new();
    for case in CASES {
        let mut runs = Vec::new();
        while runs.len() < most && runs.iter().filter(|run: &&Run| run.is_quiet()).count() < quiet {
            runs.push(once(case, time)?);
        }
        all.push((case, runs));
    }
    print(&all, options.short);
    let raw: Vec<_> = all.iter().map(|(case, runs)| (case.name, runs)).collect();
    output::save(options, machine, "live", raw)
}

fn once(case: &Case, time: Duration) -> Result<Run> {
    let mut producers =
        case.producers.iter().map(|&cpu| Generator::start(cpu)).collect::<Result<Vec<Generator>>>()?;
    generator::pin(case.consumer)?;
    let request = Request { mode: Mode::Stream, sample: 1, ring_bytes: RING_BYTES, processes: 4096 };
    let mut probe = Probe::load(&request, false).context("load the probe")?;
    probe.attach().context("attach the probe")?;
    let calls = calls_for(time, &mut producers[0])?;
    let before = probe.sample();
    let ours = |producers: &[Generator]| -> Result<f64> {
        let own = clock::process_cpu_ns() as f64 / 1e9;
        producers.iter().try_fold(own, |sum, producer| Ok(sum + producer.cpu_seconds()?))
    };
    let (stolen_before, cpu_before) = (machine::stolen_ticks()?, clock::process_cpu_ns());
    let others_before = machine::busy_seconds()? - ours(&producers)?;
    let start = Instant::now();
    for producer in &mut producers {
        producer.begin(Work::flat_out(calls))?;
    }
    for producer in &mut producers {
        producer.finish()?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let stolen_ticks = machine::stolen_ticks()? - stolen_before;
    let others_seconds = machine::busy_seconds()? - ours(&producers)? - others_before;
    let sample = probe.stop().context("stop the probe")?;
    let consumer_seconds = (clock::process_cpu_ns() - cpu_before) as f64 / 1e9;
    let calls = calls * producers.len() as u64;
    ensure_balance(&before, &sample, calls)?;
    let records = sample.events.attempted - before.events.attempted;
    Ok(Run { seconds, calls, stolen_ticks, others_seconds, records, consumer_seconds, sample })
}

/// Attached, so that the time holds.
fn calls_for(time: Duration, producer: &mut Generator) -> Result<u64> {
    const TRIAL: u64 = 100_000;
    let trial = producer.run(Work::flat_out(TRIAL))?;
    Ok(u64::try_from(u128::from(TRIAL) * time.as_nanos() / trial.as_nanos().max(1))?)
}

/// attempted = consumed + dropped, nothing in flight after the end, and every call of ours was seen.
fn ensure_balance(before: &ProbeSample, after: &ProbeSample, calls: u64) -> Result<()> {
    let stream = after.stream.as_ref().context("nothing was streamed")?;
    let events = after.events;
    ensure!(stream.producer_bytes == stream.consumer_bytes, "not drained: {stream:?}");
    ensure!(stream.foreign == 0, "{} foreign entries", stream.foreign);
    ensure!(events.attempted == events.seen, "attempted {} of {}", events.attempted, events.seen);
    ensure!(
        events.attempted == stream.consumed + events.dropped && events.submitted == stream.consumed,
        "attempted {}, submitted {}, consumed {}, dropped {}",
        events.attempted,
        events.submitted,
        stream.consumed,
        events.dropped
    );
    let counted = getppids(after) + after.missed.unwrap_or(0) - getppids(before);
    ensure!(counted >= calls, "{counted} of {calls} calls were counted");
    Ok(())
}

fn getppids(sample: &ProbeSample) -> u64 {
    sample.syscalls.iter().find(|(slot, _)| *slot == getppid::NUMBER).map_or(0, |(_, count)| *count)
}

fn print(all: &[(&Case, Vec<Run>)], short: bool) {
    let mut table = Table::new(&[
        "case",
        "million records/s (median)",
        "least to most",
        "records",
        "dropped",
        "share, %",
        "overruns",
        "largest backlog, KiB",
        "consumer, % of a core",
        "ns/record",
        "target",
        "",
        "quiet runs",
    ]);
    for (case, all_runs) in all {
        let quiet: Vec<&Run> = all_runs.iter().filter(|run| run.is_quiet()).collect();
        let runs: Vec<&Run> = if short { all_runs.iter().collect() } else { quiet };
        let rates: Vec<f64> = runs.iter().map(|run| run.records as f64 / run.seconds / 1e6).collect();
        let sum = |field: fn(&Run) -> u64| runs.iter().map(|run| field(run)).sum::<u64>();
        let (attempted, dropped) =
            (sum(|run| run.sample.events.attempted), sum(|run| run.sample.events.dropped));
        let stream = |field: fn(&dropctl::sample::StreamSample) -> u64| {
            runs.iter().filter_map(|run| run.sample.stream.as_ref()).map(field)
        };
        let consumed: u64 = stream(|stream| stream.consumed).sum();
        let cpu: f64 = runs.iter().map(|run| run.consumer_seconds).sum();
        let seconds: f64 = runs.iter().map(|run| run.seconds).sum();
        table.row([
            case.name.to_owned(),
            format!("{:.2}", median(&rates)),
            format!("{:.2} to {:.2}", quantile(&rates, 0.0), quantile(&rates, 1.0)),
            attempted.to_string(),
            dropped.to_string(),
            format!("{:.4}", 100.0 * dropped as f64 / attempted.max(1) as f64),
            stream(|stream| stream.overrun_count).sum::<u64>().to_string(),
            (stream(|stream| stream.backlog_max_bytes).max().unwrap_or(0) >> 10).to_string(),
            format!("{:.1}", 100.0 * cpu / seconds),
            format!("{:.1}", 1e9 * cpu / consumed.max(1) as f64),
            if case.lossless { "no loss" } else { "-" }.to_owned(),
            output::verdict((case.lossless && !short && !runs.is_empty()).then_some(dropped == 0)),
            format!("{} of {}", runs.len(), all_runs.len()),
        ]);
    }
    table.print();
    say("\nThe counts balance in every run, quiet or not.");
}
