//! How often the node is looked at: the price of a look decides. Pure.
//!
//! A look by iterator walks over all maps of the node, whoever made them: thousands of maps must make looks rarer, not
//! dropctl dearer. What is paid is CPU time of the watching thread, so that a busy node does not slow it down.

use std::time::{Duration, Instant};

/// Of its time the thread may look, or search for owners, one part in this many: 1.5 % of a core each.
const ONE_PART_IN: u32 = 64;
/// Looks are never further apart: a full ring must still be seen.
const RAREST: Duration = Duration::from_millis(250);
/// Time between two looks while no ring is lively, if it is not longer for its price. A wakeup costs more than the look.
/// To fill a ring between two of them takes its capacity within that time: 500 MB/s for one of 8 MiB.
pub(super) const QUIET: Duration = Duration::from_millis(16);

/// The time between two looks.
#[derive(Debug)]
pub(super) struct Pace {
    shortest: Duration,
    every: Duration,
    /// Of those that were measured.
    spent: Duration,
    looks: u32,
    /// Looks until the next that is measured.
    until: u32,
}

/// Looks of which one is measured: to ask for CPU time is two syscalls, and a look at pages is none.
const MEASURED_ONE_IN: u32 = 16;

impl Pace {
    /// As often as that, while it is cheap enough.
    pub(super) fn new(shortest: Duration) -> Self {
        Self { shortest, every: shortest, spent: Duration::ZERO, looks: 0, until: 0 }
    }

    /// Whether the look that comes is to be measured.
    pub(super) fn asks(&mut self) -> bool {
        let asks = self.until == 0;
        self.until = if asks { MEASURED_ONE_IN - 1 } else { self.until - 1 };
        asks
    }

    /// A look cost so much CPU time.
    pub(super) fn add(&mut self, cost: Duration) {
        self.spent += cost;
        self.looks += 1;
    }

    /// Time until the next look; `is_lively`: some ring is.
    pub(super) fn next(&self, is_lively: bool) -> Duration {
        if is_lively { self.every } else { self.every.max(QUIET) }
    }

    /// Takes the mean price of the looks since the last call for that of those to come.
    pub(super) fn settle(&mut self) {
        if self.looks > 0 {
            self.every = rest_after(self.spent / self.looks).clamp(self.shortest, RAREST);
            (self.spent, self.looks) = (Duration::ZERO, 0);
        }
    }
}

/// How long to leave something alone that cost so much CPU time.
fn rest_after(cost: Duration) -> Duration {
    cost * ONE_PART_IN
}

/// Searches that may follow one another at once after a quiet time: a tool that starts or stops changes the rings of
/// the node a few times, and whose they are must be known from its beginning.
const AT_ONCE: u32 = 16;

/// The budget of searches: many at once, but over time no more than their part.
#[derive(Debug)]
pub(super) struct Budget {
    /// All that were made are paid for by then.
    paid_at: Instant,
    /// What one takes to be paid for, by the last one.
    rest: Duration,
}

impl Budget {
    /// Nothing is spent yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { paid_at: now, rest: Duration::ZERO }
    }

    /// Another may be made.
    pub(super) fn allows(&self, now: Instant) -> bool {
        self.paid_at.saturating_duration_since(now) <= self.rest * (AT_ONCE - 1)
    }

    /// One was made, and cost so much CPU time.
    pub(super) fn spend(&mut self, now: Instant, cost: Duration) {
        self.rest = rest_after(cost);
        self.paid_at = self.paid_at.max(now) + self.rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORTEST: Duration = Duration::from_millis(10);

    fn after(costs_us: &[u64]) -> Duration {
        let mut pace = Pace::new(SHORTEST);
        costs_us.iter().for_each(|cost| pace.add(Duration::from_micros(*cost)));
        pace.settle();
        pace.next(true)
    }

    #[test]
    fn quiet_rings_are_looked_at_less_often() {
        let mut pace = Pace::new(SHORTEST);
        assert_eq!((pace.next(true), pace.next(false)), (SHORTEST, QUIET));
        pace.add(Duration::from_millis(1));
        pace.settle();
        assert_eq!(
            (pace.next(true), pace.next(false)),
            (Duration::from_millis(64), Duration::from_millis(64))
        );
    }

    #[test]
    fn cheap_looks_are_as_close_as_wanted() {
        assert_eq!(after(&[]), SHORTEST);
        assert_eq!(after(&[50, 150]), SHORTEST);
    }

    #[test]
    fn dear_looks_are_rarer_up_to_a_limit() {
        assert_eq!(after(&[400, 600]), Duration::from_millis(32));
        assert_eq!(after(&[1_000_000]), RAREST);
    }

    #[test]
    fn some_looks_are_measured() {
        let mut pace = Pace::new(SHORTEST);
        let asked = (0..4 * MEASURED_ONE_IN).filter(|_| pace.asks()).count();
        assert_eq!(asked, 4);
        assert!(pace.asks() && !pace.asks());
    }

    #[test]
    fn the_past_does_not_count() {
        let mut pace = Pace::new(SHORTEST);
        pace.add(Duration::from_secs(1));
        pace.settle();
        pace.add(Duration::from_micros(1));
        pace.settle();
        assert_eq!(pace.next(true), SHORTEST);
    }

    /// Searches of so many, one wanted each half second, that such a budget allows.
    fn allowed(budget: &mut Budget, from: Instant, wanted: u32, cost: Duration) -> u32 {
        let at = |index| from + Duration::from_millis(500) * index;
        let mut made = 0;
        for now in (0..wanted).map(at) {
            if budget.allows(now) {
                budget.spend(now, cost);
                made += 1;
            }
        }
        made
    }

    #[test]
    fn a_tool_that_starts_is_searched_for_at_once_however_dear_that_is() {
        let start = Instant::now();
        assert_eq!(allowed(&mut Budget::new(start), start, AT_ONCE, Duration::from_secs(1)), AT_ONCE);
    }

    #[test]
    fn searches_without_end_keep_to_their_part() {
        // 1,000 s at 64 ms for each 4.096 s.
        let start = Instant::now();
        let mut budget = Budget::new(start);
        assert_eq!(
            allowed(&mut budget, start, 2000, Duration::from_millis(64)),
            AT_ONCE + 1000 * 1000 / 4096
        );
        let later = start + Duration::from_secs(1000 + 66);
        assert_eq!(allowed(&mut budget, later, AT_ONCE, Duration::from_millis(64)), AT_ONCE, "saved again");
    }

    #[test]
    fn cheap_searches_are_never_refused() {
        let start = Instant::now();
        assert_eq!(allowed(&mut Budget::new(start), start, 5000, Duration::from_millis(5)), 5000);
    }
}
