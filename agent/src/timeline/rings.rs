//! What each ring did in a slice.

use super::{
    RefusedTotals, Slice,
    losses::overruns_grown,
    refused::Stretches,
    source::{Pair, Source as _, pairs},
};
use crate::sample::{EstimateSample, Overruns, RingSample};

/// One ring over a slice. Bytes are exact; times and maxima are those of looks, a few milliseconds apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingTotals<'a> {
    /// As it was seen last: who it is, and where it stands.
    pub last: &'a RingSample,
    /// Bytes reserved, headers included.
    pub produced_bytes: u64,
    /// Bytes consumed.
    pub consumed_bytes: u64,
    /// Largest backlog.
    pub backlog_max_bytes: u64,
    /// Time with at least 90 % taken, ns.
    pub above_90_ns: u64,
    /// Time without room, ns.
    pub full_ns: u64,
    /// Episodes in which nothing was consumed for 100 ms although records had come.
    pub stalls: u64,
    /// Time of all of them, ns.
    pub stalled_ns: u64,
    /// When it refused records; `None` where that is not known.
    pub overruns: Option<Overruns>,
    /// Looks.
    pub looks: u64,
    /// Length of time, ns, and the most bytes that came within one such, of those that lie in the slice.
    pub arrivals: Vec<(u64, u64)>,
    /// What it refused; `None` where that was not counted behind the helpers.
    pub refused: Option<RefusedTotals>,
    /// What it is thought to have refused; `None` where that was not estimated.
    pub estimated: Option<EstimateSample>,
    /// Time of the slice for which all this is known, ns.
    pub known_ns: u64,
    /// It was gone before the slice ended.
    pub is_gone: bool,
    /// Steps in which a counter of it went back; what grew in them is not counted.
    pub resets: u64,
}

impl<'a> RingTotals<'a> {
    fn new(ring: &'a RingSample) -> Self {
        Self {
            last: ring,
            produced_bytes: 0,
            consumed_bytes: 0,
            backlog_max_bytes: ring.backlog_bytes,
            above_90_ns: 0,
            full_ns: 0,
            stalls: 0,
            stalled_ns: 0,
            overruns: None,
            looks: 0,
            arrivals: Vec::new(),
            refused: None,
            estimated: None,
            known_ns: 0,
            is_gone: false,
            resets: 0,
        }
    }

    /// Another step, that began `from` so and ended `to` so, `since_start_ns` after the slice's start.
    fn add(&mut self, from: &RingSample, to: &'a RingSample, length_ns: u64, since_start_ns: u64) {
        self.last = to;
        self.backlog_max_bytes = self.backlog_max_bytes.max(to.interval_backlog_max_bytes);
        for (length_ns, bytes) in &to.interval_arrivals {
            if *length_ns <= since_start_ns {
                raise(&mut self.arrivals, *length_ns, *bytes);
            }
        }
        let grown = |count: fn(&RingSample) -> u64| count(to).checked_sub(count(from));
        let all = (|| {
            Some((
                grown(|ring| ring.produced_bytes)?,
                grown(|ring| ring.consumed_bytes)?,
                grown(|ring| ring.above_90_ns)?,
                grown(|ring| ring.full_ns)?,
                grown(|ring| ring.stalls)?,
                grown(|ring| ring.stalled_ns)?,
                grown(|ring| ring.looks)?,
            ))
        })();
        let Some((produced, consumed, above_90, full, stalls, stalled, looks)) = all else {
            self.resets += 1;
            return;
        };
        self.produced_bytes = self.produced_bytes.saturating_add(produced);
        self.consumed_bytes = self.consumed_bytes.saturating_add(consumed);
        self.above_90_ns = self.above_90_ns.saturating_add(above_90);
        self.full_ns = self.full_ns.saturating_add(full);
        self.stalls = self.stalls.saturating_add(stalls);
        self.stalled_ns = self.stalled_ns.saturating_add(stalled);
        self.looks = self.looks.saturating_add(looks);
        self.known_ns += length_ns;
    }

