//! How much of a difference is chance: a bootstrap of the ratio of two losses, by blocks of neighbouring intervals.
//!
//! Drops come in bursts, so seconds are no independent draws: whole blocks are drawn, as long as most bursts. With one burst in all
//! of A, many draws of A have none, and the interval says honestly that nothing is known.

use fastrand::Rng;
use serde::Serialize;

use crate::number::float;

/// Draws of each side: the ends of the 99 % interval are then the 20th of each end.
const DRAWS: usize = 4000;
/// So that the same two files give the same page.
const SEED: u64 = 0x6472_6f70_6374_6c00;
/// Longest block, intervals.
const LONGEST_BLOCK: usize = 5;
/// A side has at least so many blocks, if it has as many intervals.
const LEAST_BLOCKS: usize = 8;
/// Added to the drops of each draw, so that none is nothing.
const HALF: f64 = 0.5;

/// One interval between two samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    /// Length, ns.
    pub length_ns: u64,
    /// In units.
    pub arrivals: u64,
    /// Events.
    pub drops: u64,
}

impl Interval {
    /// Takes in what came behind it.
    pub fn join(&mut self, next: &Self) {
        self.length_ns += next.length_ns;
        self.arrivals = self.arrivals.saturating_add(next.arrivals);
        self.drops = self.drops.saturating_add(next.drops);
    }
}

/// Loss after by loss before, with intervals that hold it in so many of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// As measured, with half a drop added to each side.
    pub likely: f64,
    /// 95 %, lower end.
    pub low_95: f64,
    /// 95 %, upper end.
    pub high_95: f64,
    /// 99 %, lower end.
    pub low_99: f64,
    /// 99 %, upper end.
    pub high_99: f64,
}

/// Of two series; both have intervals, and arrivals in them.
pub(super) fn ratio(a: &[Interval], b: &[Interval]) -> Ratio {
    let mut rng = Rng::with_seed(SEED);
    let mut drawn: Vec<f64> = (0..DRAWS).map(|_| draw(b, &mut rng) / draw(a, &mut rng)).collect();
    drawn.sort_by(f64::total_cmp);
    // Parts of a thousand.
    let at = |part: usize| drawn[(DRAWS * part / 1000).min(DRAWS - 1)];
    let all = |side: &[Interval]| loss(side.iter().copied());
    Ratio { likely: all(b) / all(a), low_95: at(25), high_95: at(975), low_99: at(5), high_99: at(995) }
}

/// As many intervals as there are, in blocks from anywhere; a block that runs over the end goes on at the start.
fn draw(side: &[Interval], rng: &mut Rng) -> f64 {
    let block = (side.len() / LEAST_BLOCKS).clamp(1, LONGEST_BLOCK);
    let mut drawn = Vec::with_capacity(side.len() + block);
    while drawn.len() < side.len() {
        let start = rng.usize(..side.len());
        drawn.extend((start..start + block).map(|index| side[index % side.len()]));
    }
    loss(drawn.into_iter().take(side.len()))
}

fn loss(intervals: impl Iterator<Item = Interval>) -> f64 {
    let (arrivals, drops) =
        intervals.fold((0_u64, 0_u64), |(arrivals, drops), one| (arrivals + one.arrivals, drops + one.drops));
    (float(drops) + HALF) / float(arrivals.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds with 1,000 arrivals each.
    fn seconds(drops: &[u64]) -> Vec<Interval> {
        let one = |drops: &u64| Interval { length_ns: 1_000_000_000, arrivals: 1000, drops: *drops };
        drops.iter().map(one).collect()
    }

    #[test]
    fn the_same_twice_is_one() {
        let side = seconds(&[100, 90, 110, 95, 105, 100, 98, 102, 101, 99]);
        let ratio = ratio(&side, &side);
        assert!((ratio.likely - 1.0).abs() < 1e-9, "{ratio:?}");
        assert!(ratio.low_99 <= ratio.low_95 && ratio.low_95 < 1.0, "{ratio:?}");
        assert!(1.0 < ratio.high_95 && ratio.high_95 <= ratio.high_99, "{ratio:?}");
        assert!(ratio.low_95 > 0.9 && ratio.high_95 < 1.1, "{ratio:?}");
    }

    #[test]
    fn half_is_half() {
        let (a, b) = (seconds(&[100; 30]), seconds(&[50; 30]));
        let ratio = ratio(&a, &b);
        assert!((ratio.likely - 0.5).abs() < 0.001 && ratio.high_99 < 0.51, "{ratio:?}");
    }

    #[test]
    fn one_burst_says_little_and_many_say_much() {
        let mut once = vec![0; 60];
        once[20] = 30_000;
        let one = ratio(&seconds(&once), &seconds(&[0; 60]));
        assert!(one.likely < 0.001 && one.high_95 >= 0.99, "the burst may just not have come: {one:?}");
        let often: Vec<u64> = (0..60).map(|second| if second % 6 == 0 { 3000 } else { 0 }).collect();
        let many = ratio(&seconds(&often), &seconds(&[0; 60]));
        assert!(many.high_99 < 0.01, "{many:?}");
    }

    #[test]
    fn the_same_files_give_the_same_numbers() {
        let (a, b) = (seconds(&[5, 0, 9, 1, 0, 0, 7, 3]), seconds(&[1, 0, 0, 2, 0, 0, 1, 0]));
        assert_eq!(ratio(&a, &b), ratio(&a, &b));
    }
}
