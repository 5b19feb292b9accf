//! A number that is not known to the last digit.

use schemars::JsonSchema;
use serde::Serialize;

/// What a number is at least, probably, and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    /// At least.
    pub low: f64,
    /// Probably.
    pub likely: f64,
    /// At most.
    pub high: f64,
}

impl Interval {
    /// Known as it is.
    #[must_use]
    pub fn exactly(number: f64) -> Self {
        Self { low: number, likely: number, high: number }
    }

    /// From three runs of a model, whose bounds may have crossed.
    #[must_use]
    pub(super) fn of(low: f64, likely: f64, high: f64) -> Self {
        Self { low: low.min(likely), likely, high: high.max(likely) }
    }

    /// Each of the three, changed.
    #[must_use]
    pub(super) fn map(self, change: impl Fn(f64) -> f64) -> Self {
        let [low, likely, high] = [self.low, self.likely, self.high].map(change);
        Self { low: low.min(high), likely, high: high.max(low) }
    }
}
