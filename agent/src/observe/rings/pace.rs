//! How often the node is looked at: the price of a look decides. Pure.
//!
//! A look by iterator walks over all maps of the node, whoever made them: thousands of maps must make looks rarer, not
//! dropctl dearer. What is paid is CPU time of the watching thread, so that a busy node does not slow it down.

use std::time::Duration;

/// Of its time the thread may look, or search for owners, one part in this many: 1.5 % of a core each.
const ONE_PART_IN: u32 = 64;
/// Looks are never further apart: a full ring must still be seen.
const RAREST: Duration = Duration::from_millis(250);

/// The time between two looks.
#[derive(Debug)]
pub(super) struct Pace {
    shortest: Duration,
    every: Duration,
    spent: Duration,
    looks: u32,
}

impl Pace {
    /// As often as that, while it is cheap enough.
    pub(super) fn new(shortest: Duration) -> Self {
        Self { shortest, every: shortest, spent: Duration::ZERO, looks: 0 }
    }

    /// A look cost so much CPU time.
    pub(super) fn add(&mut self, cost: Duration) {
        self.spent += cost;
        self.looks += 1;
    }

    /// Time between two looks.
    pub(super) fn every(&self) -> Duration {
        self.every
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
pub(super) fn rest_after(cost: Duration) -> Duration {
    cost * ONE_PART_IN
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORTEST: Duration = Duration::from_millis(10);

    fn after(costs_us: &[u64]) -> Duration {
        let mut pace = Pace::new(SHORTEST);
        costs_us.iter().for_each(|cost| pace.add(Duration::from_micros(*cost)));
        pace.settle();
        pace.every()
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
    fn the_past_does_not_count() {
        let mut pace = Pace::new(SHORTEST);
        pace.add(Duration::from_secs(1));
        pace.settle();
        pace.add(Duration::from_micros(1));
        pace.settle();
        assert_eq!(pace.every(), SHORTEST);
    }
}
