//! DC103 consumer-starved: the thread that drains the rings was ready to run and got no CPU.
//!
//! It is this when the draining thread waited for a CPU for a good part of the time in which a ring was filling or full, and no quota
//! stopped it. Others had the CPUs: neighbours with a higher weight, or simply too many of them.
//!
//! Raise the tool's weight: `requests.cpu` in Kubernetes sets it (limits do not), `CPUWeight=` under systemd; or move load away. A
//! larger ring does not help for long: a real Falco at 1 % of a CPU lost 79 % of its events with 8 MiB and 80 % with 64 MiB.
//!
//! Ruled out: throttling, by the counters of every ancestor cgroup; saturation, because it was not on a CPU.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact},
        verdict::{Claim, Verdict},
        words,
    },
    number::count,
    remedies,
};

/// Less of the time than this is no cause: any busy node makes a thread wait now and then.
const LEAST_SHARE: f64 = 0.15;

/// Whether the draining thread got no CPU.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let (Some(shares), Some(consumer)) = (case.shares(), &case.consumer) else {
        return Verdict::Unknown(words::NO_THREAD);
    };
    if shares.waiting < LEAST_SHARE {
        return Verdict::Silent(format!("it waited for a CPU for {}", words::of_the_time(shares.waiting)));
    }
    // One that is throttled is runnable, too.
    if consumer.limits.is_none() {
        return Verdict::Unknown(words::NO_LIMITS);
    }
    let summary = format!(
        "{} lost {}: the thread that drains was ready to run and waited for a CPU for {}.",
        words::name(case),
        words::lost(case),
        words::of_the_time(shares.waiting)
    );
    let mut evidence = vec![words::times(&shares)];
    if let Some(switches) = consumer.involuntary_switches {
        evidence.push(Fact::exact(format!("another thread took its CPU {} times", count(switches))));
    }
    evidence.extend(words::flow(case));
    Verdict::Fires(Claim {
        strength: shares.waiting,
        confidence: if shares.waiting >= 0.4 { Confidence::High } else { Confidence::Medium },
        summary,
        evidence,
        larger_rings: None,
        remedies: vec![remedies::cpu_weight(&case.place())],
    })
}
