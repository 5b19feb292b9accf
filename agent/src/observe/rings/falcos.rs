//! The probes of Falco and its family, and what they count: values of their maps, read by the watching programs.

use std::collections::BTreeMap;

use agent_common::watch::{HolderRow, MapRow};

use super::object::{Object, WatchError};
use crate::{
    observe::falco::maps::{self, ProbeMaps},
    sample::{FalcoCounts, FalcoSample, LoserSample},
};

/// All of the node, by the id of the map of their counters: a reload makes new maps, and so a new probe.
#[derive(Default)]
pub(super) struct Falcos {
    known: BTreeMap<u32, Falco>,
    /// All that were there when dropctl came have been found.
    has_looked: bool,
}

struct Falco {
    maps: ProbeMaps,
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
                // What one that came later has counted by now, it counted while we watched.
                let before = if self.has_looked { FalcoCounts::default() } else { now.clone() };
                let falco = Falco { maps, before, now, traced, losers: None, follow_missed: None };
                self.known.insert(falco.maps.counters.id, falco);
            }
        }
        self.has_looked = true;
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

    /// From now on.
    pub(super) fn begin(&mut self) {
        for falco in self.known.values_mut() {
            falco.before = falco.now.clone();
        }
    }

    /// As last read.
    pub(super) fn sample(&self) -> Vec<FalcoSample> {
        let sample = |falco: &Falco| FalcoSample {
            losers: falco.losers.clone(),
            follow_missed: falco.follow_missed,
            ..maps::sample(&falco.maps, &falco.before, &falco.now, falco.traced.clone())
        };
        self.known.values().map(sample).collect()
    }
}
