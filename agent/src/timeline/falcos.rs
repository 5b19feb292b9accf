//! What each Falco counted in a slice, and whose events it dropped.

use super::{
    Slice,
    source::{Pair, Source as _, add_by_key, grown_by_key},
};
use crate::sample::{FalcoCounts, FalcoSample, LoserSample};

/// One Falco (or another tool with its probe) over a slice: the tool's own numbers. A reload, which makes new maps, begins
/// another one of the same process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FalcoTotals<'a> {
    /// As it was seen last.
    pub last: &'a FalcoSample,
    /// What its counters grew by.
    pub counts: FalcoCounts,
    /// Whose events it dropped, most first; `None` if it was not followed. Drops of `counts` that are not in here are not
    /// attributed.
    pub losers: Option<Vec<LoserSample>>,
    /// Looks at its counters that the kernel skipped; `None` where the kernel does not count them.
    pub follow_missed: Option<u64>,
    /// Time of the slice for which all this is known, ns.
    pub known_ns: u64,
    /// It was gone before the slice ended.
    pub is_gone: bool,
    /// Steps in which a counter of it went back; what grew in them is not counted.
    pub resets: u64,
}

impl FalcoCounts {
    /// What grew since `before`; `None` if anything went back.
    #[must_use]
    pub fn grown_since(&self, before: &Self) -> Option<Self> {
        let cpu = |index: usize| before.cpus.get(index).copied().unwrap_or_default();
        let by_cpu = self.cpus.iter().enumerate().map(|(index, (events, drops))| {
            let (events_before, drops_before) = cpu(index);
            Some((events.checked_sub(events_before)?, drops.checked_sub(drops_before)?))
        });
        Some(Self {
            n_evts: self.n_evts.checked_sub(before.n_evts)?,
            n_drops_buffer: self.n_drops_buffer.checked_sub(before.n_drops_buffer)?,
            n_drops_max_event_size: match (before.n_drops_max_event_size, self.n_drops_max_event_size) {
                (Some(before), Some(now)) => Some(now.checked_sub(before)?),
                _ => None,
            },
            categories: grown_by_key(&before.categories, &self.categories)?,
            others: grown_by_key(&before.others, &self.others)?,
            cpus: by_cpu.collect::<Option<_>>()?,
        })
    }

    /// Adds what another stretch of time, or another probe of the same process, counted.
    pub fn add(&mut self, more: &Self) {
        self.n_evts = self.n_evts.saturating_add(more.n_evts);
        self.n_drops_buffer = self.n_drops_buffer.saturating_add(more.n_drops_buffer);
        self.n_drops_max_event_size = match (self.n_drops_max_event_size, more.n_drops_max_event_size) {
            (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
            _ => None,
        };
        add_by_key(&mut self.categories, &more.categories);
        add_by_key(&mut self.others, &more.others);
        self.cpus.resize(self.cpus.len().max(more.cpus.len()), (0, 0));
        for ((events, drops), (more_events, more_drops)) in self.cpus.iter_mut().zip(&more.cpus) {
            (*events, *drops) = (events.saturating_add(*more_events), drops.saturating_add(*more_drops));
        }
    }
}

/// Drops by loser: what grew. `None` where either is unknown or anything went back.
fn losers_grown(from: &FalcoSample, to: &FalcoSample) -> Option<Vec<LoserSample>> {
    grown_by_loser(from.losers.as_ref()?, to.losers.as_ref()?)
}

/// Counts by loser: what grew. `None` if any went back.
pub(super) fn grown_by_loser(before: &[LoserSample], now: &[LoserSample]) -> Option<Vec<LoserSample>> {
    let is_same = |one: &LoserSample, other: &LoserSample| {
        (one.tgid, one.cgroup_id, one.slot) == (other.tgid, other.cgroup_id, other.slot)
    };
    let grown = now.iter().map(|loser| {
        let earlier = before.iter().find(|other| is_same(other, loser)).map_or(0, |other| other.drops);
        Some(LoserSample { drops: loser.drops.checked_sub(earlier)?, ..loser.clone() })
    });
    let grown: Vec<LoserSample> = grown.collect::<Option<_>>()?;
    Some(grown.into_iter().filter(|loser| loser.drops > 0).collect())
}

/// Adds losers to others, keeps those with most first, and the names that were known once.
pub(super) fn add_losers(sums: &mut Vec<LoserSample>, more: Vec<LoserSample>) {
    for loser in more {
        let key = (loser.tgid, loser.cgroup_id, loser.slot);
        match sums.iter_mut().find(|sum| (sum.tgid, sum.cgroup_id, sum.slot) == key) {
            Some(sum) => {
                sum.drops = sum.drops.saturating_add(loser.drops);
                sum.comm = loser.comm.or_else(|| sum.comm.take());
            }
            None => sums.push(loser),
        }
    }
    sums.sort_by_key(|loser| (std::cmp::Reverse(loser.drops), loser.tgid, loser.slot));
}

impl<'a> FalcoTotals<'a> {
    fn new(falco: &'a FalcoSample) -> Self {
        let counts = FalcoCounts {
            n_drops_max_event_size: falco.now.n_drops_max_event_size.map(|_| 0),
            categories: falco.now.categories.iter().map(|(name, _)| (name.clone(), 0)).collect(),
            others: falco.now.others.iter().map(|(name, _)| (name.clone(), 0)).collect(),
            cpus: vec![(0, 0); falco.now.cpus.len()],
            ..FalcoCounts::default()
        };
        Self {
            last: falco,
            counts,
            losers: falco.losers.as_ref().map(|_| Vec::new()),
            follow_missed: falco.follow_missed.map(|_| 0),
            known_ns: 0,
            is_gone: false,
            resets: 0,
        }
    }

