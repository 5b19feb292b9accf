//! Refused records of any tool's rings, counted behind the helpers that write to them: exact, with the class of each
//! refusal and whose event it was.
//!
//! Where the kernel lets these helpers be traced: seen on 5.10, 6.1 and 6.12, refused from 6.16 on (ringbuf.o is built
//! without ftrace since the resilient spin locks). Every record of every tool pays for it, so it is attached only while
//! it is wanted.

mod object;
mod places;
mod tally;

use std::collections::BTreeMap;

use object::Object;
pub use object::RefusalsError;
use tally::Tally;

use crate::{sample::RefusedSample, sys::clock};

/// The loaded programs and what they counted so far.
pub(super) struct Refusals {
    object: Object,
    rings: BTreeMap<u32, Tally>,
    /// When they were attached, `CLOCK_MONOTONIC` ns.
    attached_ns: u64,
}

impl Refusals {
    /// Loads the programs, and tries whether they may be attached; they are not afterwards.
    ///
    /// # Errors
    ///
    /// [`RefusalsError`]: why not.
    pub(super) fn load() -> Result<Self, RefusalsError> {
        let mut object = Object::load()?;
        object.attach()?;
        object.detach()?;
        Ok(Self { object, rings: BTreeMap::new(), attached_ns: 0 })
    }

    /// Counts, or does not, from now on: from zero.
    ///
    /// # Errors
    ///
    /// [`RefusalsError`].
    pub(super) fn set(&mut self, is_wanted: bool) -> Result<(), RefusalsError> {
        if !is_wanted {
            return self.object.detach();
        }
        if !self.object.is_attached() {
            self.object.forget(|_| true)?;
            self.rings.clear();
            self.object.attach()?;
            self.attached_ns = clock::monotonic_ns();
        }
        Ok(())
    }

    /// What each of these rings refused, by id and when it was found; of the others those up to `newest`, the last that
    /// is known, are forgotten. Nothing while nothing counts.
    ///
    /// # Errors
    ///
    /// [`RefusalsError`].
    pub(super) fn read(
        &mut self,
        rings: &BTreeMap<u32, u64>,
        newest: u32,
    ) -> Result<BTreeMap<u32, RefusedSample>, RefusalsError> {
        if !self.object.is_attached() {
            return Ok(BTreeMap::new());
        }
        self.read_tables()?;
        // Ids of maps ascend: one that is newer has not been found yet.
        let stays = |ring: u32| ring > newest || rings.contains_key(&ring);
        self.object.forget(|ring| !stays(ring))?;
        self.rings.retain(|ring, _| stays(*ring));
        let missed = self.object.missed();
        let sample = |(ring, found_ns): (&u32, &u64)| {
            let refused = self.rings.get(ring).map(Tally::sample).unwrap_or_default();
            (*ring, RefusedSample { since_ns: self.attached_ns.max(*found_ns), missed, ..refused })
        };
        Ok(rings.iter().map(sample).collect())
    }

    fn read_tables(&mut self) -> Result<(), RefusalsError> {
        let now_ns = clock::monotonic_ns();
        let cpus = self.object.cpus();
        let (refused, losers) = self.object.tables()?;
        self.rings.values_mut().for_each(Tally::clear);
        for (by, cpu_counts) in refused {
            self.rings.entry(by.ring).or_insert_with(|| Tally::new(cpus)).add(by.helper, &cpu_counts);
        }
        for (to, cpu_counts) in losers {
            self.rings.entry(to.ring).or_insert_with(|| Tally::new(cpus)).add_loser(&to, &cpu_counts);
        }
        self.rings.values_mut().for_each(|tally| tally.merge(now_ns));
        Ok(())
    }
}
