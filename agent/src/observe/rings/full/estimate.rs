//! From looks at a ring to an estimate of what it refused. Pure.
//!
//! While there is plenty of room, the looks learn how often an exit of each syscall on each CPU brings something into the
//! ring. While there is little or none, so often an event is due, and what is due and does not come was refused. A look of one
//! CPU may find what has just come on another: either what is found so stays a share of it (`by_share`), or it belongs to the
//! syscalls that often bring something (`by_kind`). How far off both can be: [`bounds`].

mod bounds;

use std::collections::BTreeMap;

use agent_common::full::{CLEAR, FULL, FullLooks, TIGHT};

use crate::{number::float, sample::EstimateSample};
use bounds::Z;

/// Exits with room from which a CPU's own share is used, and not that of all CPUs.
const ENOUGH: f64 = 30.0;
/// What strayed may be so many times what is missed: both are from few looks.
const STRAYED: f64 = 1.5;

/// A CPU, and a syscall.
type Key = (u32, u32);

/// What is known of one ring.
#[derive(Clone, Debug, Default)]
pub(super) struct Estimator {
    /// Looks so far, by CPU and syscall.
    seen: BTreeMap<Key, FullLooks>,
    sum: Interval,
}

/// Records: at least, probably, and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Interval {
    low: f64,
    likely: f64,
    high: f64,
}

impl Estimator {
    /// Takes in all looks so far: what was refused since the last time is estimated from what is known now.
    pub(super) fn take(&mut self, looks: BTreeMap<Key, FullLooks>) {
        let before = std::mem::take(&mut self.seen);
        let grown: Vec<(Key, FullLooks)> = looks
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
        let (mut by_share, mut often_due, mut taken, mut most) = (0.0, 0.0, 0.0, 0.0);
        for (key, looks) in &grown {
            let share = self.share(*key);
            let [none, some] =
                [looks.nothing, looks.something].map(|boxes| float(boxes[TIGHT]) + float(boxes[FULL]));
            by_share += share * (none + some);
            taken += some;
            most += none;
            if is_often(share) {
                often_due += none + some;
            }
        }
        // Two readings of the same looks: shares are shares, or all of some syscalls are due and none of the others.
        let [by_share, by_kind] = [by_share, often_due].map(|due| (due - taken).clamp(0.0, most));
        let likely = if self.is_by_kind() { by_kind } else { by_share };
        let (low, high) = bounds::of(&self.seen, &grown);
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
            if is_often(self.share(*key)) {
                missed += float(looks.nothing[CLEAR]);
            } else {
                strayed += float(looks.something[CLEAR]);
            }
        }
        strayed <= STRAYED * missed + Z * missed.sqrt() + 1.0
    }

    /// How often an exit with room brings something. While a CPU has had few of them, it may be like the others.
    fn share(&self, (cpu, slot): Key) -> f64 {
        let count = |looks: &FullLooks| [looks.something[CLEAR], looks.nothing[CLEAR]].map(float);
        let own = self.seen.get(&(cpu, slot)).map_or([0.0; 2], count);
        if own[0] + own[1] >= ENOUGH {
            return own[0] / (own[0] + own[1]);
        }
        let of_all = self.seen.iter().filter(|((_, other), _)| *other == slot).map(|(_, looks)| count(looks));
        let [came, not] = of_all.fold([0.0; 2], |sum, one| [sum[0] + one[0], sum[1] + one[1]]);
        if came + not == 0.0 { 0.5 } else { came / (came + not) }
    }
}

fn is_often(share: f64) -> bool {
    share >= 0.5
}

fn grown(before: Option<&FullLooks>, now: &FullLooks) -> FullLooks {
    let before = before.copied().unwrap_or_default();
    let minus =
        |now: [u64; 3], before: [u64; 3]| std::array::from_fn(|room| now[room].saturating_sub(before[room]));
    FullLooks {
        nothing: minus(now.nothing, before.nothing),
        something: minus(now.something, before.something),
        ..FullLooks::default()
    }
}

#[cfg(test)]
mod tests;
