//! The recorded paths through rings of another size, or other rings for the same CPUs.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    path::{Assumed, Bound, Phase, phases},
    trace::{RingStep, Trace},
};

/// Which CPUs (or which rings, where CPUs are not known) write to which ring of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout(BTreeMap<u32, usize>);

impl Layout {
    /// A ring for each.
    pub(super) fn new(groups: &[Vec<u32>]) -> Self {
        let each = groups.iter().enumerate();
        Self(each.flat_map(|(ring, parts)| parts.iter().map(move |part| (*part, ring))).collect())
    }

    /// The rings that there are.
    pub(super) fn as_is(trace: &Trace<'_>) -> Self {
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for ring in trace.steps.iter().flat_map(|step| &step.rings) {
            let parts: Vec<u32> = ring.parts.iter().map(|(part, _)| *part).collect();
            if !groups.iter().any(|group| group.iter().any(|part| parts.contains(part))) {
                groups.push(parts);
            }
        }
        Self::new(&groups)
    }

    fn rings(&self) -> usize {
        self.0.values().max().map_or(1, |last| last + 1)
    }

    /// The rings of the candidate that a ring's arrivals go to, each with its share. Where they are split and the worst is
    /// looked for, all of them came from the CPU that makes most.
    fn shares(&self, ring: &RingStep, bound: Bound) -> Vec<(usize, f64)> {
        let mut shares: BTreeMap<usize, f64> = BTreeMap::new();
        for (part, share) in ring.parts.iter().filter(|(_, share)| *share > 0.0) {
            *shares.entry(self.0.get(part).copied().unwrap_or(0)).or_default() += share;
        }
        let most = shares.iter().max_by(|one, other| one.1.total_cmp(other.1)).map(|(ring, _)| *ring);
        match most.filter(|_| shares.len() > 1 && bound == Bound::High) {
            Some(most) => vec![(most, 1.0)],
            None => shares.into_iter().collect(),
        }
    }
}

/// A tool's recording as paths, for one bound.
pub(super) struct Paths<'a> {
    trace: &'a Trace<'a>,
    assumed: Assumed,
    steps: Vec<Vec<Phase>>,
}

/// What a candidate came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub(super) lost_bytes: f64,
    /// Events, where the size of a record is known.
    pub(super) lost_events: f64,
    /// The largest backlog of a ring.
    pub(super) peak: f64,
    /// Bytes that were still waiting in the end.
    pub(super) left: f64,
}

impl<'a> Paths<'a> {
    pub(super) fn new(trace: &'a Trace<'a>, assumed: Assumed) -> Self {
        let steps = trace.steps.iter().map(|step| phases(step, &assumed)).collect();
        Self { trace, assumed, steps }
    }

    /// Runs them through rings of `capacity` bytes, without a part of what came.
    pub(super) fn through(&self, layout: &Layout, capacity: f64, without: f64) -> Outcome {
        let mut outcome = Outcome::default();
        let mut levels = vec![0.0; layout.rings()];
        let mut known = BTreeSet::new();
        for (step, phases) in self.trace.steps.iter().zip(&self.steps) {
            let shares: Vec<Vec<(usize, f64)>> =
                step.rings.iter().map(|ring| layout.shares(ring, self.assumed.bound)).collect();
            for (ring, shares) in step.rings.iter().zip(&shares) {
                // What was in a ring when it was first seen.
                if known.insert(ring.map_id) {
                    for (index, share) in shares {
                        levels[*index] = f64::min(levels[*index] + ring.begin * share, capacity);
                    }
                }
            }
            for phase in phases {
                self.fall(&mut levels, phase, &shares);
                let rises = self.rises(&step.rings, phase, &shares, levels.len(), without);
                for (level, (rise, events)) in levels.iter_mut().zip(rises) {
                    *level = f64::max(*level + rise, 0.0);
                    outcome.peak = outcome.peak.max(*level);
                    if *level > capacity {
                        let lost = *level - capacity;
                        outcome.lost_bytes += lost;
                        outcome.lost_events += events * lost / rise;
                        *level = capacity;
                    }
                }
            }
        }
        outcome.left = levels.iter().sum();
        outcome
    }

    /// One thread drains all rings: the time that it had left serves whichever ring still has something.
    fn fall(&self, levels: &mut [f64], phase: &Phase, shares: &[Vec<(usize, f64)>]) {
        for (of_ring, shares) in phase.moves.iter().zip(shares) {
            for (index, share) in shares {
                levels[*index] = f64::max(levels[*index] - of_ring.fall * share, 0.0);
            }
        }
        let all: f64 = levels.iter().sum();
        let stays = if phase.unused >= all { 0.0 } else { 1.0 - phase.unused / all };
        levels.iter_mut().for_each(|level| *level *= stays);
    }

    /// Bytes and events that come to each ring of the candidate. Bursts of several rings that one ring takes the place of may
    /// have come together or, at best, one after the other.
    fn rises(
        &self,
        rings: &[RingStep],
        phase: &Phase,
        shares: &[Vec<(usize, f64)>],
        count: usize,
        without: f64,
    ) -> Vec<(f64, f64)> {
        let mut rises = vec![(0.0, 0.0); count];
        for ((of_ring, shares), ring) in phase.moves.iter().zip(shares).zip(rings) {
            let record = ring.record.map_or(f64::INFINITY, |record| record * self.assumed.record);
            for (index, share) in shares {
                let bytes = (of_ring.rise - without * of_ring.came) * share;
                let rise = &mut rises[*index];
                match self.assumed.bound {
                    Bound::Low if bytes > rise.0 => *rise = (bytes, bytes / record),
                    Bound::Low => {}
                    _ => *rise = (rise.0 + bytes, rise.1 + bytes / record),
                }
            }
        }
        rises
    }
}
