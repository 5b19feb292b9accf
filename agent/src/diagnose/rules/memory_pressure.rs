//! DC112 memory-pressure: the node or the tool's cgroup was short of memory, and the draining thread paid for it.
//!
//! It is this when major faults of the draining thread, direct reclaim or memory pressure (PSI) rose in the time in which a ring was filling
//! or full. To be at the limit is normal by itself: page cache counts, and is given back.
//!
//! Raise `limits.memory`: the rings, the scratch areas of each possible CPU and the tool's state must fit. The finding names what the rings
//! take.
//!
//! Ruled out: other sleep (DC104), because of what it waited for.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact, Remedy},
        remedy::Installation,
        verdict::{Claim, Verdict},
        words,
    },
    number::{bytes, count, float, percent},
};

/// Less of the time than this is no cause.
const LEAST_SHARE: f64 = 0.1;
/// Fewer major faults than this in each second of loss are an accident.
const LEAST_FAULTS: f64 = 20.0;

/// Whether the draining thread paid for want of memory.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let (Some(shares), Some(consumer)) = (case.shares(), &case.consumer) else {
        return Verdict::Unknown(words::NO_THREAD);
    };
    let Some(faults) = consumer.major_faults else { return Verdict::Unknown(words::NO_THREAD) };
    let length = crate::timeline::seconds(case.slice.length_ns()).max(1e-9);
    let rate = float(faults) / length;
    if shares.blocked < LEAST_SHARE || rate < LEAST_FAULTS {
        return Verdict::Silent(format!("{} major faults of the draining thread", count(faults)));
    }
    let rings_bytes: u64 = case.rings.iter().map(|ring| ring.last.capacity_bytes).sum();
    let key = match Installation::of_case(case) {
        Installation::Kubernetes => "resources.limits.memory",
        Installation::Systemd => "MemoryMax=",
        Installation::Unknown => "memory.max",
    };
    let summary = format!(
        "{} lost {}: the thread that drains waited {} for pages that had been taken from it ({} major faults).",
        words::name(case),
        words::lost(case),
        percent(shares.blocked),
        count(faults)
    );
    let text = format!("raise the limit of {key}: the rings alone take {}", bytes(rings_bytes));
    Verdict::Fires(Claim {
        strength: shares.blocked,
        confidence: Confidence::Medium,
        summary,
        evidence: vec![
            words::times(&shares),
            Fact::exact(format!("{} page faults of that thread had to wait for a disk", count(faults))),
        ],
        remedies: vec![Remedy::advice(text)],
    })
}
