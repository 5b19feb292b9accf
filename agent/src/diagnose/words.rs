//! Phrases that several rules say.

use super::{
    case::{Case, Shares},
    finding::Fact,
};
use crate::number::{byte_rate, count, percent, seconds};

/// Evidence that is missing where the draining thread is not seen.
pub(super) const NO_THREAD: &str = "what the draining thread did: grant CAP_SYS_PTRACE or run dropctl as uid 0, with \
                                    hostPID in a pod, and mount the node's /proc";
/// What is missing where the CPU limits of a thread's cgroups cannot be read.
pub(super) const NO_LIMITS: &str = "throttling: mount the node's /sys/fs/cgroup";

/// Where the thread's time went.
pub(super) fn times(shares: &Shares) -> Fact {
    let of = if shares.is_pressed { "with a ring more than half full" } else { "in which it was not idle" };
    Fact::exact(format!(
        "the draining thread in the {} {of}: {} running, {} waiting for a CPU, {} throttled, {} blocked, {} idle",
        seconds(shares.seconds),
        percent(shares.running),
        percent(shares.waiting),
        percent(shares.throttled),
        percent(shares.blocked),
        percent(shares.idle)
    ))
}

/// What came and how fast the thread drains.
pub(super) fn flow(case: &Case<'_>) -> Option<Fact> {
    let flow = case.flow?;
    let service = flow.service?;
    Some(Fact::estimated(format!(
        "{} were due in the loss, of which {} were dropped; on a CPU the thread drains {}",
        byte_rate(flow.due_bytes / flow.seconds.max(1e-9)),
        byte_rate(flow.dropped_bytes / flow.seconds.max(1e-9)),
        byte_rate(service)
    )))
}

/// The name of the tool's process.
pub(super) fn name<'a>(case: &'a Case<'_>) -> &'a str {
    &case.loss.subject.comm
}

/// How many events were lost.
pub(super) fn lost(case: &Case<'_>) -> String {
    format!("{} events", count(case.loss.drops))
}

/// A share of the time in which a ring was filling or full.
pub(super) fn of_the_time(share: f64) -> String {
    format!("{} of the time in which a ring was filling or full", percent(share))
}
