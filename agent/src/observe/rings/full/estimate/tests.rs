//! Looks as the kernel half counts them, and what comes of them.

use super::*;

const GETPGRP: u32 = 111;

type Row = (Key, [u64; 3], [u64; 3]);

/// Bytes of a record.
const RECORD: u64 = 48;

/// Exits on CPU 0 and 1: without anything new, and with, when clear, tight, full. What came when clear was found by one of them.
fn looks(rows: &[Row]) -> BTreeMap<Key, FullLooks> {
    let is_stray = rows.iter().filter(|(_, _, something)| something[CLEAR] > 0).count() > 1;
    let row = |(key, nothing, something): &Row| {
        let looks = FullLooks {
            nothing: *nothing,
            something: *something,
            elsewhere: if is_stray { nothing[CLEAR] } else { 0 },
            bytes: RECORD * something[CLEAR],
            smallest: if something[CLEAR] > 0 { RECORD } else { 0 },
        };
        (*key, looks)
    };
    rows.iter().map(row).collect()
}

fn estimated(rows: &[Row]) -> Interval {
    let mut estimator = Estimator::default();
    estimator.take(looks(rows));
    estimator.sum
}

fn contains(interval: Interval, exact: f64) -> bool {
    interval.low <= exact
        && exact <= interval.high
        && interval.low <= interval.likely
        && interval.likely <= interval.high
}

#[test]
fn a_syscall_that_always_brings_something_lost_all_that_it_did_when_full() {
    let all = estimated(&[((0, GETPGRP), [0, 0, 198_635], [1195, 169, 1])]);
    assert!(contains(all, 198_635.0) && all.low > 197_000.0, "{all:?}");
    assert!((all.likely - 198_635.0).abs() < 1.0, "{all:?}");
}

#[test]
fn one_that_never_does_lost_nothing() {
    let all = estimated(&[
        ((0, GETPGRP), [0, 0, 1000], [1195, 169, 1]),
        ((0, 3), [50_000, 500, 100_000], [0, 0, 0]),
    ]);
    assert!(contains(all, 1000.0) && all.high < 1020.0, "{all:?}");
}

#[test]
fn without_a_full_ring_nothing_was_lost() {
    assert_eq!(estimated(&[((0, GETPGRP), [700, 300, 0], [700, 300, 5])]), Interval::default());
}

#[test]
fn of_what_was_never_seen_with_room_everything_is_possible() {
    let all = estimated(&[((0, GETPGRP), [0, 0, 1000], [0, 0, 0])]);
    assert_eq!((all.low, all.high), (0.0, 1000.0));
}

#[test]
fn what_another_cpu_sees_first_does_not_count_twice() {
    // A tenth of what CPU 0 writes is found by CPU 1.
    let rows = [
        ((0, GETPGRP), [1000, 100, 90_000], [9000, 900, 0]),
        ((1, GETPGRP), [9000, 900, 90_000], [1000, 100, 0]),
    ];
    let all = estimated(&rows);
    assert!(contains(all, 90_000.0), "{all:?}");
    assert!((all.likely - 90_000.0).abs() < 200.0, "{all:?}");
}

#[test]
fn what_strayed_while_both_ran_is_not_due_of_the_other_one() {
    // CPU 1 found a tenth of it, and does ten times as much afterwards.
    let rows =
        [((0, GETPGRP), [1000, 0, 50_000], [9000, 0, 0]), ((1, GETPGRP), [9000, 0, 500_000], [1000, 0, 0])];
    let all = estimated(&rows);
    assert!(contains(all, 50_000.0) && (all.likely - 50_000.0).abs() < 1.0, "{all:?}");
    assert!(all.high > 90_000.0, "it might have been both: {all:?}");
}

/// Seen on 6.18: a ring of CPU 0 alone, most of whose records CPU 1 found first, with a syscall that its own ring takes.
#[test]
fn a_ring_of_one_cpu_beside_a_busy_one() {
    let rows =
        [((0, GETPGRP), [765, 111, 198_636], [429, 59, 0]), ((1, GETPGRP), [227, 36, 48_718], [884, 134, 1])];
    let all = estimated(&rows);
    assert!(contains(all, 198_635.0), "{all:?}");
    assert!(all.low > 40_000.0 && all.high < 240_000.0, "{all:?}");
}

/// What other CPUs did while nothing came does not make it theirs.
#[test]
fn a_cpu_that_was_busy_at_other_times_brought_nothing() {
    let mut looks = looks(&[((0, GETPGRP), [0, 0, 10_000], [1000, 100, 0])]);
    let read = FullLooks { nothing: [1_000_000, 0, 50_000], ..FullLooks::default() };
    looks.insert((1, 0), read);
    let mut estimator = Estimator::default();
    estimator.take(looks);
    assert!(contains(estimator.sum, 10_000.0) && estimator.sum.low > 9_900.0, "{:?}", estimator.sum);
    assert!(estimator.sum.high < 10_100.0, "{:?}", estimator.sum);
}

#[test]
fn a_tool_that_takes_a_third_lost_a_third() {
    let all = estimated(&[((0, GETPGRP), [20_000, 0, 30_000], [10_000, 0, 0])]);
    assert!(contains(all, 10_000.0) && (all.likely - 10_000.0).abs() < 1.0, "{all:?}");
}

#[test]
fn only_what_is_new_adds_to_the_sum() {
    let mut estimator = Estimator::default();
    let first = looks(&[((0, GETPGRP), [0, 0, 500], [1195, 169, 1])]);
    estimator.take(first.clone());
    let sum = estimator.sum;
    estimator.take(first);
    assert_eq!(estimator.sum, sum);
    estimator.take(looks(&[((0, GETPGRP), [0, 0, 800], [1195, 169, 1])]));
    assert!((estimator.sum.likely - 799.0).abs() < 2.0, "{:?}", estimator.sum);
}
