//! DC102 consumer-throttled: a CPU quota stops the thread that drains the rings.
//!
//! It is this when the draining thread, or its whole cgroup, was throttled for a good part of the time in which a ring was filling or
//! full. The kernel gives a cgroup its quota anew each period (100 ms by default); once it is used up all threads stop until the next
//! period, and the backlog saws up and down with it. Limits of every ancestor cgroup count, not only the container's own.
//!
//! Raise `limits.cpu` (Kubernetes) or `CPUQuota=` (systemd) of the cgroup that the finding names, or remove it: a security tool that
//! is stopped for 60 of each 100 ms is blind for that time. A larger ring helps only as far as it holds what arrives in one stop.
//!
//! Ruled out: starvation, because time throttled is counted apart from time waiting; saturation, because it was not on a CPU.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact},
        verdict::{Claim, Verdict},
        words,
    },
    number::{count, seconds},
    remedies,
    timeline::seconds as from_ns,
};

/// Less of the time than this is no cause.
const LEAST_SHARE: f64 = 0.1;

/// Whether a quota stopped the draining thread.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let (Some(shares), Some(consumer)) = (case.shares(), &case.consumer) else {
        return Verdict::Unknown(words::NO_THREAD);
    };
    let Some(limits) = &consumer.limits else {
        return Verdict::Unknown(words::NO_LIMITS);
    };
    let Some(limit) =
        limits.iter().filter(|limit| limit.throttled_ns > 0).max_by_key(|limit| limit.throttled_ns)
    else {
        return Verdict::Silent("no CPU quota above it was used up".to_owned());
    };
    if shares.throttled < LEAST_SHARE {
        return Verdict::Silent(format!("throttled for {}", words::of_the_time(shares.throttled)));
    }
    let cpus = limit.cpus();
    let quota = cpus.map_or_else(|| "its quota".to_owned(), |cpus| format!("{cpus:.2} CPUs"));
    let summary = format!(
        "{} lost {}: the thread that drains was throttled for {}; cgroup {} may use {quota}.",
        words::name(case),
        words::lost(case),
        words::of_the_time(shares.throttled),
        limit.cgroup
    );
    let mut evidence = vec![
        words::times(&shares),
        Fact::exact(format!(
            "cgroup {}: quota used up in {} periods, its threads held back for {} together",
            limit.cgroup,
            count(limit.throttled_periods),
            seconds(from_ns(limit.throttled_ns))
        )),
    ];
    evidence.extend(words::flow(case));
    let remedy = cpus.map(|cpus| {
        // What it used was the quota; what it wanted is that and the time that it was held back.
        let wanted = cpus / (1.0 - shares.throttled).max(0.1);
        remedies::cpu_limit(&case.place(), &limit.cgroup, cpus, 1.1 * wanted)
    });
    Verdict::Fires(Claim {
        strength: shares.throttled,
        confidence: if shares.throttled >= 0.25 { Confidence::High } else { Confidence::Medium },
        summary,
        evidence,
        remedies: remedy.into_iter().collect(),
        larger_rings: None,
    })
}
