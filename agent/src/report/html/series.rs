//! What charts are drawn from: stretches of time with a value each, oldest first, seconds since the window began. Taken out of
//! a timeline step by step, as reports are, so that a chart and the tables below it cannot disagree.

pub(super) mod drops;
pub(super) mod flow;
pub(super) mod rings;
pub(super) mod states;

use crate::{
    number::float,
    report::model::ToolOverrun,
    timeline::{Slice, Step, seconds},
};

/// Points of one line at most: no screen shows more, and a file with all samples of a day would be large.
pub(super) const MOST_POINTS: usize = 600;

/// A stretch of time, and what was true of all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) from: f64,
    pub(super) to: f64,
    /// `None`: not known.
    pub(super) value: Option<f64>,
}

/// At most [`MOST_POINTS`], each the maximum of as many neighbours: a peak stays one.
pub(super) fn thin(points: &[Point]) -> Vec<Point> {
    let of = |few: &[Point]| {
        let (first, last) = (few.first()?, few.last()?);
        Some(Point {
            from: first.from,
            to: last.to,
            value: few.iter().filter_map(|point| point.value).reduce(f64::max),
        })
    };
    points.chunks(neighbours(points.len())).filter_map(of).collect()
}

/// How many become one.
fn neighbours(points: usize) -> usize {
    points.div_ceil(MOST_POINTS).max(1)
}

/// The largest value, where any is known.
pub(super) fn peak<'a>(points: impl IntoIterator<Item = &'a Point>) -> Option<f64> {
    points.into_iter().filter_map(|point| point.value).reduce(f64::max)
}

/// Mean over the time for which it is known.
pub(super) fn mean(points: &[Point]) -> Option<f64> {
    let known = points.iter().filter_map(|point| Some((point.to - point.from, point.value?)));
    let (time, sum) =
        known.fold((0.0, 0.0), |(time, sum), (length, value)| (time + length, sum + length * value));
    (time > 0.0).then_some(sum / time)
}

/// A time on the clock of the samples, ns, as seconds since the window began.
pub(super) fn since_start(slice: &Slice<'_>, at_ns: u64) -> f64 {
    seconds(at_ns.saturating_sub(slice.start_ns()))
}

/// From when to when a step is.
fn ends(slice: &Slice<'_>, step: &Step<'_>) -> (f64, f64) {
    let at = |at_ns| since_start(slice, at_ns);
    (at(step.from.clock.monotonic_ns), at(step.to.clock.monotonic_ns))
}

/// A stretch in which something was refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Band {
    pub(super) from: f64,
    pub(super) to: f64,
}

/// Overruns as they are seen in a window of `span` seconds: those that no screen could tell apart are one.
pub(super) fn bands<'a>(overruns: impl IntoIterator<Item = &'a ToolOverrun>, span: f64) -> Vec<Band> {
    let least = span / float(MOST_POINTS as u64);
    let mut all: Vec<Band> = overruns
        .into_iter()
        .map(|one| Band {
            from: one.start_seconds.clamp(0.0, span),
            to: (one.start_seconds + one.seconds).clamp(0.0, span),
        })
        .collect();
    all.sort_by(|one, other| one.from.total_cmp(&other.from));
    let mut joined: Vec<Band> = Vec::new();
    for band in all {
        match joined.last_mut() {
            Some(last) if band.from <= last.to + least => last.to = last.to.max(band.to),
            _ => joined.push(band),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;

    fn points(values: impl IntoIterator<Item = Option<f64>>) -> Vec<Point> {
        let at = |(place, value)| {
            let from = f64::from(u32::try_from(place).unwrap());
            Point { from, to: from + 1.0, value }
        };
        values.into_iter().enumerate().map(at).collect()
    }

    #[test]
    fn a_peak_among_thousands_stays_a_peak() {
        let few = points([Some(1.0), None, Some(3.0)]);
        assert_eq!(thin(&few), few);
        let many = points((0..4096).map(|place| Some(if place == 1234 { 9.0 } else { 0.5 })));
        let thinned = thin(&many);
        assert!(thinned.len() <= MOST_POINTS, "{}", thinned.len());
        assert_eq!(peak(&thinned), Some(9.0));
        assert_eq!((thinned[0].from, thinned.last().unwrap().to), (0.0, 4096.0));
        assert!(thinned.windows(2).all(|pair| pair[0].to == pair[1].from));
    }

    #[test]
    fn what_is_not_known_is_not_nothing() {
        let unknown = points([None, None]);
        assert_eq!((peak(&unknown), mean(&unknown)), (None, None));
        assert_eq!(mean(&points([Some(2.0), None, Some(4.0)])), Some(3.0));
        let half = points((0..1200).map(|place| (place < 600).then_some(1.0)));
        assert_eq!(thin(&half).iter().filter(|point| point.value.is_none()).count(), 300);
    }

    #[test]
    fn overruns_that_look_like_one_are_one() {
        let overrun = |start_seconds, seconds| ToolOverrun {
            map_id: None,
            places: Vec::new(),
            start_seconds,
            seconds,
            times_evidence: Evidence::Estimated,
            drops: 1,
            drops_evidence: Evidence::Tool,
        };
        let all =
            [overrun(5.0, 1.0), overrun(1.0, 0.5), overrun(1.505, 0.1), overrun(1.2, 0.1), overrun(9.9, 3.0)];
        let band = |from, to| Band { from, to };
        assert_eq!(bands(&all, 10.0), [band(1.0, 1.605), band(5.0, 6.0), band(9.9, 10.0)]);
    }
}
