//! A span of time between two samples of one probe, and the rates in it.

use crate::sample::{Clock, Events, Sample};

/// Samples of one probe in order. The probe starts at zero, so totals are those of the last sample; of those before
/// it only what rates need is kept, so that a day fits into memory.
#[derive(Clone, Debug)]
pub struct Window {
    /// When counting began.
    pub start: Clock,
    /// Time on `CLOCK_MONOTONIC` and counts of each sample, the last included.
    counts: Vec<(u64, Events)>,
    last: Option<Sample>,
}

/// Events of a window per second, over its whole length and in its busiest part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Mean, per second.
    pub mean: f64,
    /// In the busiest interval between two samples at least half a second apart; `None` without one.
    pub peak: Option<f64>,
}

/// Intervals shorter than this say nothing about a peak, ns.
const PEAK_NS: u64 = 500_000_000;

impl Window {
    /// Begins with the probe's start.
    #[must_use]
    pub fn new(start: Clock) -> Self {
        Self { start, counts: Vec::new(), last: None }
    }

    /// Adds a later sample.
    pub fn push(&mut self, sample: Sample) {
        let events = sample.probe.as_ref().map(|probe| probe.events);
        self.counts.extend(events.map(|events| (sample.clock.monotonic_ns, events)));
        self.last = Some(sample);
    }

    /// The newest sample.
    #[must_use]
    pub fn last(&self) -> Option<&Sample> {
        self.last.as_ref()
    }

    /// Length up to the newest sample, ns of `CLOCK_MONOTONIC`.
    #[must_use]
    pub fn length_ns(&self) -> u64 {
        self.last().map_or(0, |last| last.clock.monotonic_ns.saturating_sub(self.start.monotonic_ns))
    }

    /// Time that the node slept during the window, ns: the boot clock goes on in suspend, the monotonic does not.
    #[must_use]
    pub fn suspended_ns(&self) -> u64 {
        let boot_ns = self.last().map_or(0, |last| last.clock.boot_ns.saturating_sub(self.start.boot_ns));
        boot_ns.saturating_sub(self.length_ns())
    }

    /// Mean and peak of one count.
    #[must_use]
    pub fn rate(&self, count: impl Fn(&Events) -> u64) -> Option<Rate> {
        let last = self.last()?;
        let seconds = seconds(self.length_ns());
        if seconds <= 0.0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "rates are printed with at most seven digits")]
        let mean = count(&last.probe.as_ref()?.events) as f64 / seconds;
        let start = (self.start.monotonic_ns, 0);
        let points =
            std::iter::once(start).chain(self.counts.iter().map(|(at_ns, events)| (*at_ns, count(events))));
        Some(Rate { mean, peak: peak(points) })
    }
}

/// ns to seconds.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
pub fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

fn peak(points: impl Iterator<Item = (u64, u64)>) -> Option<f64> {
    let mut peak: Option<f64> = None;
    let mut from: Option<(u64, u64)> = None;
    for (at, count) in points {
        let Some((from_at, from_count)) = from else {
            from = Some((at, count));
            continue;
        };
        let length_ns = at.saturating_sub(from_at);
        if length_ns >= PEAK_NS {
            #[expect(clippy::cast_precision_loss, reason = "rates are printed with at most seven digits")]
            let rate = count.saturating_sub(from_count) as f64 / seconds(length_ns);
            peak = Some(peak.map_or(rate, |highest| highest.max(rate)));
            from = Some((at, count));
        }
    }
    peak
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{OwnSample, ProbeSample};

    fn sample(at_ms: u64, seen: u64) -> Sample {
        let clock = Clock { monotonic_ns: at_ms * 1_000_000, boot_ns: at_ms * 1_000_000, real_ns: 0 };
        let events = Events { seen, ..Events::default() };
        Sample {
            clock,
            probe: Some(ProbeSample { events, ..ProbeSample::default() }),
            rings: None,
            falcos: None,
            tools: None,
            own: OwnSample::default(),
        }
    }

    fn window(points: &[(u64, u64)]) -> Window {
        let mut window =
            Window::new(Clock { monotonic_ns: 1_000_000_000, boot_ns: 1_000_000_000, real_ns: 0 });
        for (at_ms, seen) in points {
            window.push(sample(*at_ms, *seen));
        }
        window
    }

    #[test]
    fn mean_and_peak() {
        let rate = window(&[(2000, 100), (3000, 900), (4000, 1000)]).rate(|events| events.seen);
        let rate = rate.unwrap();
        assert!((rate.mean - 1000.0 / 3.0).abs() < 1e-9);
        assert_eq!(rate.peak, Some(800.0));
    }

    #[test]
    fn a_short_last_interval_is_no_peak() {
        let rate = window(&[(2000, 100), (2010, 900)]).rate(|events| events.seen).unwrap();
        assert_eq!(rate.peak, Some(100.0));
        assert_eq!(window(&[(1100, 7)]).rate(|events| events.seen).unwrap().peak, None);
    }

    #[test]
    fn without_samples_nothing_is_known() {
        assert!(window(&[]).rate(|events| events.seen).is_none());
    }

    #[test]
    fn a_suspend_shows() {
        let mut window = window(&[(2000, 0)]);
        assert_eq!(window.suspended_ns(), 0);
        let mut later = sample(3000, 0);
        later.clock.boot_ns += 5_000_000_000;
        window.push(later);
        assert_eq!(window.suspended_ns(), 5_000_000_000);
    }
}
