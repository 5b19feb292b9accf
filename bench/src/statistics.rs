//! Medians and their bootstrap intervals. Pure and repeatable: the resampling has a fixed seed.

use serde::Serialize;

/// Resamples per interval.
const RESAMPLES: usize = 10_000;

/// A median with its 95 % bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Estimate {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The value below which `share` of the values lie (nearest rank); 0 without values.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and last")]
    let rank = (share * last as f64).round() as usize;
    sorted[rank.min(last)]
}

/// The middle value, or the mean of the two middle ones; 0 without values.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    median_in_place(&mut sorted)
}

fn median_in_place(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    let lower = below.iter().copied().max_by(f64::total_cmp);
    match lower {
        Some(lower) if values.len().is_multiple_of(2) => (lower + upper) / 2.0,
        _ => upper,
    }
}

/// Median of `values`.
pub(crate) fn estimate(values: &[f64]) -> Estimate {
    let mut random = Random::new();
    let medians: Vec<f64> = (0..RESAMPLES).map(|_| resampled_median(values, &mut random)).collect();
    interval(median(values), &medians)
}

/// Difference of the medians of two independent sets.
pub(crate) fn estimate_difference(values: &[f64], from: &[f64]) -> Estimate {
    let mut random = Random::new();
    let differences: Vec<f64> = (0..RESAMPLES)
        .map(|_| resampled_median(values, &mut random) - resampled_median(from, &mut random))
        .collect();
    interval(median(values) - median(from), &differences)
}

fn interval(median: f64, resampled: &[f64]) -> Estimate {
    Estimate { median, low: quantile(resampled, 0.025), high: quantile(resampled, 0.975) }
}

fn resampled_median(values: &[f64], random: &mut Random) -> f64 {
    let mut sample: Vec<f64> = (0..values.len()).map(|_| values[random.below(values.len())]).collect();
    median_in_place(&mut sample)
}

/// xorshift64*: enough to draw indices.
pub(crate) struct Random(u64);

impl Random {
    /// Always the same sequence.
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "below `bound`")]
        let index = (self.next() % bound as u64) as usize;
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_sets() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn the_interval_holds_the_median_and_narrows_with_more_values() {
        let values = |count: u32| -> Vec<f64> { (0..count).map(|n| f64::from(n % 10)).collect() };
        let (few, many) = (estimate(&values(20)), estimate(&values(2000)));
        assert!(few.low <= few.median && few.median <= few.high, "{few:?}");
        assert!(many.high - many.low <= few.high - few.low, "{few:?} {many:?}");
    }

    #[test]
    fn quantiles_are_ranks() {
        let values: Vec<f64> = (1..=101).map(f64::from).collect();
        assert_eq!(
            (quantile(&values, 0.0), quantile(&values, 0.5), quantile(&values, 1.0)),
            (1.0, 51.0, 101.0)
        );
    }
}
