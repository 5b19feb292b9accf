//! From what was recorded of a ring to the path of its backlog, and that path run through a ring of another size.
//!
//! What decides is the order of rises and falls, not their exact times: for a consumer that works as long as there is
//! something to do, a ring of another size has the same rises and falls, cut off at its own capacity and at zero (the
//! two-sided reflection of queueing theory). A rise is what came less what went meanwhile, *with what was refused*, so that a
//! ring of the present size loses in the model exactly what was counted. A fall is what went, and what the consumer could have
//! drained besides while it had nothing to do: that is what empties the larger backlog of a larger ring.

use super::{
    bursts::{AT_THE_END, Bursts, NONE},
    service::Service,
    trace::{RingStep, TraceStep},
};
use crate::number::float;

/// Time that nobody knows the speed of is enough to drain anything.
const ENOUGH: f64 = 1e18;

/// Which bound is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// As little loss as the recording allows.
    Low,
    Likely,
    /// As much.
    High,
}

/// What is taken for what is not known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assumed {
    pub(super) bound: Bound,
    /// Bytes that the thread drains in a ns on a CPU; `None` where it is not seen.
    pub(super) speed: Option<f64>,
    /// A dropped record by that much larger than the mean.
    pub(super) record: f64,
    /// Free time below this part of the whole is an error of measurement.
    noise: f64,
    /// Of what came between two looks, the part by which the peak was higher than a look saw.
    unseen: f64,
    /// What a burst that meets a consumer in its pause finds more of it, bytes: how far the pause was is chance.
    paused: f64,
}

impl Assumed {
    /// `pause_ns`: the longest that the tool makes when it finds nothing.
    pub(super) fn of(bound: Bound, service: Option<&Service>, record_off: f64, pause_ns: f64) -> Self {
        let speed = service.map(|service| service.bytes_per_second.map(|bytes| bytes / 1e9));
        let paused = speed.map_or(0.0, |speed| speed.likely * pause_ns);
        match bound {
            Bound::Low => Self {
                bound,
                speed: speed.map(|speed| speed.high),
                record: 1.0 - record_off,
                noise: 0.02,
                unseen: 0.0,
                paused: -paused,
            },
            Bound::Likely => Self {
                bound,
                speed: speed.map(|speed| speed.likely),
                record: 1.0,
                noise: 0.1,
                unseen: 0.25,
                paused: 0.0,
            },
            Bound::High => Self {
                bound,
                speed: speed.map(|speed| speed.low),
                record: 1.0 + record_off,
                noise: 0.2,
                unseen: 1.0,
                paused,
            },
        }
    }
}

/// Falls, then rises, of all rings of a step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phase {
    /// What the thread could have drained besides, bytes.
    pub(super) unused: f64,
    /// Of each ring of the step, in their order.
    pub(super) moves: Vec<Move>,
}

/// One ring, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Move {
    /// Where the fall ends in a ring of the present size.
    trough: f64,
    pub(super) fall: f64,
    pub(super) rise: f64,
    /// What came in the rise at least; the consumer took some of it meanwhile.
    pub(super) came: f64,
}

/// The path of a step.
pub(super) fn phases(step: &TraceStep, assumed: &Assumed) -> Vec<Phase> {
    let unused = unused(step, assumed);
    let bursts: Vec<Bursts> = step.rings.iter().map(|ring| Bursts::of(ring, step, unused, assumed)).collect();
    let count = bursts.iter().map(Bursts::count).max().unwrap_or(1);
    let mut free = free(step, &bursts, count, assumed);
    loop {
        let slots = slots(&free, unused, assumed);
        let each = step.rings.iter().zip(&bursts);
        let moves: Vec<Vec<Move>> =
            each.map(|(ring, bursts)| moves(ring, bursts, &slots, unused, assumed)).collect();
        // Where a ring was not empty, the thread had no time left.
        let is_empty =
            |(ring, all): (&RingStep, &Vec<Move>), index: usize| all[index].trough <= NONE * ring.capacity;
        let is_held = |index: &usize| {
            slots[*index] > 0.0 && !step.rings.iter().zip(&moves).all(|each| is_empty(each, *index))
        };
        let Some(held) = (0..slots.len()).find(is_held) else {
            let phase = |(index, unused): (usize, &f64)| Phase {
                unused: *unused,
                moves: moves.iter().map(|all| all[index]).collect(),
            };
            return slots.iter().enumerate().map(phase).collect();
        };
        free[held] = 0.0;
    }
}

/// What the thread could have drained in the time in which it did nothing, bytes.
fn unused(step: &TraceStep, assumed: &Assumed) -> f64 {
    let Some(speed) = assumed.speed else {
        let drained = step.rings.iter().all(|ring| ring.end <= NONE * ring.capacity);
        return if drained && assumed.bound != Bound::High { ENOUGH } else { 0.0 };
    };
    let could = speed * float(step.length_ns.saturating_sub(step.stalled_ns));
    let left = could - step.rings.iter().map(|ring| ring.consumed).sum::<f64>();
    if left > assumed.noise * could { left } else { 0.0 }
}

/// Where in the step the thread had time: before the first burst, between, after the last. Weights.
fn free(step: &TraceStep, bursts: &[Bursts], count: usize, assumed: &Assumed) -> Vec<f64> {
    let leading = |one: &(&RingStep, &Bursts), other: &(&RingStep, &Bursts)| {
        one.0.dropped.total_cmp(&other.0.dropped).then(one.0.peak.total_cmp(&other.0.peak))
    };
    let Some((ring, bursts)) = step.rings.iter().zip(bursts).max_by(leading) else {
        return vec![1.0; count + 1];
    };
    let mut free = match bursts.free_ns(ring, step, assumed) {
        Some(free) if free.len() == count + 1 => free,
        _ => vec![1.0; count + 1],
    };
    if ring.begin >= AT_THE_END * ring.peak {
        free[0] = 0.0;
    }
    if ring.end >= NONE * ring.peak && ring.dropped == 0.0 || ring.end >= AT_THE_END * ring.peak {
        free[count] = 0.0;
    }
    // Nothing rose: all of it is one time.
    if ring.peak == 0.0 {
        free.fill(1.0);
    }
    free
}

