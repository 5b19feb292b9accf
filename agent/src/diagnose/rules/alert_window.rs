//! DC303 alert-window: an alert's "last second" covered a longer time.
//!
//! It is this when the tool did not look at its counters for longer than a second, because it looks only when an event at least one second
//! later is processed: a consumer that was stopped counts the loss of the whole stop into one alert. What was lost after the last look
//! before its end is in no alert at all.
//!
//! Use the counters for amounts and times; an alert only says that there was loss.

use crate::{
    diagnose::{
        case::Case,
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Remedy, Severity},
        words,
    },
    number::seconds,
    timeline::seconds as from_ns,
};

/// Falco looks at most once a second; a consumer that stood still for longer looked less often, ns.
const LONGEST_SECOND_NS: u64 = 1_500_000_000;

/// Whether an alert's "last second" was longer than one.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Option<Finding> {
    // Only Falco's family says "last second".
    let falco = case.falco.as_ref()?;
    let ring =
        case.rings.iter().filter(|ring| ring.stalls > 0).max_by_key(|ring| ring.stalled_ns / ring.stalls)?;
    let stall_ns = ring.stalled_ns / ring.stalls;
    let has_ended = falco.is_gone;
    if stall_ns < LONGEST_SECOND_NS && !has_ended {
        return None;
    }
    let stood = seconds(from_ns(stall_ns));
    let summary = match has_ended {
        true => format!(
            "{} ended with this loss: what it lost after its last look is in no alert.",
            words::name(case)
        ),
        false => format!(
            "An alert of {} about this loss says \"in last second\" and covers {stood}: its thread took no event for so long.",
            words::name(case)
        ),
    };
    Some(Finding {
        tool: Some(case.loss.subject.clone()),
        evidence: vec![Fact::exact(format!(
            "its ring was not drained in {} stretches of {stood} on average",
            ring.stalls
        ))],
        remedies: vec![Remedy::advice(
            "take amounts and times from counters (dropctl_falco_drops_total), not from alerts".to_owned(),
        )],
        ..Finding::new(Code::AlertWindow, Severity::Info, Confidence::High, summary)
    })
}
