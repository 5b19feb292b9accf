//! How fast the thread drains while there is something to drain, and what keeps it from draining.
//!
//! The rate is bytes per second *on a CPU*: waiting, throttling, blocking and pauses are no slowness, and stand apart. It is
//! fitted only to steps with a backlog, because a thread with nothing to do spends its time on looking at empty rings.

use schemars::JsonSchema;
use serde::Serialize;

use super::{interval::Interval, trace::Trace};
use crate::{
    number::{float, ratio},
    sample::ConsumerStates,
};

/// A step counts that saw a backlog of at least this part of a ring.
const BACKLOG: f64 = 1.0 / 64.0;
/// Time on a CPU of which less says nothing about speed, ns: in one step, of which the kernel's count may lack the end, and in all.
const LEAST_NS: u64 = 5_000_000;
const LEAST_IN_ALL_NS: u64 = 1_000_000;
/// The kernel's count of a thread's time may be as old as the last look at it: with few steps the fit is no better.
const UNSURE: f64 = 0.05;

/// The thread that drains.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Service {
    /// Bytes that it drains in a second on a CPU (estimated).
    pub bytes_per_second: Interval,
    /// There was never a backlog to speak of: it may be faster than that, by any factor.
    pub is_lower_bound: bool,
    /// Steps that it was fitted to.
    pub steps: usize,
    /// The part of the time with something to drain in which it had the CPU; the rest are stalls.
    pub on_cpu: f64,
    /// The parts of that time in which it waited for a CPU.
    pub waiting: f64,
    /// In which its cgroup was throttled.
    pub throttled: f64,
    /// In which it was blocked.
    pub blocked: f64,
    /// The part of all time in which it slept and nothing was wrong with that: nothing to do, or its known pause.
    pub idle: f64,
}

impl Service {
    /// Bytes that it drains in a second, stalls included.
    #[must_use]
    pub fn sustained(&self) -> Interval {
        self.bytes_per_second.map(|bytes| bytes * self.on_cpu)
    }
}

/// Fits it. `None` where the thread is not seen or drained nothing.
pub(super) fn fit(trace: &Trace<'_>) -> Option<Service> {
    let consumer = trace.consumer.as_ref()?;
    let mut points = points(trace, BACKLOG);
    if points.is_empty() {
        // Blocked or throttled nearly all the time: it has so little of each step.
        points.extend(together(trace));
    }
    let is_lower_bound = points.is_empty();
    if is_lower_bound {
        points = self::points(trace, 0.0);
    }
    points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let bytes_per_second = if is_lower_bound {
        Interval::exactly(points.last()?.0)
    } else {
        let [low, likely, high] = [0.1, 0.5, 0.9].map(|part| quantile(&points, part));
        Interval::of(low.min(likely * (1.0 - UNSURE)), likely, high.max(likely * (1.0 + UNSURE)))
    };
    let held = held(consumer.states, consumer.pressed);
    let all = float(held.total_ns());
    let part = |ns: u64| ratio(float(ns), all);
    Some(Service {
        bytes_per_second,
        is_lower_bound,
        steps: points.len(),
        on_cpu: if all > 0.0 { part(held.running_ns) } else { 1.0 },
        waiting: part(held.waiting_ns),
        throttled: part(held.throttled_ns),
        blocked: part(held.blocked_ns),
        idle: ratio(float(consumer.states.idle_ns), float(consumer.states.total_ns())),
    })
}

/// What it did while it had something to do: with a ring above half where there was one, else all but idleness.
fn held(states: ConsumerStates, pressed: ConsumerStates) -> ConsumerStates {
    // One that drains a ring between two looks is never seen to run with it above half.
    let is_known = pressed.total_ns() > pressed.idle_ns && pressed.running_ns > 0;
    let states = if is_known { pressed } else { states };
    ConsumerStates { idle_ns: 0, ..states }
}

/// Speed and weight of each step with a backlog of at least that part of a ring.
fn points(trace: &Trace<'_>, backlog: f64) -> Vec<(f64, f64)> {
    let steps = done(trace, backlog).filter(|(running_ns, _)| *running_ns >= LEAST_NS);
    steps.map(|(running_ns, consumed)| (consumed / float(running_ns) * 1e9, consumed)).collect()
}

/// The same of all steps with a backlog together.
fn together(trace: &Trace<'_>) -> Option<(f64, f64)> {
    let sum = |(time, bytes), (running_ns, consumed)| (time + running_ns, bytes + consumed);
    let (running_ns, consumed) = done(trace, BACKLOG).fold((0, 0.0), sum);
    (running_ns >= LEAST_IN_ALL_NS).then(|| (consumed / float(running_ns) * 1e9, consumed))
}

/// Time on a CPU and bytes of each step with a backlog of at least that part of a ring, if it drained anything.
fn done(trace: &Trace<'_>, backlog: f64) -> impl Iterator<Item = (u64, f64)> {
    trace.steps.iter().filter_map(move |step| {
        let consumed: f64 = step.rings.iter().map(|ring| ring.consumed).sum();
        let has_backlog = step.rings.iter().any(|ring| ring.peak >= backlog * ring.capacity);
        Some((step.running_ns?, consumed)).filter(|_| has_backlog && consumed > 0.0)
    })
}

/// Of sorted points, by weight.
fn quantile(points: &[(f64, f64)], part: f64) -> f64 {
    let all: f64 = points.iter().map(|(_, weight)| weight).sum();
    let mut sum = 0.0;
    for (speed, weight) in points {
        sum += weight;
        if sum >= part * all {
            return *speed;
        }
    }
    points.last().map_or(0.0, |(speed, _)| *speed)
}