/// What could have been drained there.
fn slots(free: &[f64], unused: f64, assumed: &Assumed) -> Vec<f64> {
    let all: f64 = free.iter().sum();
    let part = |free: &f64| match assumed.bound {
        _ if all == 0.0 || *free == 0.0 => 0.0,
        Bound::Low => unused,
        Bound::Likely => unused * free / all,
        Bound::High => unused * free / all / 2.0,
    };
    free.iter().map(part).collect()
}

/// Falls and rises of one ring, one of each for each slot.
fn moves(ring: &RingStep, bursts: &Bursts, slots: &[f64], unused: f64, assumed: &Assumed) -> Vec<Move> {
    let last = slots.len() - 1;
    let peak = peak(ring, assumed);
    let dropped = ring.dropped * assumed.record;
    let mut moves = vec![Move::default(); slots.len()];
    let mut level = ring.begin;
    let first = first_trough(ring, bursts, peak, slots[0], assumed);
    let part = part(ring, bursts, slots, peak, first, assumed);
    for (index, share) in bursts.shares().enumerate() {
        let trough = if index == 0 { first } else { peak - part * fell(bursts, slots, index, peak, assumed) };
        let rise = peak - trough + dropped * share;
        // It meets a consumer that had nothing to do.
        let came = (ring.accepted + dropped) * share;
        let rise = if trough == 0.0 && slots[index] > 0.0 {
            // No pause makes more of it than came.
            (rise + assumed.paused).clamp(0.0, came.max(rise))
        } else {
            rise
        };
        // A thread that was busy all the time took the rest of what came; else nobody knows how long the rise took.
        let came = if unused > 0.0 { rise } else { came };
        moves[index] = Move { trough, fall: level - trough, rise, came };
        level = peak;
    }
    let after = bursts.count();
    let trough = if slots[after..].iter().any(|unused| *unused > 0.0) {
        // What is there in the end rose behind the last of them, as far as that much came.
        let risen: f64 = moves.iter().map(|one| one.rise).sum();
        ring.end - ring.end.min((ring.accepted + dropped - risen).max(0.0))
    } else {
        peak.min(ring.end)
    };
    moves[after].fall = level - trough;
    moves[after..].iter_mut().for_each(|one| one.trough = trough);
    moves[last].rise = ring.end - trough;
    moves
}

/// How far the backlog can have fallen before a burst that is not the first: to nothing where the thread had time left; else
/// something came meanwhile as well.
fn fell(bursts: &Bursts, slots: &[f64], index: usize, peak: f64, assumed: &Assumed) -> f64 {
    match slots.get(index) {
        Some(unused) if *unused > 0.0 => peak,
        _ => f64::min(assumed.speed.unwrap_or(0.0) * bursts.gap_ns(index) / 2.0, peak),
    }
}

/// The part of that which it can have fallen before each: no more can have risen than came. `first`: the trough before the first.
fn part(ring: &RingStep, bursts: &Bursts, slots: &[f64], peak: f64, first: f64, assumed: &Assumed) -> f64 {
    let all: f64 = (1..bursts.count()).map(|index| fell(bursts, slots, index, peak, assumed)).sum();
    let rises_again = slots.last().is_some_and(|unused| *unused > 0.0);
    let last = if rises_again { ring.end } else { 0.0 };
    let left = f64::max(ring.accepted - (peak - first) - last, 0.0);
    if all > left { left / all } else { 1.0 }
}

/// The highest backlog: between two looks it may have been higher than at either.
pub(super) fn peak(ring: &RingStep, assumed: &Assumed) -> f64 {
    let seen = ring.peak.max(ring.begin).max(ring.end);
    let Some((length_ns, most)) = ring.arrivals.first().filter(|_| ring.dropped == 0.0) else { return seen };
    // A peak at an end of the step belongs to the step that goes on with it.
    if seen <= ring.begin || seen <= ring.end {
        return seen;
    }
    let between = float(*most) * (ring.look_ns / float((*length_ns).max(1))).min(1.0);
    (seen + assumed.unseen * between).min(ring.capacity).min(ring.begin + ring.accepted).max(seen)
}

/// How low the backlog was before the first rise: where it stood, if the time did not suffice for a fall and such a rise, but never so
/// high that what came would not have fitted.
fn first_trough(ring: &RingStep, bursts: &Bursts, peak: f64, idle_before: f64, assumed: &Assumed) -> f64 {
    let fits = f64::max(peak - bursts.risen_at_least(ring, assumed), 0.0);
    fits.min(trough_by_time(ring, bursts, peak, idle_before, assumed))
}

fn trough_by_time(ring: &RingStep, bursts: &Bursts, peak: f64, idle_before: f64, assumed: &Assumed) -> f64 {
    if ring.begin >= AT_THE_END * peak || idle_before == 0.0 {
        return ring.begin.min(peak);
    }
    if ring.begin <= NONE * ring.capacity || assumed.bound == Bound::High && ring.accepted >= peak {
        return 0.0;
    }
    let goes_on = ring.dropped == 0.0 || bursts.rise_within_first_gap(ring, assumed) < peak;
    if goes_on { ring.begin } else { 0.0 }
}
