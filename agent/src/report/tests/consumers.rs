//! Threads that drain, made by hand.

use super::SECOND;
use crate::sample::{BlockedIn, ConsumerSample, ConsumerStates, CpuLimit, KnownBy};

/// A thread that was throttled most of the time, for so long or less, and another one that may not be the right one.
pub(super) fn sample() -> Vec<ConsumerSample> {
    const MS: u64 = 1_000_000;
    let falco = ConsumerSample {
        tgid: 50,
        tid: 51,
        comm: "falco".to_owned(),
        tool: "falco".to_owned(),
        known_by: KnownBy::Settings,
        candidates: 1,
        since_ns: 100 * SECOND,
        time_ns: 102 * SECOND,
        states: ConsumerStates {
            running_ns: 400 * MS,
            waiting_ns: 90 * MS,
            throttled_ns: 1200 * MS,
            blocked_ns: 200 * MS,
            idle_ns: 100 * MS,
        },
        unplaced_ns: 10 * MS,
        throttled_min_ns: 1100 * MS,
        throttled_max_ns: 1200 * MS,
        blocked_in: vec![BlockedIn {
            state: 'D',
            wchan: Some("folio_wait_bit_common".to_owned()),
            syscall: Some(74),
            time_ns: 180 * MS,
        }],
        major_faults: Some(3),
        limits: Some(vec![
            CpuLimit { cgroup: "/pods/falco".to_owned(), ..CpuLimit::default() },
            CpuLimit {
                cgroup: "/pods".to_owned(),
                quota_ns: Some(20 * MS),
                period_ns: Some(100 * MS),
                throttled_periods: 20,
                throttled_ns: 1200 * MS,
            },
        ]),
        ..ConsumerSample::default()
    };
    let idle = ConsumerSample {
        tgid: 60,
        tid: 60,
        comm: "a|b".to_owned(),
        tool: "other".to_owned(),
        known_by: KnownBy::CpuTime,
        candidates: 2,
        states: ConsumerStates { idle_ns: 2 * SECOND, ..ConsumerStates::default() },
        throttled_min_ns: 0,
        throttled_max_ns: 0,
        unplaced_ns: 0,
        blocked_in: Vec::new(),
        limits: None,
        ..falco.clone()
    };
    vec![falco, idle]
}
