//! What follows for one tool. Pure; every threshold is in docs/diff.md.

use super::{
    Loss, Outcome, Unit,
    series::Series,
    statistic::{Interval, Ratio, ratio},
};
use crate::{
    diagnose::Confidence,
    number::{float, percent, rate},
    timeline::seconds,
};

/// Less of either says nothing.
const LEAST_INTERVALS: u64 = 8;
const LEAST_SECONDS: f64 = 8.0;
/// Loss grows faster than load near the limit: outside of this the load explains a change as well as anything else.
const LIGHTER: f64 = 0.75;
const HEAVIER: f64 = 1.0 / LIGHTER;
/// Losses within this are the same for all that anybody does about them.
const SAME: (f64, f64) = (0.8, 1.25);

/// What follows.
pub(super) struct Judgement {
    pub(super) outcome: Outcome,
    pub(super) confidence: Option<Confidence>,
    pub(super) why: String,
    pub(super) ratio: Option<Ratio>,
}

impl Judgement {
    fn cannot_tell(why: String) -> Self {
        Self { outcome: Outcome::CannotTell, confidence: None, why, ratio: None }
    }
}

/// The numbers of one side.
pub(super) fn loss(series: &Series) -> Loss {
    let sum = |of: fn(&Interval) -> u64| series.intervals.iter().map(of).sum::<u64>();
    let (length_ns, arrivals) = (sum(|one| one.length_ns), sum(|one| one.arrivals));
    let drops = series.evidence.map(|_| sum(|one| one.drops));
    let per_second = |one: &Interval| float(one.arrivals) / seconds(one.length_ns).max(1e-9);
    let normal = |drops: u64| (arrivals > 0).then(|| float(drops) * series.unit.per() / float(arrivals));
    Loss {
        intervals: series.intervals.len() as u64,
        seconds: seconds(length_ns),
        arrivals,
        arrivals_per_second: float(arrivals) / seconds(length_ns).max(1e-9),
        peak_arrivals_per_second: series.intervals.iter().map(per_second).fold(0.0, f64::max),
        drops,
        evidence: series.evidence,
        loss: drops.and_then(normal),
    }
}

/// Judges one tool that is in both.
pub(super) fn judge(a: &Series, b: &Series) -> Judgement {
    if a.unit != b.unit {
        return Judgement::cannot_tell("its own counters were visible in one of the two only".to_owned());
    }
    let (before, after) = (loss(a), loss(b));
    for (name, side) in [("A", &before), ("B", &after)] {
        if side.drops.is_none() {
            return Judgement::cannot_tell(format!("its drops were not counted in {name}"));
        }
        let is_short = side.seconds < LEAST_SECONDS || side.intervals < LEAST_INTERVALS;
        if is_short {
            return Judgement::cannot_tell(format!(
                "{name} shows {:.1} s of it in {} intervals, and less than {LEAST_SECONDS} s in {LEAST_INTERVALS} says nothing",
                side.seconds, side.intervals
            ));
        }
        if side.arrivals == 0 {
            return Judgement::cannot_tell(format!("nothing arrived in {name}: there was no load"));
        }
    }
    if before.drops == Some(0) && after.drops == Some(0) {
        let why = "it lost nothing in either".to_owned();
        return Judgement { outcome: Outcome::NoChange, confidence: None, why, ratio: None };
    }
    let ratio = ratio(&a.intervals, &b.intervals);
    let (outcome, confidence, why) = decide(&before, &after, &ratio, a.unit);
    Judgement { outcome, confidence, why, ratio: Some(ratio) }
}

fn decide(a: &Loss, b: &Loss, ratio: &Ratio, unit: Unit) -> (Outcome, Option<Confidence>, String) {
    let between = between(a, b, ratio, unit);
    let sure = |is_sure| Some(if is_sure { Confidence::High } else { Confidence::Medium });
    if ratio.low_95 >= SAME.0 && ratio.high_95 <= SAME.1 {
        return (
            Outcome::NoChange,
            sure(false),
            format!("its loss went from {between}, which is the same within a fifth"),
        );
    }
    let mean = b.arrivals_per_second / a.arrivals_per_second;
    let peak = b.peak_arrivals_per_second / a.peak_arrivals_per_second;
    let load = |what: &str| {
        format!(
            "its loss went from {between}, but its load is {what}: {} of the mean and {} of the peak arrivals of A, which explains it \
             as well",
            percent(mean),
            percent(peak)
        )
    };
    if ratio.high_95 < 1.0 {
        return match mean.min(peak) < LIGHTER {
            true => (Outcome::CannotTell, None, load("lighter in B")),
            false => (Outcome::Improved, sure(ratio.high_99 < 1.0), format!("its loss fell from {between}")),
        };
    }
    if ratio.low_95 > 1.0 {
        return match mean.max(peak) > HEAVIER {
            true => (Outcome::CannotTell, None, load("heavier in B")),
            false => (Outcome::Worse, sure(ratio.low_99 > 1.0), format!("its loss rose from {between}")),
        };
    }
    let why = format!(
        "its loss went from {between}: too few bursts of loss to tell it from chance; look for longer"
    );
    (Outcome::CannotTell, None, why)
}

/// Of none, or to none, there is no ratio: that of the draws has half a drop in its place.
fn between(a: &Loss, b: &Loss, ratio: &Ratio, unit: Unit) -> String {
    let of = |side: &Loss| match side.drops {
        Some(0) => "none".to_owned(),
        _ => side.loss.map_or_else(
            || "unknown".to_owned(),
            |loss| format!("{} events {}", rate(loss), unit.per_words()),
        ),
    };
    let ends = format!("{} to {}", of(a), of(b));
    if a.drops == Some(0) || b.drops == Some(0) {
        return ends;
    }
    let [likely, low, high] = [ratio.likely, ratio.low_95, ratio.high_95].map(times);
    format!("{ends}, {likely} times as much (95 % interval {low} to {high})")
}

/// 0.0004 is not 0.
fn times(ratio: f64) -> String {
    match ratio {
        _ if ratio < 0.01 => "<0.01".to_owned(),
        _ if ratio < 10.0 => format!("{ratio:.2}"),
        _ => rate(ratio),
    }
}
