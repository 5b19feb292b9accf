//! When a drop alert is due, by the rules of Falco: at most one look at the counters per second of event time, and
//! only when an event is processed.
//!
//! So what is dropped after the last event is in no alert, and a look after a stall covers all of it.

use anyhow::Result;

use super::{bucket::Bucket, counters::Counts};

const SECOND_NS: u64 = 1_000_000_000;

/// What the looks so far have shown.
#[derive(Debug)]
pub(super) struct DropWatch {
    threshold: f64,
    bucket: Bucket,
    next_look_ns: Option<u64>,
    seen: Counts,
    /// Looks that found more drops than the threshold allows.
    pub(super) detected: u64,
    /// How many of them made an alert.
    pub(super) alerted: u64,
}

impl DropWatch {
    pub(super) fn new(threshold: f64, bucket: Bucket) -> Self {
        Self { threshold, bucket, next_look_ns: None, seen: Counts::default(), detected: 0, alerted: 0 }
    }

    /// An event of that time is processed. `read` reads the counters, if it is time to; what they have grown by
    /// is returned if it deserves an alert.
    pub(super) fn event(
        &mut self,
        time_ns: u64,
        read: impl FnOnce() -> Result<Counts>,
    ) -> Result<Option<Counts>> {
        let next_look_ns = *self.next_look_ns.get_or_insert(time_ns + SECOND_NS);
        if time_ns <= next_look_ns {
            return Ok(None);
        }
        self.next_look_ns = Some(time_ns + SECOND_NS);
        let counts = read()?;
        let grown = counts.since(&self.seen);
        self.seen = counts;
        let share = grown.drops() as f64 / grown.events() as f64;
        if grown.drops() == 0 || share <= self.threshold {
            return Ok(None);
        }
        self.detected += 1;
        if !self.bucket.take(time_ns) {
            return Ok(None);
        }
        self.alerted += 1;
        Ok(Some(grown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(events: u64, drops: u64) -> Counts {
        Counts::from_pairs(&[("n_evts", events), ("n_drops_buffer", drops)])
    }

    fn at(watch: &mut DropWatch, tenths: u64, events: u64, drops: u64) -> Option<u64> {
        let grown = watch.event(tenths * (SECOND_NS / 10), || Ok(counts(events, drops))).unwrap();
        grown.map(|grown| grown.drops())
    }

    #[test]
    fn one_look_per_second_of_event_time() {
        let mut watch = DropWatch::new(0.1, Bucket::new(1.0, 10.0));
        assert_eq!(at(&mut watch, 50, 10, 10), None, "the first event starts the second");
        assert_eq!(at(&mut watch, 59, 20, 20), None);
        assert_eq!(at(&mut watch, 61, 30, 30), Some(30), "all since the start");
        assert_eq!(at(&mut watch, 70, 40, 40), None);
        assert_eq!(at(&mut watch, 90, 50, 50), Some(20), "all since the last look");
    }

    #[test]
    fn threshold_and_bucket_hold_back() {
        let mut watch = DropWatch::new(0.1, Bucket::new(0.0, 1.0));
        at(&mut watch, 10, 0, 0);
        assert_eq!(at(&mut watch, 25, 100, 10), None, "a tenth is not above a tenth");
        assert_eq!(at(&mut watch, 40, 200, 30), Some(20));
        assert_eq!(at(&mut watch, 55, 300, 130), None, "the bucket is empty");
        assert_eq!((watch.detected, watch.alerted), (2, 1));
    }
}
