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

use crate::{
    observe::cgroups::Cgroups,
    sample::RefusedSample,
    sys::{barrier::wait_for_running_programs, clock},
};

/// The loaded programs and what they counted so far.
pub(super) struct Refusals {
    object: Object,
    rings: BTreeMap<u32, Tally>,
    cgroups: Cgroups,
    /// When they were attached, `CLOCK_MONOTONIC` ns; `None` while nothing is counted.
    attached_ns: Option<u64>,
}

impl Refusals {
    /// Loads the programs, and tries whether they may be attached; they are not afterwards.
    ///
    /// # Errors
    ///
    /// [`RefusalsError`]: why not.
    pub(super) fn load(cgroups: Cgroups) -> Result<Self, RefusalsError> {
        let mut object = Object::load()?;
        object.attach()?;
        object.detach()?;
        Ok(Self { object, rings: BTreeMap::new(), cgroups, attached_ns: None })
    }

    /// Counts, or does not, from now on: from zero.
    ///
    /// # Errors
    ///
    /// [`RefusalsError`].
    pub(super) fn set(&mut self, is_wanted: bool) -> Result<(), RefusalsError> {
        if !is_wanted {
            self.attached_ns = None;
            return self.object.detach();
        }
        if self.attached_ns.is_none() {
            self.object.forget(|_| true)?;
            self.rings.clear();
            self.object.attach()?;
            self.attached_ns = Some(clock::monotonic_ns());
        }
        Ok(())
    }

    /// Counts no more; what was counted can be read, and stays as it is.
    ///
    /// # Errors
    ///
    /// [`RefusalsError`].
    pub(super) fn end(&mut self) -> Result<(), RefusalsError> {
        self.object.detach()?;
        // Where nothing tells that runs are over, the last refusals of all may be missing in one table or the other.
        let _ = wait_for_running_programs();
        Ok(())
    }

    /// What each of these rings refused, by id and when it was found; of the others those up to `newest`, the last that
    /// is known, are forgotten. Nothing while nothing counts, and of rings that found no place in the table.
    ///
    /// # Errors
    ///
    /// [`RefusalsError`].
    pub(super) fn read(
        &mut self,
        rings: &BTreeMap<u32, u64>,
        newest: u32,
    ) -> Result<BTreeMap<u32, RefusedSample>, RefusalsError> {
        let Some(attached_ns) = self.attached_ns else { return Ok(BTreeMap::new()) };
        self.read_tables()?;
        // Ids of maps ascend: one that is newer has not been found yet.
        let stays = |ring: u32| ring > newest || rings.contains_key(&ring);
        if self.rings.keys().any(|ring| !stays(*ring)) {
            self.object.forget(|ring| !stays(ring))?;
            self.rings.retain(|ring, _| stays(*ring));
        }
        let has_all = self.object.untracked()? == 0;
        let missed = self.object.missed();
        let sample = |(ring, found_ns): (&u32, &u64)| {
            let none = has_all.then(Tally::nothing);
            let mut refused = self.rings.get(ring).map(|tally| tally.sample(&self.cgroups)).or(none)?;
            refused.since_ns = attached_ns.max(*found_ns);
            refused.losers.missed = missed;
            Some((*ring, refused))
        };
        Ok(rings.iter().filter_map(sample).collect())
    }

    fn read_tables(&mut self) -> Result<(), RefusalsError> {
        let now_ns = clock::monotonic_ns();
        let cpus = self.object.cpus();
        let (refused, losers) = self.object.tables()?;
        self.cgroups.find(losers.iter().map(|(to, _)| to.cgroup_id).filter(|id| *id != 0));
        self.rings.values_mut().for_each(Tally::clear);
        for (by, cpu_counts) in refused {
            self.rings.entry(by.ring).or_insert_with(|| Tally::new(cpus)).add(by.helper, &cpu_counts);
        }
        for (to, cpu_counts) in losers {
            let tally = self.rings.entry(to.ring).or_insert_with(|| Tally::new(cpus));
            tally.add_loser(&to, &cpu_counts, &self.cgroups);
        }
        for tally in self.rings.values_mut() {
            tally.end(now_ns, &self.cgroups);
        }
        Ok(())
    }
}
