//! The threads that drain rings, from the last sample. Pure.

use agent_common::slot;

use super::{
    model::{Blockage, Consumer, Limit},
    number::{float, ratio},
};
use crate::{
    evidence::Evidence,
    sample::{BlockedIn, ConsumerSample, CpuLimit, KnownBy},
    syscall,
    timeline::seconds,
};

/// All of them, as sampled.
#[must_use]
pub(super) fn build(consumers: &[ConsumerSample]) -> Vec<Consumer> {
    consumers.iter().map(consumer).collect()
}

fn consumer(sample: &ConsumerSample) -> Consumer {
    let states = &sample.states;
    let is_exact = sample.candidates == 1
        && states.blocked_ns == 0
        && sample.throttled_min_ns == sample.throttled_max_ns;
    Consumer {
        evidence: if is_exact { Evidence::Exact } else { Evidence::Estimated },
        tool: sample.tool.clone(),
        tgid: sample.tgid,
        tid: sample.tid,
        comm: sample.comm.clone(),
        known_by: match sample.known_by {
            KnownBy::Settings => "settings",
            KnownBy::OnlyThread => "only_thread",
            KnownBy::CpuTime => "cpu_time",
        }
        .to_owned(),
        candidates: sample.candidates,
        seconds: seconds(sample.time_ns.saturating_sub(sample.since_ns)),
        running_seconds: seconds(states.running_ns),
        waiting_seconds: seconds(states.waiting_ns),
        throttled_seconds: seconds(states.throttled_ns),
        throttled_min_seconds: seconds(sample.throttled_min_ns),
        throttled_max_seconds: seconds(sample.throttled_max_ns),
        blocked_seconds: seconds(states.blocked_ns),
        idle_seconds: seconds(states.idle_ns),
        unplaced_seconds: seconds(sample.unplaced_ns),
        blocked_in: sample.blocked_in.iter().map(blockage).collect(),
        limits: sample.limits.as_deref().map(|limits| limits.iter().filter_map(limit).collect()),
        major_faults: sample.major_faults,
    }
}

fn blockage(blocked: &BlockedIn) -> Blockage {
    // The ABI of the thread is not known; numbers of tools' threads are those of the kernel.
    let name = |number: u32| match u16::try_from(number) {
        Ok(number) if u32::from(number) < slot::NUMBERS => syscall::name(number).into_owned(),
        _ => format!("syscall_{number}"),
    };
    Blockage {
        state: blocked.state.to_string(),
        wchan: blocked.wchan.clone(),
        syscall: blocked.syscall.map(name),
        seconds: seconds(blocked.time_ns),
    }
}

fn limit(limit: &CpuLimit) -> Option<Limit> {
    let (quota_ns, period_ns) = (limit.quota_ns?, limit.period_ns?);
    Some(Limit {
        cgroup: limit.cgroup.clone(),
        cpus: ratio(float(quota_ns), float(period_ns)),
        period_seconds: seconds(period_ns),
        throttled_periods: limit.throttled_periods,
        throttled_seconds: seconds(limit.throttled_ns),
    })
}
