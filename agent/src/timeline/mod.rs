//! Samples in order, and what follows from their order: deltas, totals, rates, gaps, overruns. Pure.
//!
//! A [`Timeline`] is all that a report, a rule or the sizing model gets to see: facts about the node, how dropctl was set
//! up, and samples. A live look, a recording and the agent's memory all end up here. Everything is asked of a [`Slice`]
//! of it, and a [`Step`] is a slice of two samples:
//!
//! ```
//! # use dropctl::timeline::Timeline;
//! # fn rule(timeline: &Timeline) {
//! for step in timeline.all().steps().filter(|step| !step.flags().any()) {
//!     for falco in step.slice().falcos().iter().filter(|falco| falco.counts.n_drops_buffer > 0) {
//!         println!("{} dropped {}", falco.last.comm, falco.counts.n_drops_buffer);
//!     }
//! }
//! # }
//! ```
//!
//! Counters of samples are cumulative since their source was found; what grows between two samples is never negative and
//! never invented (see [`source`]). A source of one's own is a struct that says who it is and since when it counts
//! ([`source::Source`]), and a file here that adds up what grew.

mod consumers;
mod falcos;
pub mod losses;
pub mod overruns;
mod perf;
mod pressure;
mod probe;
mod refused;
mod rings;
mod slice;
pub mod source;
mod step;

pub use falcos::FalcoTotals;
pub use perf::PerfTotals;
pub use pressure::{MemoryTotals, Stalled};
pub use probe::{ProbeTotals, StreamTotals};
pub use refused::RefusedTotals;
pub use rings::RingTotals;
pub use slice::{Rate, Slice};
pub use step::{Flags, Step};

use crate::{
    sample::{Node, Sample},
    setup::Setup,
};

/// Samples that are kept at most. Past that every other one is folded into the next: counters are cumulative and maxima are
/// merged, so that nothing but resolution is lost.
pub const SAMPLES_KEPT: usize = 4096;

/// Samples of one run of dropctl, oldest first, and what they are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// Where.
    pub node: Node,
    /// How dropctl looked.
    pub setup: Setup,
    samples: Vec<Sample>,
    out_of_order: u64,
    kept: usize,
}

impl Timeline {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(node: Node, setup: Setup) -> Self {
        Self { node, setup, samples: Vec::new(), out_of_order: 0, kept: SAMPLES_KEPT }
    }

    /// Adds a later sample. One that is not later than the last (a duplicate, a file whose lines were moved) is left out
    /// and counted.
    pub fn push(&mut self, sample: Sample) {
        let last_ns = self.samples.last().map(|last| last.clock.monotonic_ns);
        if last_ns.is_some_and(|last_ns| sample.clock.monotonic_ns <= last_ns) {
            self.out_of_order += 1;
            return;
        }
        if self.samples.len() >= self.kept {
            self.fold();
        }
        self.samples.push(sample);
    }

    /// Folds the second, fourth ... sample into the one after it. The first stays: it is what all others count from.
    fn fold(&mut self) {
        let mut samples = std::mem::take(&mut self.samples).into_iter();
        self.samples.extend(samples.next());
        while let Some(earlier) = samples.next() {
            match samples.next() {
                Some(mut later) => {
                    later.absorb(&earlier);
                    self.samples.push(later);
                }
                None => self.samples.push(earlier),
            }
        }
    }

    /// Lets the oldest sample go: the next is what all others count from then.
    pub fn forget_oldest(&mut self) {
        if !self.samples.is_empty() {
            self.samples.remove(0);
        }
    }

    /// Samples that came too late to be used.
    #[must_use]
    pub fn out_of_order(&self) -> u64 {
        self.out_of_order
    }

    /// All samples, oldest first.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The same, to be changed in place; their order stays what it is.
    pub fn samples_mut(&mut self) -> &mut [Sample] {
        &mut self.samples
    }

    /// All of it.
    #[must_use]
    pub fn all(&self) -> Slice<'_> {
        Slice::new(&self.node, &self.setup, &self.samples)
    }

    /// See [`Slice::between`].
    #[must_use]
    pub fn between(&self, start_ns: u64, end_ns: u64) -> Slice<'_> {
        self.all().between(start_ns, end_ns)
    }
}

/// ns to seconds.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
pub fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;
