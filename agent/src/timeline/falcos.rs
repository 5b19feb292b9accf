//! What each Falco counted in a slice, and whose events it dropped.

use super::{
    Slice,
    losses::{add_losers, add_overruns, losers_grown, overruns_grown},
    source::{Pair, Source as _, add_by_key, grown_by_key},
};
use crate::sample::{FalcoCounts, FalcoSample, LosersSample, Overruns};

/// One Falco (or another tool with its probe) over a slice: the tool's own numbers. A reload, which makes new maps, begins
/// another one of the same process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FalcoTotals<'a> {
    /// As it was seen last.
    pub last: &'a FalcoSample,
    /// What its counters grew by.
    pub counts: FalcoCounts,
    /// Whose events it dropped; `None` if that is not known. With `unattributed` these are all drops of `counts`.
    pub losers: Option<LosersSample>,
    /// When it dropped events; `None` where each ring has its own, or they are not known.
    pub overruns: Option<Overruns>,
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

impl<'a> FalcoTotals<'a> {
    fn new(falco: &'a FalcoSample) -> Self {
        let counts = FalcoCounts {
            n_drops_max_event_size: falco.now.n_drops_max_event_size.map(|_| 0),
            categories: falco.now.categories.iter().map(|(name, _)| (name.clone(), 0)).collect(),
            others: falco.now.others.iter().map(|(name, _)| (name.clone(), 0)).collect(),
            cpus: vec![(0, 0); falco.now.cpus.len()],
            ..FalcoCounts::default()
        };
        Self { last: falco, counts, losers: None, overruns: None, known_ns: 0, is_gone: false, resets: 0 }
    }

    /// Adds another probe of the same process, which was found later.
    pub fn add_other(&mut self, later: &Self) {
        self.last = later.last;
        self.counts.add(&later.counts);
        if let Some(losers) = &later.losers {
            add_losers(self.losers.get_or_insert_default(), losers);
        }
        if let Some(overruns) = &later.overruns {
            add_overruns(self.overruns.get_or_insert_default(), overruns);
        }
        self.known_ns = self.known_ns.saturating_add(later.known_ns);
        self.is_gone = later.is_gone;
        self.resets += later.resets;
    }

    fn add(&mut self, from: &FalcoCounts, to: &'a FalcoSample, length_ns: u64) {
        self.last = to;
        let Some(grown) = to.now.grown_since(from) else {
            self.resets += 1;
            return;
        };
        self.counts.add(&grown);
        self.known_ns += length_ns;
    }

    /// Whose events it dropped and when, since it was so as in `first`; since it was found, if that is `None`.
    fn close(&mut self, first: Option<&FalcoSample>, start_ns: u64) {
        let (first_losers, first_overruns) =
            first.map_or((None, None), |first| (first.losers.as_ref(), first.overruns.as_ref()));
        self.losers = self.last.losers.as_ref().map(|now| {
            let losers = losers_grown(first_losers, now);
            let unattributed = self.counts.n_drops_buffer.saturating_sub(losers.attributed());
            LosersSample { unattributed, ..losers }
        });
        let grown = |now| overruns_grown(first_overruns, now, start_ns);
        self.overruns = self.last.overruns.as_ref().map(grown);
    }
}

impl<'a> Slice<'a> {
    /// Each Falco that was there, in the order of their finding.
    #[must_use]
    pub fn falcos(&self) -> Vec<FalcoTotals<'a>> {
        let mut all: Vec<FalcoTotals<'a>> = Vec::new();
        let mut firsts: Vec<Option<&FalcoSample>> = Vec::new();
        for step in self.steps() {
            for pair in step.falcos() {
                let falco = pair.newest();
                let is_it = |totals: &FalcoTotals<'_>| {
                    totals.last.id() == falco.id() && totals.last.since_ns() == falco.since_ns()
                };
                let index = all.iter().position(is_it).unwrap_or_else(|| {
                    all.push(FalcoTotals::new(falco));
                    firsts.push(pair.first());
                    all.len() - 1
                });
                let totals = &mut all[index];
                match pair {
                    Pair::Both(from, to) => totals.add(&from.now, to, step.length_ns()),
                    Pair::Began(to) => {
                        let length_ns = step.to.clock.monotonic_ns.saturating_sub(to.found_ns);
                        totals.add(&to.before, to, length_ns);
                    }
                    Pair::Unknown(to) => totals.last = to,
                    Pair::Ended(_) => {}
                }
                totals.is_gone = matches!(pair, Pair::Ended(_));
            }
        }
        for (totals, first) in all.iter_mut().zip(firsts) {
            totals.close(first, self.start_ns());
        }
        all
    }
}