    /// Another step, that began at `from_ns`: what it is thought to have refused.
    fn add_estimated(&mut self, from: Option<&EstimateSample>, from_ns: u64, to: Option<&EstimateSample>) {
        let of = |estimate| Option::map(estimate, std::slice::from_ref);
        let none = EstimateSample::default();
        let (from, to) = match pairs(of(from), from_ns, of(to)).first() {
            Some(Pair::Both(from, to)) => (*from, *to),
            Some(Pair::Began(to)) => (&none, *to),
            _ => return,
        };
        let sum = self.estimated.get_or_insert_default();
        sum.since_ns = to.since_ns;
        for (sum, from, to) in [
            (&mut sum.low, from.low, to.low),
            (&mut sum.likely, from.likely, to.likely),
            (&mut sum.high, from.high, to.high),
        ] {
            *sum = sum.saturating_add(to.saturating_sub(from));
        }
    }
}

fn raise(maxima: &mut Vec<(u64, u64)>, length_ns: u64, bytes: u64) {
    match maxima.iter_mut().find(|(other, _)| *other == length_ns) {
        Some((_, most)) => *most = (*most).max(bytes),
        None => maxima.push((length_ns, bytes)),
    }
    maxima.sort_unstable();
}

impl<'a> Slice<'a> {
    /// Each ring that was there, in the order of their finding.
    #[must_use]
    pub fn rings(&self) -> Vec<RingTotals<'a>> {
        let mut all: Vec<RingTotals<'a>> = Vec::new();
        let mut firsts: Vec<Option<&RingSample>> = Vec::new();
        let mut refused: Vec<Stretches<'a>> = Vec::new();
        let none = RingSample::default();
        for step in self.steps() {
            let since_start_ns = step.to.clock.monotonic_ns.saturating_sub(self.start_ns());
            for pair in step.rings() {
                let ring = pair.newest();
                let is_it = |totals: &RingTotals<'_>| {
                    totals.last.id() == ring.id() && totals.last.since_ns() == ring.since_ns()
                };
                let index = all.iter().position(is_it).unwrap_or_else(|| {
                    all.push(RingTotals::new(ring));
                    firsts.push(pair.first());
                    refused.push(Stretches::default());
                    all.len() - 1
                });
                let totals = &mut all[index];
                let from_ns = step.from.clock.monotonic_ns;
                let mut refuses = |from, to| {
                    if !refused[index].add(from, from_ns, to) {
                        totals.resets += 1;
                    }
                };
                match pair {
                    Pair::Both(from, to) => {
                        refuses(from.refused.as_ref(), to.refused.as_ref());
                        totals.add_estimated(from.estimated.as_ref(), from_ns, to.estimated.as_ref());
                        totals.add(from, to, step.length_ns(), since_start_ns);
                    }
                    Pair::Began(to) => {
                        refuses(None, to.refused.as_ref());
                        totals.add_estimated(None, from_ns, to.estimated.as_ref());
                        let length_ns = step.to.clock.monotonic_ns.saturating_sub(to.found_ns);
                        totals.add(&none, to, length_ns, since_start_ns);
                    }
                    Pair::Unknown(to) => totals.last = to,
                    Pair::Ended(_) => {}
                }
                totals.is_gone = matches!(pair, Pair::Ended(_));
            }
        }
        for ((totals, first), refused) in all.iter_mut().zip(firsts).zip(refused) {
            let before = first.and_then(|first| first.overruns.as_ref());
            let now = totals.last.overruns.as_ref();
            totals.overruns = now.map(|now| overruns_grown(before, now, self.start_ns()));
            totals.refused = refused.total();
            // The tool's own come first, as its drops do.
            if totals.overruns.is_none() {
                totals.overruns = totals.refused.as_ref().map(|refused| refused.overruns.clone());
            }
        }
        all
    }

    /// One ring, by the id of its map: the newest, if the id was used again.
    #[must_use]
    pub fn ring(&self, map_id: u32) -> Option<RingTotals<'a>> {
        self.rings().into_iter().rev().find(|totals| totals.last.map_id == map_id)
    }
}
