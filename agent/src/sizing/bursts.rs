//! The bursts of one ring in one step: how many, when, and which share of what was refused each had.

use super::{
    path::{self, Assumed, Bound},
    trace::{RingStep, TraceStep},
};
use crate::number::{float, ratio};

/// Bursts that one step is taken to have at most.
const MOST: usize = 16;
/// A backlog of less than this part of the peak, or of the ring, is as good as none.
pub(super) const NONE: f64 = 1.0 / 16.0;
/// A peak within this part of an end of the step is at that end.
pub(super) const AT_THE_END: f64 = 0.9;
/// Refusals that are no further apart are one overrun, whatever the ring did in between, ns (as `timeline::overruns` has it).
const OVERRUN_GAP_NS: f64 = agent_common::counters::OVERRUN_GAP_NS as f64;
/// Unused service beyond what the time outside overruns explains was inside them, if it is this part of all service.
const INSIDE: f64 = 0.1;
/// Free time of less than this part of a gap is an error of measurement.
const FREE: f64 = 0.2;

/// In order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bursts {
    /// Share of what was refused.
    shares: Vec<f64>,
    /// Time before, between and after them, ns; empty where their times are not known.
    gaps_ns: Vec<f64>,
}

impl Bursts {
    /// Its overruns; without any, as many as make up what came.
    pub(super) fn of(ring: &RingStep, step: &TraceStep, unused: f64, assumed: &Assumed) -> Self {
        if ring.dropped == 0.0 {
            return Self::even(count(ring, unused, assumed));
        }
        let shares: Vec<f64> = ring.overruns.iter().map(|(.., share)| *share).collect();
        if shares.is_empty() || shares.len() > MOST {
            return Self::even(1);
        }
        let overruns = Self { shares, gaps_ns: gaps(ring, step) };
        if assumed.bound == Bound::High {
            return overruns;
        }
        overruns.split(ring, step, unused, assumed)
    }

