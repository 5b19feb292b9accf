//! From looks at a ring to an estimate of what it refused. Pure.
//!
//! While there is plenty of room, the looks learn how often an exit of each syscall on each CPU brings something into the
//! ring. While there is little or none, so often an event is due, and what is due and does not come was refused. A look of one
//! CPU may find what has just come on another: either what is found so stays a share of it (`by_share`), or it belongs to the
//! syscalls that often bring something (`by_kind`). The interval spans both, and chance (Wilson's interval at 95 %).

use std::collections::BTreeMap;

use agent_common::full::{CLEAR, FULL, FullLooks, TIGHT};

use crate::{number::float, sample::EstimateSample};

/// Standard deviations of a 95 % interval.
const Z: f64 = 1.96;
/// Exits with room from which a CPU's own share is used, and not that of all CPUs.
const ENOUGH: f64 = 30.0;
/// What strayed may be so many times what is missed: both are from few looks.
const STRAYED: f64 = 1.5;

/// What is known of one ring.
#[derive(Clone, Debug, Default)]
pub(super) struct Estimator {
    /// Looks so far, by CPU and syscall.
    seen: BTreeMap<(u32, u32), FullLooks>,
    sum: Interval,
}

/// Records: at least, probably, and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Interval {
    low: f64,
    likely: f64,
    high: f64,
}

/// How often an exit brings something into the ring.
#[derive(Clone, Copy, Debug)]
struct Share {
    low: f64,
    likely: f64,
    high: f64,
}

impl Estimator {
    /// Takes in all looks so far: what was refused since the last time is estimated from what is known now.
    pub(super) fn take(&mut self, looks: BTreeMap<(u32, u32), FullLooks>) {
        let before = std::mem::take(&mut self.seen);
        let grown: Vec<((u32, u32), FullLooks)> = looks
            .iter()
            .map(|(key, now)| (*key, grown(before.get(key), now)))
            .filter(|(_, looks)| {
                [TIGHT, FULL].iter().any(|room| looks.nothing[*room] + looks.something[*room] > 0)
            })
            .collect();
        self.seen = looks;
        // Without a ring that was seen full nothing was refused.
        if grown.iter().all(|(_, looks)| looks.nothing[FULL] == 0) {
            return;
        }
        let mut more = Interval::default();
        let (mut by_share, mut often_due, mut taken, mut most, mut noise) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (key, looks) in &grown {
            let share = self.share(*key);
            let [none, some] =
                [looks.nothing, looks.something].map(|boxes| float(boxes[TIGHT]) + float(boxes[FULL]));
            by_share += share.likely * (none + some);
            taken += some;
            most += none;
            noise += none * share.likely * (1.0 - share.likely);
            if share.is_often() {
                often_due += none + some;
                more.low += share.low * float(looks.nothing[FULL]);
                more.high += none;
            } else {
                more.high += share.high * none;
            }
        }
        // Two readings of the same looks: shares are shares, or all of some syscalls are due and none of the others.
        let [by_share, by_kind] = [by_share, often_due].map(|due| (due - taken).clamp(0.0, most));
        let noise = Z * noise.sqrt();
        let high = (more.high.max(by_share).max(by_kind) + noise).min(most);
        let low = (more.low.min(by_share).min(by_kind) - noise).clamp(0.0, high);
        let likely = if self.is_by_kind() { by_kind } else { by_share };
        self.sum.low += low;
        self.sum.likely += likely.clamp(low, high);
        self.sum.high += high;
    }

    /// All that was refused, in whole records.
    pub(super) fn sample(&self) -> EstimateSample {
        let Interval { low, likely, high } = self.sum;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of at least 0")]
        let whole = |records: f64| records as u64;
        EstimateSample {
            since_ns: 0,
            low: whole(low.floor()),
            likely: whole(likely.round()),
            high: whole(high.ceil()),
        }
    }

    /// Whether the looks with room go with a tool that takes all of some syscalls and none of others: what looks found that
    /// seldom find anything is then what those missed that often do, because another CPU looked first.
    fn is_by_kind(&self) -> bool {
        let (mut strayed, mut missed) = (0.0, 0.0);
        for (key, looks) in &self.seen {
            if self.share(*key).is_often() {
                missed += float(looks.nothing[CLEAR]);
            } else {
                strayed += float(looks.something[CLEAR]);
            }
        }
        strayed <= STRAYED * missed + Z * missed.sqrt() + 1.0
    }

    /// Of exits with room. While a CPU has had few of them, it may be like the others or not.
    fn share(&self, (cpu, slot): (u32, u32)) -> Share {
        let count = |looks: &FullLooks| [looks.something[CLEAR], looks.nothing[CLEAR]].map(float);
        let wilson = |[came, not]: [f64; 2]| wilson(came, came + not);
        let own = self.seen.get(&(cpu, slot)).map_or([0.0; 2], count);
        let own_share = wilson(own);
        if own[0] + own[1] >= ENOUGH {
            return own_share;
        }
        let of_all = self.seen.iter().filter(|((_, other), _)| *other == slot).map(|(_, looks)| count(looks));
        let all = wilson(of_all.fold([0.0; 2], |sum, one| [sum[0] + one[0], sum[1] + one[1]]));
        Share { low: own_share.low.min(all.low), likely: all.likely, high: own_share.high.max(all.high) }
    }
}

impl Share {
    fn is_often(self) -> bool {
        self.likely >= 0.5
    }
}

fn grown(before: Option<&FullLooks>, now: &FullLooks) -> FullLooks {
    let before = before.copied().unwrap_or_default();
    let minus =
        |now: [u64; 3], before: [u64; 3]| std::array::from_fn(|room| now[room].saturating_sub(before[room]));
    FullLooks {
        nothing: minus(now.nothing, before.nothing),
        something: minus(now.something, before.something),
    }
}

/// Wilson's score interval; of nothing, everything is possible.
fn wilson(hits: f64, tries: f64) -> Share {
    if tries == 0.0 {
        return Share { low: 0.0, likely: 0.5, high: 1.0 };
    }
    let likely = hits / tries;
    let spread = 1.0 + Z * Z / tries;
    let centre = (likely + Z * Z / (2.0 * tries)) / spread;
    let half = Z / spread * (likely * (1.0 - likely) / tries + Z * Z / (4.0 * tries * tries)).sqrt();
    Share { low: (centre - half).max(0.0), likely, high: (centre + half).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GETPGRP: u32 = 111;

    type Row = ((u32, u32), [u64; 3], [u64; 3]);

    /// Exits on CPU 0 and 1: without anything new, and with, when clear, tight, full.
    fn looks(rows: &[Row]) -> BTreeMap<(u32, u32), FullLooks> {
        let row =
            |(key, nothing, something): &Row| (*key, FullLooks { nothing: *nothing, something: *something });
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
        let rows = [
            ((0, GETPGRP), [1000, 0, 50_000], [9000, 0, 0]),
            ((1, GETPGRP), [9000, 0, 500_000], [1000, 0, 0]),
        ];
        let all = estimated(&rows);
        assert!(contains(all, 50_000.0) && (all.likely - 50_000.0).abs() < 1.0, "{all:?}");
        assert!(all.high > 90_000.0, "it might have been both: {all:?}");
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
}
