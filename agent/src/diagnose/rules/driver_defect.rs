//! DC114 driver-defect: kernel and driver do not fit, or counters contradict each other.
//!
//! It is this when more events are counted as dropped than as tried, a counter goes back without a restart, or kernel and driver are a pair
//! that is known to fail (Linux 7.0 and newer with lazy preemption and Falco up to 0.44.1: events are torn while the program is preempted).
//!
//! Update the tool. Until then the numbers of this tool are not to be trusted.
//!
//! Ruled out: a restart, because process and maps are the same.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact, Remedy},
        verdict::{Claim, Verdict},
        words,
    },
    number::count,
};

/// Whether the tool's counters contradict each other.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let Some(falco) = &case.falco else { return Verdict::Silent("it has no counters that could".to_owned()) };
    let counts = &falco.counts;
    let drops = counts.n_drops_buffer + counts.n_drops_max_event_size.unwrap_or(0);
    // Counters move while they are read: each CPU's own pair may be apart by what came in between.
    let impossible = drops > counts.n_evts.saturating_add(counts.n_evts / 100).saturating_add(1000);
    if !impossible && falco.resets == 0 {
        return Verdict::Silent("its counters agree with each other".to_owned());
    }
    let what = if impossible {
        format!("{} drops of {} events", count(drops), count(counts.n_evts))
    } else {
        format!("counters that went back {} times in one life of its probe", falco.resets)
    };
    let summary =
        format!("{} shows {what}: kernel and driver do not fit, or it reads them wrong.", words::name(case));
    let pair = known_pair(case);
    let mut evidence = vec![Fact::tool(what)];
    evidence.extend(pair.map(|pair| Fact::seen(pair.to_owned())));
    Verdict::Fires(Claim {
        strength: 1.0,
        confidence: if pair.is_some() { Confidence::High } else { Confidence::Medium },
        summary,
        evidence,
        larger_rings: None,
        remedies: vec![Remedy::advice(
            "update the tool and its driver; until then its numbers are not to be trusted".to_owned(),
        )],
    })
}

/// Pairs that are known to fail.
fn known_pair(case: &Case<'_>) -> Option<&'static str> {
    let node = case.slice.node;
    let major: u32 = node.kernel.as_deref()?.split('.').next()?.parse().ok()?;
    let version = case.facts.and_then(|facts| facts.version.as_ref()?.falco.as_deref())?;
    let minor: u32 = version.strip_prefix("0.")?.split('.').next()?.parse().ok()?;
    (major >= 7 && minor <= 44 && node.preemption.as_deref() == Some("lazy")).then_some(
        "Linux 7.0 and newer with lazy preemption, and Falco up to 0.44: its programs are preempted while they build events \
         (falcosecurity/libs#2719)",
    )
}