    /// Adds another probe of the same process, which was found later.
    pub fn add_other(&mut self, later: &Self) {
        self.last = later.last;
        self.counts.add(&later.counts);
        if let Some(losers) = later.losers.clone() {
            add_losers(self.losers.get_or_insert_default(), losers);
        }
        self.follow_missed = self.follow_missed.max(later.follow_missed);
        self.known_ns = self.known_ns.saturating_add(later.known_ns);
        self.is_gone = later.is_gone;
        self.resets += later.resets;
    }

    fn add(
        &mut self,
        from: &FalcoCounts,
        losers: Option<Vec<LoserSample>>,
        to: &'a FalcoSample,
        length_ns: u64,
    ) {
        self.last = to;
        let Some(grown) = to.now.grown_since(from) else {
            self.resets += 1;
            return;
        };
        self.counts.add(&grown);
        self.known_ns += length_ns;
        if let Some(losers) = losers {
            add_losers(self.losers.get_or_insert_default(), losers);
        }
    }
}

impl<'a> Slice<'a> {
    /// Each Falco that was there, in the order of their finding.
    #[must_use]
    pub fn falcos(&self) -> Vec<FalcoTotals<'a>> {
        let mut all: Vec<FalcoTotals<'a>> = Vec::new();
        for step in self.steps() {
            for pair in step.falcos() {
                let (Pair::Both(_, falco) | Pair::Began(falco) | Pair::Ended(falco) | Pair::Unknown(falco)) =
                    pair;
                let is_it = |totals: &FalcoTotals<'_>| {
                    totals.last.id() == falco.id() && totals.last.since_ns() == falco.since_ns()
                };
                let index = all.iter().position(is_it).unwrap_or_else(|| {
                    all.push(FalcoTotals::new(falco));
                    all.len() - 1
                });
                let totals = &mut all[index];
                match pair {
                    Pair::Both(from, to) => {
                        totals.add(&from.now, losers_grown(from, to), to, step.length_ns());
                        let missed = grown(from.follow_missed, to.follow_missed);
                        totals.follow_missed = totals.follow_missed.zip(missed).map(|(sum, more)| sum + more);
                    }
                    Pair::Began(to) => {
                        let length_ns = step.to.clock.monotonic_ns.saturating_sub(to.found_ns);
                        totals.add(&to.before, to.losers.clone(), to, length_ns);
                    }
                    Pair::Unknown(to) => totals.last = to,
                    Pair::Ended(_) => {}
                }
                totals.is_gone = matches!(pair, Pair::Ended(_));
            }
        }
        all
    }
}

fn grown(from: Option<u64>, to: Option<u64>) -> Option<u64> {
    to?.checked_sub(from?)
}
