//! Overruns of a ring that somebody else counts the drops of: intervals in which that counter grew.
//!
//! Times are those of the readings before and after a growth, so an overrun is longer than it was by up to the time
//! between two readings; drops are as the counter says.

use agent_common::counters::OVERRUN_GAP_NS;

use super::ended::Ended;
use crate::sample::{CountedBy, Overrun, Overruns};

/// Readings of one counter.
#[derive(Clone, Debug, Default)]
pub struct Growth {
    /// Time of the last reading, and what it said.
    last: Option<(u64, u64)>,
    current: Option<Overrun>,
    ended: Ended,
}

impl Growth {
    /// A reading. A counter that went back was started anew.
    pub fn add(&mut self, now_ns: u64, drops: u64) {
        let Some((last_ns, before)) = self.last.replace((now_ns, drops)) else { return };
        let grown = drops.checked_sub(before).unwrap_or(drops);
        // The last reading that saw growth stands for the last refusal.
        if let Some(overrun) = self.current
            && (if grown > 0 { last_ns } else { now_ns }) > overrun.last_ns + OVERRUN_GAP_NS
        {
            self.ended.push(overrun);
            self.current = None;
        }
        if grown > 0 {
            let begun = Overrun { first_ns: last_ns, last_ns, drops: 0 };
            let overrun = self.current.get_or_insert(begun);
            overrun.last_ns = now_ns;
            overrun.drops += grown;
        }
    }

    /// Whether the last overrun may go on: readings should stay close.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.current.is_some()
    }

    /// All of them.
    #[must_use]
    pub fn sample(&self) -> Overruns {
        let current = self.current.as_slice();
        Overruns {
            counted_by: CountedBy::Tool,
            listed: self.ended.listed_with(current),
            count: self.ended.count_with(current),
            total_ns: self.ended.total_ns_with(current),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::OVERRUNS_LISTED;

    const MS: u64 = 1_000_000;

    fn read(readings: &[(u64, u64)]) -> Growth {
        let mut growth = Growth::default();
        readings.iter().for_each(|(ms, drops)| growth.add(ms * MS, *drops));
        growth
    }

    fn episodes(growth: &Growth) -> Vec<(u64, u64, u64)> {
        let listed = growth.sample().listed;
        listed.iter().map(|one| (one.first_ns / MS, one.last_ns / MS, one.drops)).collect()
    }

    #[test]
    fn growth_within_the_gap_is_one_overrun() {
        let growth = read(&[(0, 5), (5, 5), (10, 7), (15, 7), (90, 7), (95, 8), (100, 8)]);
        assert_eq!(episodes(&growth), [(5, 95, 3)]);
        assert!(growth.is_open());
    }

    #[test]
    fn a_pause_longer_than_the_gap_ends_it() {
        let growth = read(&[(0, 0), (5, 3), (60, 3), (104, 3), (106, 3), (500, 3), (505, 4), (700, 4)]);
        assert_eq!(episodes(&growth), [(0, 5, 3), (500, 505, 1)]);
        let sample = growth.sample();
        assert_eq!((sample.count, sample.total_ns, growth.is_open()), (2, 10 * MS, false));
    }

    #[test]
    fn readings_far_apart_that_all_saw_growth_are_one() {
        assert_eq!(episodes(&read(&[(0, 0), (500, 3), (1000, 9)])), [(0, 1000, 9)]);
        let growth = read(&[(0, 0), (500, 3), (1000, 3), (1500, 9)]);
        assert_eq!(episodes(&growth), [(0, 500, 3), (1000, 1500, 6)], "one of them saw none");
    }

    #[test]
    fn a_counter_that_began_anew_says_what_it_counted() {
        assert_eq!(episodes(&read(&[(0, 100), (5, 2)])), [(0, 5, 2)]);
        assert!(episodes(&read(&[(0, 100)])).is_empty(), "what was before the first reading is not known");
    }

    #[test]
    fn the_list_is_bounded_and_the_sums_are_not() {
        let mut growth = Growth::default();
        for number in 0..=100 {
            growth.add(number * 1000 * MS, number);
            growth.add((number * 1000 + 500) * MS, number);
        }
        let sample = growth.sample();
        assert_eq!((sample.listed.len(), sample.count), (OVERRUNS_LISTED, 100));
        assert_eq!(sample.total_ns, 100 * 500 * MS);
    }
}
