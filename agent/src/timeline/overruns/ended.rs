//! Overruns that are over: the newest one by one, all of them in two sums.

use crate::sample::{OVERRUNS_LISTED, Overrun};

/// Those that have ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended {
    newest: Vec<Overrun>,
    count: u64,
    total_ns: u64,
}

impl Ended {
    /// One more.
    pub(super) fn push(&mut self, overrun: Overrun) {
        self.count += 1;
        self.total_ns += overrun.last_ns - overrun.first_ns;
        self.newest.push(overrun);
        let surplus = self.newest.len().saturating_sub(OVERRUNS_LISTED);
        self.newest.drain(..surplus);
    }

    /// The newest, at most [`OVERRUNS_LISTED`], and those that `current` holds, oldest first.
    pub(super) fn listed_with(&self, current: &[Overrun]) -> Vec<Overrun> {
        self.newest.iter().chain(current).copied().collect()
    }

    /// Number of these and of `current`.
    pub(super) fn count_with(&self, current: &[Overrun]) -> u64 {
        self.count + current.len() as u64
    }

    /// Time of these and of `current`, ns.
    pub(super) fn total_ns_with(&self, current: &[Overrun]) -> u64 {
        self.total_ns + current.iter().map(|overrun| overrun.last_ns - overrun.first_ns).sum::<u64>()
    }
}