    fn even(count: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "at most 16")]
        let share = 1.0 / count as f64;
        Self { shares: vec![share; count], gaps_ns: Vec::new() }
    }

    /// A ring that fills in each period of a quota and is empty in between refuses all the time for the definition of an
    /// overrun; that it was empty shows in a thread that had more time than it needed.
    fn split(self, ring: &RingStep, step: &TraceStep, unused: f64, assumed: &Assumed) -> Self {
        let (Some(speed), Some(free)) = (assumed.speed, self.free_ns(ring, step, assumed)) else {
            return self;
        };
        let outside = free.iter().sum::<f64>() * speed;
        let length_ns: u64 =
            ring.overruns.iter().map(|(from_ns, to_ns, _)| to_ns.saturating_sub(*from_ns)).sum();
        let is_explained = unused - outside <= INSIDE * speed * float(step.length_ns);
        if is_explained || float(length_ns) < 2.0 * OVERRUN_GAP_NS {
            return self;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and clamped")]
        let mut bursts = Self::even(((float(length_ns) / OVERRUN_GAP_NS) as usize).clamp(1, MOST));
        if ring.begin >= AT_THE_END * ring.peak {
            // That one refused what it did in the step before.
            bursts.shares.insert(0, 0.0);
        }
        bursts
    }

    pub(super) fn count(&self) -> usize {
        self.shares.len()
    }

    pub(super) fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        self.shares.iter().copied()
    }

    /// Time before one of them, ns; 0 where it is not known.
    pub(super) fn gap_ns(&self, index: usize) -> f64 {
        self.gaps_ns.get(index).copied().unwrap_or(0.0)
    }

    /// Time outside of them that the thread had, less what it takes to drain what was there, ns.
    pub(super) fn free_ns(&self, ring: &RingStep, step: &TraceStep, assumed: &Assumed) -> Option<Vec<f64>> {
        if self.gaps_ns.is_empty() {
            return None;
        }
        let on_cpu = self.on_cpu_outside(step);
        let free = |(index, gap_ns): (usize, &f64)| {
            let backlog = if index == 0 { ring.begin } else { ring.peak };
            let work_ns = assumed.speed.map_or(0.0, |speed| backlog / speed);
            let free_ns = gap_ns * on_cpu - work_ns;
            if free_ns > FREE * gap_ns { free_ns } else { 0.0 }
        };
        Some(self.gaps_ns.iter().enumerate().map(free).collect())
    }

    /// The part of the time outside of them in which the thread was not kept from draining. Stalls are what makes a ring fill: they were
    /// inside as far as they can have been.
    fn on_cpu_outside(&self, step: &TraceStep) -> f64 {
        let outside_ns: f64 = self.gaps_ns.iter().sum();
        let inside_ns = float(step.length_ns) - outside_ns;
        let stalled_ns = f64::max(float(step.stalled_ns) - inside_ns, 0.0);
        f64::max(1.0 - ratio(stalled_ns, outside_ns), 0.0)
    }

    /// How much the backlog has risen at least before the only one of them: what came within a time less what can have been drained in it.
    /// 0 where several may have had that time.
    pub(super) fn risen_at_least(&self, ring: &RingStep, assumed: &Assumed) -> f64 {
        let (Some(speed), [before_ns, _]) = (assumed.speed, self.gaps_ns.as_slice()) else { return 0.0 };
        let within = ring.arrivals.iter().filter(|(length_ns, _)| float(*length_ns) <= *before_ns);
        within.map(|(length_ns, most)| float(*most) - speed * float(*length_ns)).fold(0.0, f64::max)
    }

    /// The most that the backlog can have risen before the first of them, whatever part of that time the rise took: it is longer than one
    /// length of time and no longer than the next. Any rise where that is not known.
    pub(super) fn rise_within_first_gap(&self, ring: &RingStep, assumed: &Assumed) -> f64 {
        let Some((gap_ns, speed)) = self.gaps_ns.first().zip(assumed.speed) else { return f64::INFINITY };
        if ring.arrivals.last().is_none_or(|(length_ns, _)| float(*length_ns) < *gap_ns) {
            return f64::INFINITY;
        }
        let shorter =
            std::iter::once(0.0).chain(ring.arrivals.iter().map(|(length_ns, _)| float(*length_ns)));
        let each = shorter.zip(&ring.arrivals).take_while(|(shorter_ns, _)| shorter_ns < gap_ns);
        each.map(|(shorter_ns, (_, most))| float(*most) - speed * shorter_ns).fold(0.0, f64::max)
    }
}

/// How often what came, with what was there before, makes up such a peak.
fn count(ring: &RingStep, unused: f64, assumed: &Assumed) -> usize {
    let before = if ring.begin > NONE * ring.capacity { ring.begin } else { 0.0 };
    let peak = path::peak(ring, assumed);
    if unused == 0.0 || peak <= before || assumed.bound == Bound::Low {
        return 1;
    }
    // A burst is what came within the shortest time that holds such a rise, with what was drained meanwhile.
    let speed = assumed.speed.unwrap_or(0.0);
    let risen = |(length_ns, most): &&(u64, u64)| float(*most) - speed * float(*length_ns) >= peak;
    let burst = ring.arrivals.iter().find(risen).map(|(_, most)| float(*most));
    let burst = burst.unwrap_or(ring.accepted).max(peak);
    let each = if assumed.bound == Bound::High { peak } else { burst };
    // What is there in the end rose, too.
    let came = (ring.accepted + before - ring.end).max(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and clamped")]
    let count = (came / each) as usize;
    count.clamp(1, MOST)
}

/// Time before, between and after the overruns of a step, ns.
fn gaps(ring: &RingStep, step: &TraceStep) -> Vec<f64> {
    let end_ns = step.start_ns + step.length_ns;
    let mut at_ns = step.start_ns;
    let mut gaps = Vec::with_capacity(ring.overruns.len() + 1);
    for (from_ns, to_ns, _) in &ring.overruns {
        gaps.push(float(from_ns.saturating_sub(at_ns)));
        at_ns = (*to_ns).max(at_ns);
    }
    gaps.push(float(end_ns.saturating_sub(at_ns)));
    gaps
}
