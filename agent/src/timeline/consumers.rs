//! What threads that drain rings did in a slice: the last sample of each less the first.

use super::Slice;
use crate::sample::{BlockedIn, ConsumerSample, CpuLimit};

impl Slice<'_> {
    /// Those of the last sample, with what they did since the first; since they were found if that was later. `None`
    /// where they were not watched.
    #[must_use]
    pub fn consumers(&self) -> Option<Vec<ConsumerSample>> {
        let first = self.first()?.consumers.as_deref().unwrap_or_default();
        let last = self.last()?.consumers.as_deref()?;
        Some(last.iter().map(|now| since(first, now)).collect())
    }
}

fn since(first: &[ConsumerSample], now: &ConsumerSample) -> ConsumerSample {
    let is_same = |before: &&ConsumerSample| {
        (before.tgid, before.tid, before.since_ns) == (now.tgid, now.tid, now.since_ns)
    };
    let Some(before) = first.iter().find(is_same) else { return now.clone() };
    let known = |of: fn(&ConsumerSample) -> Option<u64>| Some(of(now)?.saturating_sub(of(before)?));
    ConsumerSample {
        // What was in no state yet is placed since then.
        since_ns: before.time_ns.saturating_sub(before.unplaced_ns),
        states: now.states.since(&before.states),
        pressed: now.pressed.since(&before.pressed),
        throttled_min_ns: now.throttled_min_ns.saturating_sub(before.throttled_min_ns),
        throttled_max_ns: now.throttled_max_ns.saturating_sub(before.throttled_max_ns),
        blocked_in: blocked_since(&before.blocked_in, &now.blocked_in),
        voluntary_switches: known(|sample| sample.voluntary_switches),
        involuntary_switches: known(|sample| sample.involuntary_switches),
        major_faults: known(|sample| sample.major_faults),
        block_io_ns: known(|sample| sample.block_io_ns),
        limits: now
            .limits
            .as_deref()
            .map(|limits| CpuLimit::since(before.limits.as_deref().unwrap_or_default(), limits)),
        ..now.clone()
    }
}

fn blocked_since(before: &[BlockedIn], now: &[BlockedIn]) -> Vec<BlockedIn> {
    let place = |blocked: &BlockedIn| (blocked.state, blocked.wchan.clone(), blocked.syscall);
    let earlier = |now: &BlockedIn| {
        before.iter().find(|before| place(before) == place(now)).map_or(0, |before| before.time_ns)
    };
    let grown =
        |now: &BlockedIn| BlockedIn { time_ns: now.time_ns.saturating_sub(earlier(now)), ..now.clone() };
    let mut places: Vec<BlockedIn> = now.iter().map(grown).filter(|place| place.time_ns > 0).collect();
    places.sort_by_key(|place| std::cmp::Reverse(place.time_ns));
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::{ConsumerStates, Sample},
        timeline::example,
    };

    fn sample(tid: u32, time_ns: u64, running_ns: u64, blocked_ns: u64, unplaced_ns: u64) -> ConsumerSample {
        let place = BlockedIn { state: 'D', time_ns: blocked_ns, ..BlockedIn::default() };
        let limit = CpuLimit { cgroup: "/a".to_owned(), throttled_ns: running_ns, ..CpuLimit::default() };
        ConsumerSample {
            tgid: 7,
            tid,
            since_ns: 100,
            time_ns,
            states: ConsumerStates { running_ns, blocked_ns, ..ConsumerStates::default() },
            unplaced_ns,
            blocked_in: vec![place],
            limits: Some(vec![limit]),
            ..ConsumerSample::default()
        }
    }

    fn consumers(
        first: Option<Vec<ConsumerSample>>,
        last: Option<Vec<ConsumerSample>>,
    ) -> Option<Vec<ConsumerSample>> {
        let at = |(ns, consumers)| Sample { consumers, ..example::sample(ns) };
        example::timeline([(150, first), (250, last)].map(at)).all().consumers()
    }

    #[test]
    fn states_of_a_slice_add_up_to_its_time() {
        let seen =
            consumers(Some(vec![sample(8, 150, 30, 15, 5)]), Some(vec![sample(8, 250, 90, 50, 10)])).unwrap();
        let seen = &seen[0];
        assert_eq!((seen.states.running_ns, seen.states.blocked_ns, seen.unplaced_ns), (60, 35, 10));
        assert_eq!(seen.time_ns - seen.since_ns, 60 + 35 + 10);
        assert_eq!(seen.blocked_in[0].time_ns, 35);
        assert_eq!(seen.limits.as_ref().unwrap()[0].throttled_ns, 60);
    }

    #[test]
    fn another_thread_counts_from_when_it_was_found() {
        let last = sample(9, 250, 90, 50, 10);
        let seen = consumers(Some(vec![sample(8, 150, 30, 15, 5)]), Some(vec![last.clone()]));
        assert_eq!(seen, Some(vec![last.clone()]));
        assert_eq!(consumers(None, Some(vec![last.clone()])), Some(vec![last.clone()]));
        assert_eq!(consumers(Some(vec![last]), None), None);
    }
}
