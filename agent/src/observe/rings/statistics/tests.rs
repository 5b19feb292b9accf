//! Rings of 64 KiB, looked at every 5 ms.

use super::*;

const CAPACITY: u64 = 65536;
const MS: u64 = 1_000_000;

struct Ring {
    statistics: Statistics,
    now_ns: u64,
}

impl Ring {
    fn new(backlog_bytes: u64) -> Self {
        let positions = Positions { consumer: 1000, producer: 1000 + backlog_bytes };
        Self { statistics: Statistics::new(CAPACITY, 0, positions, positions), now_ns: 0 }
    }

    fn look(&mut self, produced_bytes: u64, consumed_bytes: u64) {
        self.now_ns += 5 * MS;
        let Positions { consumer, producer } = self.statistics.positions();
        let positions =
            Positions { consumer: consumer + consumed_bytes, producer: producer + produced_bytes };
        self.statistics.add(self.now_ns, positions);
    }
}

#[test]
fn bytes_are_counted_from_the_first_look() {
    let mut ring = Ring::new(100);
    ring.look(500, 300);
    ring.look(0, 300);
    assert_eq!((ring.statistics.produced_bytes(), ring.statistics.consumed_bytes()), (500, 600));
    assert_eq!(ring.statistics.backlog_max_bytes, 300);
    assert_eq!(ring.statistics.positions().backlog_bytes(), 0);
}

#[test]
fn an_interval_begins_with_the_backlog_that_is_there() {
    let mut ring = Ring::new(0);
    ring.look(700, 0);
    ring.look(0, 500);
    ring.statistics.begin_interval();
    assert_eq!((ring.statistics.backlog_max_bytes, ring.statistics.interval_backlog_max_bytes), (700, 200));
    ring.look(100, 0);
    ring.look(0, 300);
    assert_eq!((ring.statistics.backlog_max_bytes, ring.statistics.interval_backlog_max_bytes), (700, 300));
}

#[test]
fn what_a_ring_held_at_the_first_look_counts_if_it_is_new() {
    let positions = Positions { consumer: 30, producer: 100 };
    let new = Statistics::new(CAPACITY, 0, Positions { consumer: 0, producer: 0 }, positions);
    assert_eq!((new.produced_bytes(), new.consumed_bytes()), (100, 30));
}

#[test]
fn time_near_the_top_is_that_after_a_look_that_saw_it() {
    let mut ring = Ring::new(0);
    ring.look(CAPACITY * 9 / 10 + 1, 0);
    ring.look(0, 0);
    ring.look(CAPACITY / 10 - 8, 0);
    ring.look(0, CAPACITY);
    assert_eq!(ring.statistics.above_90_ns, 15 * MS);
    assert_eq!(ring.statistics.full_ns, 5 * MS);
}

#[test]
fn a_consumer_that_stands_still_while_records_come_stalls() {
    let mut ring = Ring::new(0);
    ring.look(48, 48);
    for _ in 0..30 {
        ring.look(48, 0);
    }
    ring.look(0, 48);
    ring.look(48, 48);
    assert_eq!(ring.statistics.stalls, 1);
    assert_eq!(ring.statistics.stalled_ns, 150 * MS);
}

#[test]
fn a_ring_that_was_filled_in_one_go_stalls_too() {
    let mut ring = Ring::new(0);
    ring.look(CAPACITY - 16, 40);
    for _ in 0..40 {
        ring.look(0, 0);
    }
    assert_eq!((ring.statistics.stalls, ring.statistics.stalled_ns), (1, 200 * MS));
}

#[test]
fn a_consumer_without_work_has_not_stalled_by_the_time_it_gets_some() {
    let mut ring = Ring::new(0);
    for _ in 0..100 {
        ring.look(0, 0);
    }
    ring.look(CAPACITY - 16, 0);
    ring.look(0, CAPACITY - 16);
    assert_eq!((ring.statistics.stalls, ring.statistics.stalled_ns), (0, 0));
}

#[test]
fn a_consumer_that_lags_one_record_behind_does_not() {
    let mut ring = Ring::new(0);
    ring.look(96, 48);
    for _ in 0..100 {
        ring.look(0, 0);
    }
    assert_eq!((ring.statistics.stalls, ring.statistics.stalled_ns), (0, 0));
}

#[test]
fn a_ring_that_may_fill_up_is_lively() {
    let lively = |looks: &[(u64, u64)]| {
        let mut ring = Ring::new(0);
        looks.iter().for_each(|(produced, consumed)| ring.look(*produced, *consumed));
        ring.statistics.is_lively
    };
    assert!(Ring::new(0).statistics.is_lively, "nothing is known of it yet");
    assert!(!lively(&[(0, 0)]) && !lively(&[(CAPACITY / 64, 0)]) && lively(&[(CAPACITY / 64 + 1, 0)]));
    let filled = (CAPACITY / 16 + 8, 0);
    assert!(!lively(&[filled, (0, 0)]), "it stands still with a little in it");
    assert!(lively(&[filled, (8, 8)]) && !lively(&[filled, (8, 16)]));
    assert!(lively(&[(CAPACITY / 2 + 8, 0), (0, 0)]), "it stands still with much in it");
}
