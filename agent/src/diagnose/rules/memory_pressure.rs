//! DC112 memory-pressure: the node or the tool's cgroup was short of memory, and the draining thread paid for it.
//!
//! It is this when, in the time in which a ring was filling or full, major faults of the draining thread rose and it slept; or all threads of
//! the tool's cgroup stood still for want of memory (`full` of its `memory.pressure`), which counts direct reclaim too: a thread that frees
//! memory is on a CPU and drains nothing. To be at the limit is normal by itself: page cache counts, and is given back; how often memory had
//! to be reclaimed at the limit is told beside it, and is no cause.
//!
//! Raise `limits.memory`: the rings, the scratch areas of each possible CPU and the tool's state must fit. The finding names what the rings
//! take. Where no limit was hit, or there is none, the node itself is short: no limit helps.
//!
//! Ruled out: other sleep (DC104), because of what it waited for.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact},
        verdict::{Claim, Verdict},
        words,
    },
    number::{bytes, count, float, percent},
    remedies,
    timeline::Stalled,
};

/// Less of the time than this is no cause.
const LEAST_SHARE: f64 = 0.1;
/// Fewer major faults than this in each second of loss are an accident.
const LEAST_FAULTS: f64 = 20.0;
/// More of the time than this is most of it. Stalls lie across the states of the thread, so that their shares cannot be compared
/// further.
const MOST_SHARE: f64 = 0.5;

/// Whether the draining thread paid for want of memory.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let faults = case.consumer.as_ref().and_then(|consumer| consumer.major_faults);
    let shares = case.shares();
    let stalled = case.memory.tool.and_then(|tool| tool.full);
    let length = crate::timeline::seconds(case.slice.length_ns()).max(1e-9);
    let waited = faults
        .zip(shares.as_ref())
        .filter(|(faults, shares)| shares.blocked >= LEAST_SHARE && float(*faults) / length >= LEAST_FAULTS);
    let stood = stalled.filter(|stalled| *stalled >= LEAST_SHARE);
    let how = match (waited, stood) {
        (Some((faults, shares)), _) => format!(
            "the thread that drains waited {} for pages that had been taken from it ({} major faults)",
            percent(shares.blocked),
            count(faults)
        ),
        (None, Some(stood)) => {
            format!("for {} of the time all that it had to do waited for memory", percent(stood))
        }
        (None, None) => return no(faults, stalled, shares.is_some()),
    };
    let strength = match stood {
        Some(stood) if stood >= MOST_SHARE => 1.0,
        stood => stood.unwrap_or(0.0).max(waited.map_or(0.0, |(_, shares)| shares.blocked)),
    };
    let rings_bytes: u64 = case.rings.iter().map(|ring| ring.last.capacity_bytes).sum();
    let both = waited.is_some() && stood.is_some();
    Verdict::Fires(Claim {
        strength,
        confidence: if both { Confidence::High } else { Confidence::Medium },
        summary: format!("{} lost {}: {how}.", words::name(case), words::lost(case)),
        evidence: evidence(case, faults),
        remedies: vec![remedies::more_memory(
            &case.place(),
            case.memory.limit_hits,
            &format!("the rings alone take {}", bytes(rings_bytes)),
        )],
        larger_rings: None,
    })
}

/// It is not, or what would have to be known.
fn no(faults: Option<u64>, stalled: Option<f64>, is_thread_seen: bool) -> Verdict {
    let stood = |stalled| format!("all of its cgroup waited for memory {} of the time", percent(stalled));
    match (faults.filter(|_| is_thread_seen), stalled) {
        (Some(faults), Some(stalled)) => Verdict::Silent(format!(
            "{} major faults of the draining thread; {}",
            count(faults),
            stood(stalled)
        )),
        (Some(faults), None) => {
            Verdict::Silent(format!("{} major faults of the draining thread", count(faults)))
        }
        (None, _) if !is_thread_seen => Verdict::Unknown(words::NO_THREAD),
        (None, Some(stalled)) => Verdict::Silent(stood(stalled)),
        (None, None) => Verdict::Unknown(
            "major faults of the draining thread (/proc/PID/task/TID/stat), and stalls of its cgroup \
             (memory.pressure: cgroup v2, and a kernel that is not started with psi=0)",
        ),
    }
}

fn evidence(case: &Case<'_>, faults: Option<u64>) -> Vec<Fact> {
    let stalled = |whose: &str, stalled: Stalled| {
        let full = stalled.full.map(|full| format!(", and all that could have run {}", percent(full)));
        let some = percent(stalled.some);
        let full = full.unwrap_or_default();
        Fact::exact(format!("{whose} (PSI): some thread waited for memory {some} of the time{full}"))
    };
    let hits = case.memory.limit_hits.filter(|hits| *hits > 0).map(|hits| {
        let times = count(hits);
        Fact::exact(format!(
            "{times} times its cgroup or one above it was at its limit, and memory was reclaimed for it first"
        ))
    });
    let faults = faults.map(|faults| {
        Fact::exact(format!("{} page faults of that thread had to wait for a disk", count(faults)))
    });
    let shares = case.shares();
    let own = case.memory.tool.map(|tool| stalled("the tool's cgroup", tool));
    let node = case.memory.node.map(|node| stalled("the node", node));
    shares.as_ref().map(words::times).into_iter().chain(faults).chain(own).chain(node).chain(hits).collect()
}
