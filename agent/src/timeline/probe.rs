//! What our own probe counted in a slice.

use super::{
    Slice, Step,
    source::{Pair, add_by_key, grown_by_key, pairs},
};
use crate::sample::{Events, Overrun, ProbeSample, StreamSample};

/// Our own probe over a slice: exact, short by exactly `missed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbeTotals {
    /// Sums over CPUs.
    pub events: Events,
    /// Runs of our program that the kernel skipped; `None` where it does not count them.
    pub missed: Option<u64>,
    /// Syscall exits by slot, without zeros.
    pub syscalls: Vec<(u16, u64)>,
    /// Our ring; `None` when nothing is streamed.
    pub stream: Option<StreamTotals>,
}

/// Our ring over a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamTotals {
    /// Bytes reserved, headers included.
    pub produced_bytes: u64,
    /// Bytes consumed.
    pub consumed_bytes: u64,
    /// Records consumed.
    pub consumed: u64,
    /// Entries that were no record of ours.
    pub foreign: u64,
    /// Records that ended in an error, by slot, without zeros.
    pub errors: Vec<(u16, u64)>,
    /// Overruns that began. Two that turn out to be one are counted as two until then.
    pub overrun_count: u64,
    /// Time of all overruns together, ns.
    pub overrun_ns: u64,
}

/// One step: what grew; `None` if anything went back.
fn grown(from: &ProbeSample, to: &ProbeSample) -> Option<ProbeTotals> {
    let grown = |count: fn(&Events) -> u64| count(&to.events).checked_sub(count(&from.events));
    Some(ProbeTotals {
        events: Events {
            seen: grown(|events| events.seen)?,
            own: grown(|events| events.own)?,
            attempted: grown(|events| events.attempted)?,
            submitted: grown(|events| events.submitted)?,
            dropped: grown(|events| events.dropped)?,
            sampled_out: grown(|events| events.sampled_out)?,
        },
        missed: match (from.missed, to.missed) {
            (Some(from), Some(to)) => Some(to.checked_sub(from)?),
            _ => None,
        },
        syscalls: grown_by_key(&from.syscalls, &to.syscalls)?,
        stream: match (&from.stream, &to.stream) {
            (Some(from), Some(to)) => Some(stream_grown(from, to)?),
            _ => None,
        },
    })
}

fn stream_grown(from: &StreamSample, to: &StreamSample) -> Option<StreamTotals> {
    Some(StreamTotals {
        // Positions are `unsigned long`s that wrap.
        produced_bytes: forward(from.producer_bytes, to.producer_bytes)?,
        consumed_bytes: forward(from.consumer_bytes, to.consumer_bytes)?,
        consumed: to.consumed.checked_sub(from.consumed)?,
        foreign: to.foreign.checked_sub(from.foreign)?,
        errors: grown_by_key(&from.errors, &to.errors)?,
        // Both may shrink when the time between two overruns turns out to have had refusals, too.
        overrun_count: to.overrun_count.saturating_sub(from.overrun_count),
        overrun_ns: to.overrun_ns.saturating_sub(from.overrun_ns),
    })
}

/// How far a position went that may wrap; `None` if it went back.
fn forward(from: u64, to: u64) -> Option<u64> {
    let bytes = to.wrapping_sub(from);
    (bytes < 1 << 63).then_some(bytes)
}

impl ProbeTotals {
    fn add(&mut self, more: &Self) {
        let Events { seen, own, attempted, submitted, dropped, sampled_out } = more.events;
        let events = &mut self.events;
        for (sum, more) in [
            (&mut events.seen, seen),
            (&mut events.own, own),
            (&mut events.attempted, attempted),
            (&mut events.submitted, submitted),
            (&mut events.dropped, dropped),
            (&mut events.sampled_out, sampled_out),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.missed = self.missed.zip(more.missed).map(|(sum, more)| sum.saturating_add(more));
        add_by_key(&mut self.syscalls, &more.syscalls);
        self.stream = self.stream.take().zip(more.stream.as_ref()).map(|(mut sum, more)| {
            sum.add(more);
            sum
        });
    }
}

impl StreamTotals {
    fn add(&mut self, more: &Self) {
        for (sum, more) in [
            (&mut self.produced_bytes, more.produced_bytes),
            (&mut self.consumed_bytes, more.consumed_bytes),
            (&mut self.consumed, more.consumed),
            (&mut self.foreign, more.foreign),
            (&mut self.overrun_count, more.overrun_count),
            (&mut self.overrun_ns, more.overrun_ns),
        ] {
            *sum = sum.saturating_add(more);
        }
        add_by_key(&mut self.errors, &more.errors);
    }
}

/// What the probe says of one step: `Err` if a counter went back, `Ok(None)` if nothing is known.
fn of_step(step: &Step<'_>) -> Result<Option<ProbeTotals>, ()> {
    let of = |probe| Option::map(probe, std::slice::from_ref);
    let pair = pairs(of(step.from.probe.as_ref()), step.from.clock.monotonic_ns, of(step.to.probe.as_ref()));
    match pair.first() {
        Some(Pair::Both(from, to)) => grown(from, to).map(Some).ok_or(()),
        Some(Pair::Began(to)) => {
            let zero = ProbeSample {
                missed: to.missed.map(|_| 0),
                stream: to.stream.as_ref().map(|_| StreamSample::default()),
                ..ProbeSample::default()
            };
            grown(&zero, to).map(Some).ok_or(())
        }
        _ => Ok(None),
    }
}

impl Slice<'_> {
    /// What our own probe counted; `None` if no step knows.
    #[must_use]
    pub fn probe(&self) -> Option<ProbeTotals> {
        let mut sum: Option<ProbeTotals> = None;
        for step in self.steps() {
            let Ok(Some(more)) = of_step(&step) else { continue };
            match &mut sum {
                Some(sum) => sum.add(&more),
                None => sum = Some(more),
            }
        }
        if let Some(sum) = &mut sum {
            sum.syscalls.retain(|(_, count)| *count > 0);
            sum.syscalls.sort_unstable();
        }
        sum
    }

    /// Steps in which a counter of our probe went back; what grew in them is not counted.
    #[must_use]
    pub fn probe_resets(&self) -> usize {
        self.steps().filter(|step| of_step(step).is_err()).count()
    }

    /// Overruns of our ring that began in the slice or went on, oldest first; the newest that are remembered.
    #[must_use]
    pub fn overruns(&self) -> Vec<Overrun> {
        let Some(stream) = self.last().and_then(|last| last.probe.as_ref()?.stream.as_ref()) else {
            return Vec::new();
        };
        let start_ns = self.start_ns();
        stream.overruns.iter().filter(|overrun| overrun.last_ns >= start_ns).copied().collect()
    }
}
