//! What many looks at one ring add up to. Pure.
//!
//! Positions are exact at each look; what happens between two looks is taken to be what the earlier one saw. So bytes are
//! exact, and times and maxima are as fine as the looks are close.

mod arrivals;

use crate::sys::ring::Positions;
pub use arrivals::{Arrivals, BASE_NS};

/// A ring is lively that got more than this part of its capacity since the look before, that moves and holds more than
/// the second, or that holds more than the third.
const LIVELY: [u64; 3] = [64, 16, 2];
/// Nothing was consumed for so long although something came: a stall.
const STALL_NS: u64 = 100_000_000;

/// Sums since a ring was found.
#[derive(Clone, Debug)]
pub struct Statistics {
    capacity_bytes: u64,
    first: Positions,
    last: Positions,
    last_ns: u64,
    /// Largest backlog since it was found, bytes.
    pub backlog_max_bytes: u64,
    /// Largest backlog of this interval, bytes.
    pub interval_backlog_max_bytes: u64,
    /// Time with at least 90 % of the capacity taken, ns.
    pub above_90_ns: u64,
    /// Time without room for another record of a page, or a sixteenth of the ring where that is less, ns.
    pub full_ns: u64,
    /// Episodes in which the consumer stood still for 100 ms and more although records had come since it last moved.
    pub stalls: u64,
    /// Time of all of them, ns.
    pub stalled_ns: u64,
    /// Looks.
    pub looks: u64,
    /// It may fill up soon: worth a look again as soon as possible.
    pub is_lively: bool,
    /// Largest arrivals of this interval, by length of time.
    pub arrivals: Arrivals,
    /// Since when records wait for a consumer that does not move; `None` while none do.
    waiting_since_ns: Option<u64>,
    producer_at_move: u64,
    stalling: bool,
}

impl Statistics {
    /// Begins with the first look at a ring of `capacity_bytes`, which stood at `first` when counting began.
    #[must_use]
    pub fn new(capacity_bytes: u64, now_ns: u64, first: Positions, positions: Positions) -> Self {
        Self {
            capacity_bytes,
            first,
            last: positions,
            last_ns: now_ns,
            backlog_max_bytes: positions.backlog_bytes(),
            interval_backlog_max_bytes: positions.backlog_bytes(),
            above_90_ns: 0,
            full_ns: 0,
            stalls: 0,
            stalled_ns: 0,
            looks: 1,
            is_lively: true,
            arrivals: Arrivals::new(now_ns),
            waiting_since_ns: None,
            producer_at_move: positions.producer,
            stalling: false,
        }
    }

    /// Takes in another look.
    pub fn add(&mut self, now_ns: u64, positions: Positions) {
        let passed_ns = now_ns.saturating_sub(self.last_ns);
        let backlog_bytes = self.last.backlog_bytes();
        if backlog_bytes * 10 >= self.capacity_bytes * 9 {
            self.above_90_ns += passed_ns;
        }
        if self.capacity_bytes.saturating_sub(backlog_bytes) <= self.room_wanted() {
            self.full_ns += passed_ns;
        }
        self.note_stall(now_ns, passed_ns, positions);
        let arrived_bytes = positions.producer.wrapping_sub(self.last.producer);
        let [arrived, moving, held] = LIVELY.map(|part| self.capacity_bytes / part);
        let held_bytes = positions.backlog_bytes();
        self.is_lively =
            arrived_bytes > arrived || held_bytes > held || (held_bytes > moving && positions != self.last);
        self.arrivals.add(now_ns, arrived_bytes);
        self.backlog_max_bytes = self.backlog_max_bytes.max(positions.backlog_bytes());
        self.interval_backlog_max_bytes = self.interval_backlog_max_bytes.max(positions.backlog_bytes());
        self.last = positions;
        self.last_ns = now_ns;
        self.looks += 1;
    }

    /// A consumer that lags one record behind by design (Falco's frees a record when it asks for the next) and has
    /// nothing to do does not stall: nothing came since it moved. What came between its last move and the look that
    /// saw it cannot be told apart; but a ring that is half full is no record that it lags behind.
    fn note_stall(&mut self, now_ns: u64, passed_ns: u64, positions: Positions) {
        if positions.consumer != self.last.consumer {
            self.producer_at_move = positions.producer;
            self.waiting_since_ns = None;
            self.stalling = false;
            return;
        }
        let is_half_full = positions.backlog_bytes() > self.capacity_bytes / 2;
        if positions.producer == self.producer_at_move && !is_half_full {
            return;
        }
        let still_ns = now_ns.saturating_sub(*self.waiting_since_ns.get_or_insert(self.last_ns));
        if self.stalling {
            self.stalled_ns += passed_ns;
        } else if still_ns >= STALL_NS {
            self.stalling = true;
            self.stalls += 1;
            self.stalled_ns += still_ns;
        }
    }

    fn room_wanted(&self) -> u64 {
        (self.capacity_bytes / 16).min(4096)
    }

    /// Begins another interval.
    pub fn begin_interval(&mut self) {
        self.interval_backlog_max_bytes = self.last.backlog_bytes();
        self.arrivals.begin_interval();
    }

    /// Where producer and consumer stand.
    #[must_use]
    pub fn positions(&self) -> Positions {
        self.last
    }

    /// Bytes reserved since the ring was found.
    #[must_use]
    pub fn produced_bytes(&self) -> u64 {
        self.last.producer.wrapping_sub(self.first.producer)
    }

    /// Bytes consumed since the ring was found.
    #[must_use]
    pub fn consumed_bytes(&self) -> u64 {
        self.last.consumer.wrapping_sub(self.first.consumer)
    }
}

#[cfg(test)]
mod tests;
