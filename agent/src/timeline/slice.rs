//! A stretch of a timeline.

use super::{Step, seconds};
use crate::{
    sample::{Events, Node, Sample},
    setup::Setup,
};

/// A stretch of a timeline, from its first sample to its last. Totals over it ([`Self::probe`], [`Self::rings`],
/// [`Self::falcos`]) are the sums of what its steps say, so that two slices that meet at a sample add up to their whole.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    /// Where.
    pub node: &'a Node,
    /// How dropctl looked.
    pub setup: &'a Setup,
    samples: &'a [Sample],
}

/// Events of a slice per second, over its whole length and in its busiest part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Mean, per second.
    pub mean: f64,
    /// In the busiest interval between two samples at least half a second apart; `None` without one.
    pub peak: Option<f64>,
}

/// Intervals shorter than this say nothing about a peak, ns.
const PEAK_NS: u64 = 500_000_000;

impl<'a> Slice<'a> {
    pub(super) fn new(node: &'a Node, setup: &'a Setup, samples: &'a [Sample]) -> Self {
        Self { node, setup, samples }
    }

    /// Its samples, oldest first.
    #[must_use]
    pub fn samples(&self) -> &'a [Sample] {
        self.samples
    }

    /// The sample that everything is counted from.
    #[must_use]
    pub fn first(&self) -> Option<&'a Sample> {
        self.samples.first()
    }

    /// The newest sample.
    #[must_use]
    pub fn last(&self) -> Option<&'a Sample> {
        self.samples.last()
    }

    /// Neighbours, oldest first.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = Step<'a>> + use<'a> {
        let Self { node, setup, samples } = *self;
        samples.windows(2).map(move |pair| Step::new(Self { node, setup, samples: pair }, &pair[0], &pair[1]))
    }

    /// `CLOCK_MONOTONIC` of the first sample, ns.
    #[must_use]
    pub fn start_ns(&self) -> u64 {
        self.first().map_or(0, |first| first.clock.monotonic_ns)
    }

    /// `CLOCK_MONOTONIC` of the last sample, ns.
    #[must_use]
    pub fn end_ns(&self) -> u64 {
        self.last().map_or(0, |last| last.clock.monotonic_ns)
    }

    /// Its length, ns of `CLOCK_MONOTONIC`.
    #[must_use]
    pub fn length_ns(&self) -> u64 {
        self.end_ns().saturating_sub(self.start_ns())
    }

    /// Time that the node slept, ns.
    #[must_use]
    pub fn suspended_ns(&self) -> u64 {
        self.steps().map(|step| step.suspended_ns()).sum()
    }

    /// From the last sample at or before `start_ns` (or the first) to the last at or before `end_ns`, on
    /// `CLOCK_MONOTONIC`. Slices that meet at any time add up to their whole.
    #[must_use]
    pub fn between(&self, start_ns: u64, end_ns: u64) -> Self {
        let until = |at_ns: u64| self.samples.partition_point(|sample| sample.clock.monotonic_ns <= at_ns);
        self.cut(until(start_ns).saturating_sub(1), until(end_ns))
    }

    /// The same, but up to the first sample at or after `end_ns` (or the last): all of an episode, such as an overrun.
    #[must_use]
    pub fn around(&self, start_ns: u64, end_ns: u64) -> Self {
        let before = self.samples.partition_point(|sample| sample.clock.monotonic_ns <= start_ns);
        let until = self.samples.partition_point(|sample| sample.clock.monotonic_ns < end_ns);
        self.cut(before.saturating_sub(1), (until + 1).min(self.samples.len()))
    }

    /// As [`Slice::around`], but on `CLOCK_REALTIME`, ns since 1970; `None` where it covers nothing of that time.
    #[must_use]
    pub fn around_real(&self, start_ns: u64, end_ns: u64) -> Option<Self> {
        let first = self.samples.iter().position(|sample| sample.clock.real_ns >= start_ns)?;
        let last = self.samples.iter().rposition(|sample| sample.clock.real_ns <= end_ns)?;
        let slice = self.cut(first.saturating_sub(1), (last + 2).min(self.samples.len()));
        (first <= last + 1 && slice.samples.len() > 1).then_some(slice)
    }

    /// What came in the last `length_ns` before its end.
    #[must_use]
    pub fn tail(&self, length_ns: u64) -> Self {
        self.between(self.end_ns().saturating_sub(length_ns), u64::MAX)
    }

    fn cut(&self, first: usize, end: usize) -> Self {
        Self { samples: self.samples.get(first..end).unwrap_or_default(), ..*self }
    }

    /// Mean and peak of one count of the probe; `None` where it is not known.
    #[must_use]
    pub fn rate(&self, count: impl Fn(&Events) -> u64) -> Option<Rate> {
        let events = self.probe()?.events;
        let seconds = seconds(self.length_ns());
        if seconds <= 0.0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "rates are printed with at most seven digits")]
        let mean = count(&events) as f64 / seconds;
        Some(Rate { mean, peak: self.peak(count) })
    }

    fn peak(&self, count: impl Fn(&Events) -> u64) -> Option<f64> {
        let mut peak: Option<f64> = None;
        let (mut length_ns, mut events) = (0, 0);
        for step in self.steps() {
            let Some(totals) = step.slice().probe() else {
                (length_ns, events) = (0, 0);
                continue;
            };
            length_ns += step.length_ns();
            events += count(&totals.events);
            if length_ns >= PEAK_NS {
                #[expect(clippy::cast_precision_loss, reason = "rates are printed with at most seven digits")]
                let rate = events as f64 / seconds(length_ns);
                peak = Some(peak.map_or(rate, |highest| highest.max(rate)));
                (length_ns, events) = (0, 0);
            }
        }
        peak
    }
}
