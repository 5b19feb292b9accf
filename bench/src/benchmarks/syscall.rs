//! `syscall`: what each mode adds to a syscall, over an empty program on the same hook.
//!
//! Claimed are "added" and "over F" alone: the hook itself costs what the kernel and the CPU make it cost.

use std::time::Duration;

use anyhow::{Context as _, Result};
use dropctl::probe::{Mode, Probe, Request};

use crate::{
    blocks::{Extent, Outcome, Subject, measure, outcomes},
    generator::{self, Generator},
    hook,
    machine::Machine,
    options::Options,
    output::{self, Table, say},
    programs::Program,
};

/// Ring of the streaming cases, bytes.
const RING_BYTES: u32 = 8 << 20;

/// The agent's program in one of its modes.
pub(crate) struct Mine {
    name: &'static str,
    probe: Probe,
}

impl Mine {
    /// Counts only.
    pub(crate) fn count() -> Result<Self> {
        let request = Request { mode: Mode::Count, sample: 1, ring_bytes: 4096, processes: 0 };
        Self::new("count", &request, true)
    }

    /// Streams one event in `sample`, drained on the CPU of the calling thread.
    pub(crate) fn stream(name: &'static str, sample: u32) -> Result<Self> {
        Self::new(
            name,
            &Request { mode: Mode::Stream, sample, ring_bytes: RING_BYTES, processes: 4096 },
            true,
        )
    }

    /// A ring that nobody drains: full after its first hundred records.
    fn full() -> Result<Self> {
        let request = Request { mode: Mode::Stream, sample: 1, ring_bytes: 4096, processes: 0 };
        Self::new("drop path (ring full)", &request, false)
    }

    /// Under another name.
    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    fn new(name: &'static str, request: &Request, drained: bool) -> Result<Self> {
        let probe = if drained { Probe::load(request, false) } else { Probe::load_undrained(request, false) };
        Ok(Self { name, probe: probe.with_context(|| format!("load the probe for {name}"))? })
    }
}

impl Subject for Mine {
    fn name(&self) -> &str {
        self.name
    }

    fn attach(&mut self) -> Result<()> {
        self.probe.attach().context("attach")
    }

    fn detach(&mut self) -> Result<Option<u64>> {
        self.probe.detach().context("detach")?;
        Ok(None)
    }
}

/// Most that a case may add over the floor, ns.
fn target(name: &str) -> Option<f64> {
    match name {
        "increment alone" => Some(5.0),
        "count" => Some(12.0),
        "stream, every event" => Some(85.0),
        "stream, one in 64" => Some(14.0),
        "drop path (ring full)" => Some(20.0),
        _ => None,
    }
}

/// Runs it.
pub(crate) fn run(options: &Options, machine: &Machine) -> Result<()> {
    say(&format!("{}.", hook::describe()?));
    // The drains start here and stay on this CPU; the load has the other.
    generator::pin(&[1]).context("this benchmark needs two CPUs")?;
    let mut floor = Program::floor()?;
    let mut increment = Program::increment()?;
    let mut count = Mine::count()?;
    let mut every = Mine::stream("stream, every event", 1)?;
    let mut sampled = Mine::stream("stream, one in 64", 64)?;
    let mut full = Mine::full()?;
    let mut generator = Generator::start(0)?;
    let extent = if options.short {
        Extent { batch: Duration::from_millis(5), pairs: 2, most_blocks: 2 }
    } else {
        Extent { batch: Duration::from_millis(30), pairs: 60, most_blocks: 300 }
    };
    let mut subjects: [&mut dyn Subject; 6] =
        [&mut floor, &mut increment, &mut count, &mut every, &mut sampled, &mut full];
    let series = measure(&mut subjects, &mut generator, extent)?;
    let outcomes = outcomes(&series);
    print(&outcomes, options.short);
    let drained = every.probe.sample();
    say(&format!(
        "\nstream, every event: {} records, {} dropped; drop path: {} of {} refused.",
        drained.events.attempted,
        drained.events.dropped,
        full.probe.sample().events.dropped,
        full.probe.sample().events.attempted,
    ));
    output::save(options, machine, "syscall", (&outcomes, &series))
}

/// The table of a run whose first outcome is the floor.
fn print(outcomes: &[Outcome], short: bool) {
    let mut table = Table::new(&[
        "case",
        "added, ns (95 %)",
        "min to min",
        "over F, ns (95 %)",
        "target",
        "",
        "baseline",
        "blocks",
    ]);
    for outcome in outcomes {
        let target = target(&outcome.name);
        let met = target.zip(outcome.over_floor).map(|(target, over)| over.median <= target);
        table.row([
            outcome.name.clone(),
            output::estimate(outcome.added),
            output::number(outcome.least_added),
            output::estimate(outcome.over_floor),
            target.map_or_else(|| "-".to_owned(), |target| format!("F + {target}")),
            output::verdict(met.filter(|_| !short)),
            format!("{:.1}", outcome.baseline),
            output::kept(outcome),
        ]);
    }
    table.print();
}
