//! A ring of known size whose consumer is stopped: it holds what fits, refuses the rest, and loses nothing after.

use std::sync::atomic::Ordering;

use agent_common::{counters::OVERRUN_GAP_NS, record::RECORD_FOOTPRINT_BYTES, slot::NATIVE};
use anyhow::{Result, bail, ensure};
use dropctl::{
    sample::{Overrun, ProbeSample},
    sys::{clock::monotonic_ns, ring::records_that_fit},
};

use crate::{
    crew::{Crew, FREE},
    expect, node, raw,
    role::{Role, stop_at_rest},
};

/// The ring of these tests.
pub(crate) const RING_BYTES: u32 = 65_536;
pub(crate) const CALLS: [(i64, u64); 2] =
    [(libc::SYS_sched_get_priority_max, 60_000), (libc::SYS_sched_get_priority_min, 60_000)];

/// Two children, known numbers of calls, both CPUs.
pub(crate) struct Generators {
    crew: Crew,
}

/// Each generator's longest time between looks at the clock, and its last look.
const LONGEST_NS: usize = FREE;
const LAST_NS: usize = FREE + 2;
const CALLS_PER_LOOK: u64 = 500;

impl Generators {
    /// At the gate.
    pub(crate) fn new() -> Result<Self> {
        let mut crew = Crew::new();
        let page = crew.page();
        for (index, (cpu, (number, calls))) in node::two_cpus().into_iter().zip(CALLS).enumerate() {
            crew.add(Some(cpu), move || {
                let (mut longest_ns, mut last_ns) = (0, raw::monotonic_ns());
                for call in 0..calls {
                    raw::bare(number);
                    if call % CALLS_PER_LOOK == 0 || call == calls - 1 {
                        let now_ns = raw::monotonic_ns();
                        longest_ns = longest_ns.max(now_ns.saturating_sub(last_ns));
                        last_ns = now_ns;
                    }
                }
                page[LONGEST_NS + index].store(longest_ns, Ordering::SeqCst);
                page[LAST_NS + index].store(last_ns, Ordering::SeqCst);
                true
            })?;
        }
        crew.wait_ready()?;
        Ok(Self { crew })
    }

    /// Lets them make their calls.
    pub(crate) fn run(&mut self) -> Result<()> {
        self.crew.go();
        self.crew.finish()
    }

    /// `true` if this machine stood still for so long between two calls, or between the last and `end_ns`, that
    /// refusals on both sides are two overruns by definition. Emulated guests on a busy host do.
    pub(crate) fn stalled(&self, end_ns: u64) -> bool {
        let word = |index: usize| self.crew.page()[index].load(Ordering::SeqCst);
        let last_ns = word(LAST_NS).max(word(LAST_NS + 1));
        let longest_ns = word(LONGEST_NS).max(word(LONGEST_NS + 1)).max(end_ns.saturating_sub(last_ns));
        longest_ns > OVERRUN_GAP_NS / 2
    }
}

/// Tries again when the machine stood still: that proves nothing.
pub(crate) fn until_unstalled(once: impl Fn() -> Result<Outcome>) -> Result<()> {
    for _ in 0..5 {
        match once()? {
            Outcome::Shown => return Ok(()),
            Outcome::Stalled => println!("the machine stood still meanwhile; again"),
        }
    }
    bail!("this machine stands still too often")
}

/// What one try came to; failures are errors.
pub(crate) enum Outcome {
    Shown,
    Stalled,
}

/// Nothing of them was lost from the counts or counted twice.
pub(crate) fn all_counted(sample: &ProbeSample) -> Result<()> {
    CALLS.iter().try_for_each(|(number, calls)| expect::exact(sample, NATIVE + *number as u32, *calls))
}

/// When the consumer was stopped and when it went on, `CLOCK_MONOTONIC`.
pub(crate) struct Stop {
    pub(crate) begin_ns: u64,
    pub(crate) continue_ns: u64,
    /// It had caught up by then.
    pub(crate) drained_ns: u64,
}

impl Stop {
    /// One overrun, which began while the consumer stood still and ended when it had caught up.
    pub(crate) fn check(&self, overruns: &[Overrun], generators: &Generators) -> Result<Outcome> {
        let touching: Vec<_> = overruns
            .iter()
            .filter(|overrun| overrun.last_ns >= self.begin_ns && overrun.first_ns <= self.drained_ns)
            .collect();
        if touching.len() > 1 && generators.stalled(self.continue_ns) {
            return Ok(Outcome::Stalled);
        }
        ensure!(touching.len() == 1, "overruns during one stop: {overruns:?}");
        ensure!(touching[0].first_ns < self.continue_ns, "it began after the stop: {:?}", touching[0]);
        ensure!(touching[0].first_ns >= self.begin_ns, "it began before the stop: {:?}", touching[0]);
        ensure!(touching[0].last_ns <= self.drained_ns, "it did not end: {:?}", touching[0]);
        ensure!(!node::is_quiet() || overruns.len() == 1, "other overruns: {overruns:?}");
        Ok(Outcome::Shown)
    }
}

/// What a ring of that size holds when it is full of records.
pub(crate) fn full_bytes() -> u64 {
    records_that_fit(RING_BYTES.into()) * RECORD_FOOTPRINT_BYTES
}

/// The probe in a process of its own, stopped by SIGSTOP.
pub(crate) fn stopped() -> Result<()> {
    until_unstalled(once)
}

fn once() -> Result<Outcome> {
    let mut generators = Generators::new()?;
    let role = Role::start(RING_BYTES)?;
    stop_at_rest(role.pid())?;
    let begin_ns = monotonic_ns();
    generators.run()?;
    let continue_ns = monotonic_ns();
    role.signal(libc::SIGCONT)?;
    let after = loop {
        let sample = role.sample()?;
        if sample.stream.as_ref().is_some_and(|stream| stream.consumer_bytes >= full_bytes()) {
            break sample;
        }
    };
    let stop = Stop { begin_ns, continue_ns, drained_ns: monotonic_ns() };
    let sample = role.finish()?;
    expect::conserved(&sample, 1)?;
    all_counted(&sample)?;
    let Some(stream) = &sample.stream else { bail!("no stream") };
    println!(
        "known ring: {:?}, backlog at most {} of {RING_BYTES} bytes, {} overruns, {:?} missed",
        sample.events, stream.backlog_max_bytes, stream.overrun_count, sample.missed
    );
    ensure!(
        stream.backlog_max_bytes == full_bytes(),
        "the ring held {} bytes, a full one holds {}",
        stream.backlog_max_bytes,
        full_bytes()
    );
    ensure!(sample.events.dropped >= after.events.dropped && after.events.dropped > 0, "drops go back");
    let due: u64 = CALLS.iter().map(|(_, calls)| calls).sum();
    let kept = records_that_fit(RING_BYTES.into());
    ensure!(
        sample.events.dropped + sample.missed.unwrap_or(0) + kept >= due,
        "a full ring took more than fits"
    );
    stop.check(&stream.overruns, &generators)
}
