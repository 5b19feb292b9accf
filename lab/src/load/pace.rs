//! How fast, and until when.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::value::Rate;

/// Calls between two looks at the clock at full speed.
const BATCH: u64 = 1000;
/// Pause between two looks at the clock below it.
const PAUSE: Duration = Duration::from_millis(1);

/// When to stop: at whichever comes first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) calls: Option<u64>,
    pub(crate) time: Option<Duration>,
}

/// Has calls made at `rate` per second (`None`: full speed) up to the limit; `make` takes how many are due.
pub(crate) fn run(rate: Rate, limit: Limit, mut make: impl FnMut(u64)) {
    let start = Instant::now();
    let most = limit.calls.unwrap_or(u64::MAX);
    let mut made = 0;
    while made < most && limit.time.is_none_or(|time| start.elapsed() < time) {
        let due =
            rate.map_or_else(|| made.saturating_add(BATCH), |rate| due(rate, start.elapsed())).min(most);
        make(due.saturating_sub(made));
        made = due.max(made);
        if rate.is_some() {
            thread::sleep(PAUSE);
        }
    }
}

fn due(rate: u64, elapsed: Duration) -> u64 {
    u64::try_from(u128::from(rate) * elapsed.as_nanos() / 1_000_000_000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_exact() {
        for rate in [None, Some(1_000_000)] {
            let mut made = 0;
            run(rate, Limit { calls: Some(12_345), time: None }, |calls| made += calls);
            assert_eq!(made, 12_345);
        }
        assert_eq!(due(2_000, Duration::from_millis(1500)), 3_000);
    }
}
