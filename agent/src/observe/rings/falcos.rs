//! The probes of Falco and its family, and what they count: values of their maps, read by the watching programs.

use std::collections::BTreeMap;

use agent_common::watch::{HolderRow, MapRow};

use super::object::{Object, WatchError};
use crate::{
    observe::falco::maps::{self, ProbeMaps},
    sample::{FalcoCounts, FalcoSample, LoserSample},
    sys::clock,
};

/// All of the node, by the id of the map of their counters: a reload makes new maps, and so a new probe.
#[derive(Default)]
pub(super) struct Falcos {
    known: BTreeMap<u32, Falco>,
    /// The newest table at the last time that all were looked for; `None` before that.
    newest: Option<u32>,
}

struct Falco {
    maps: ProbeMaps,
    found_ns: u64,
    before: FalcoCounts,
    now: FalcoCounts,
    traced: Option<Vec<u32>>,
    losers: Option<Vec<LoserSample>>,
    follow_missed: Option<u64>,
}

impl Falcos {
    /// Takes up new probes and forgets those that are gone.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn find(
        &mut self,
        object: &mut Object,
        tables: &[MapRow],
        holders: &[HolderRow],
    ) -> Result<(), WatchError> {
        let found = maps::find(tables, holders);
        // Ids count upwards (`bpf_map_alloc_id`, kernel/bpf/syscall.c): a higher one was made since, and began at zero.
        let newest_before = self.newest;
        self.newest = tables.iter().map(|row| row.id).max().max(newest_before).or(Some(0));
        self.known.retain(|id, _| found.iter().any(|maps| maps.counters.id == *id));
        for maps in
            found.into_iter().filter(|maps| !self.known.contains_key(&maps.counters.id)).collect::<Vec<_>>()
        {
            let traced = match &maps.traced {
                Some(row) => Some(maps::traced(row, &object.values(row.id, maps::bytes_of(row))?)),
                None => None,
            };
            let bytes = object.values(maps.counters.id, maps::bytes_of(&maps.counters))?;
            if let Some(now) = maps::counts(&maps.counters, &bytes) {
                let is_new = newest_before.is_some_and(|newest| maps.counters.id > newest);
                let before = if is_new { FalcoCounts::default() } else { now.clone() };
                let found_ns = clock::monotonic_ns();
                self.known.insert(
                    maps.counters.id,
                    Falco { maps, found_ns, before, now, traced, losers: None, follow_missed: None },
                );
            }
        }
        Ok(())
    }

    /// Reads all counters. A probe whose map is gone keeps its last ones until [`Self::find`] forgets it.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn read(&mut self, object: &mut Object) -> Result<(), WatchError> {
        for falco in self.known.values_mut() {
            let row = &falco.maps.counters;
            let bytes = object.values(row.id, maps::bytes_of(row))?;
            if let Some(now) = maps::counts(row, &bytes) {
                falco.now = now;
            }
        }
        Ok(())
    }

    /// The maps of all.
    pub(super) fn probes(&self) -> Vec<&ProbeMaps> {
        self.known.values().map(|falco| &falco.maps).collect()
    }

    /// Takes in whose events each of them dropped.
    pub(super) fn set_losers(
        &mut self,
        losers: impl Fn(u32, Option<&[u32]>) -> Option<Vec<LoserSample>>,
        follow_missed: Option<u64>,
    ) {
        for (map_id, falco) in &mut self.known {
            falco.losers = losers(*map_id, falco.traced.as_deref());
            falco.follow_missed = follow_missed;
        }
    }

    /// As last read.
    pub(super) fn sample(&self) -> Vec<FalcoSample> {
        let sample = |falco: &Falco| FalcoSample {
            found_ns: falco.found_ns,
            before: falco.before.clone(),
            now: falco.now.clone(),
            traced_syscalls: falco.traced.clone(),
            losers: falco.losers.clone(),
            follow_missed: falco.follow_missed,
            ..maps::sample(&falco.maps)
        };
        self.known.values().map(sample).collect()
    }
}
