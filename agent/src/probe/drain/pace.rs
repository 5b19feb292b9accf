//! How long the drain may sleep. Pure.
//!
//! The kernel half wakes nobody, because a wakeup per event costs more than the event. So the drain must come
//! back before the ring can be full: it sleeps for the time in which producers at full speed fill a quarter of
//! it, and for less while it finds more than that. Empty or not, it never spins.

use std::time::Duration;

/// What all producers together can write to one shared ring, bytes/s, with every event streamed. The ring's lock
/// bounds them: 2 to 4 million records/s on several CPUs (kernel selftest `bench ringbufs`), and most from one CPU:
/// 6.5 million of 40 bytes on the development machine (docs/benchmarks.md); this is the latter, rounded up.
const PRODUCER_BYTES_PER_SECOND: u64 = 256 << 20;

const SHORTEST: Duration = Duration::from_micros(200);
const LONGEST: Duration = Duration::from_millis(100);

/// Sleep times of one drain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    quarter_bytes: u64,
    longest: Duration,
    current: Duration,
}

impl Pace {
    /// For a ring of `capacity_bytes` that takes one event in `sample`.
    pub(super) fn new(capacity_bytes: u64, sample: u32) -> Self {
        let quarter_bytes = capacity_bytes / 4;
        let fill_ns = quarter_bytes.saturating_mul(u64::from(sample)).saturating_mul(1_000_000_000)
            / PRODUCER_BYTES_PER_SECOND;
        let longest = Duration::from_nanos(fill_ns).clamp(SHORTEST, LONGEST);
        Self { quarter_bytes, longest, current: longest }
    }

    /// The next sleep, after a look that found `backlog_bytes`.
    pub(super) fn after(&mut self, backlog_bytes: u64) -> Duration {
        self.current = if backlog_bytes > self.quarter_bytes {
            (self.current / 2).max(SHORTEST)
        } else if backlog_bytes < self.quarter_bytes / 4 {
            (self.current * 2).min(self.longest)
        } else {
            self.current
        };
        self.current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_while_producers_fill_a_quarter() {
        assert_eq!(Pace::new(8 << 20, 1).longest, Duration::from_nanos(7_812_500));
        assert_eq!(Pace::new(8 << 20, 64).longest, LONGEST);
        assert_eq!(Pace::new(4096, 1).longest, SHORTEST);
    }

    #[test]
    fn hurries_while_the_backlog_is_large_and_relaxes_after() {
        let mut pace = Pace::new(8 << 20, 1);
        assert_eq!(pace.after(3 << 20), pace.longest / 2);
        assert_eq!(pace.after(3 << 20), pace.longest / 4);
        assert_eq!(pace.after(1 << 20), pace.longest / 4, "between the marks it keeps its pace");
        assert_eq!(pace.after(0), pace.longest / 2);
        assert_eq!(pace.after(0), pace.longest);
        assert_eq!(pace.after(0), pace.longest);
    }
}
