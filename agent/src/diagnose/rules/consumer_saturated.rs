//! DC101 consumer-saturated: the thread that drains the rings works all the time, and it is not enough.
//!
//! It is this when the draining thread was on a CPU nearly all the time in which a ring was filling or full, no quota stopped it, it
//! hardly waited for a CPU, and more bytes came than it takes at its own speed. All rings that it drains fill, because one thread
//! serves them all.
//!
//! A larger ring only puts the loss off: with arrivals above the drain rate every ring fills in the end. What helps is less work:
//! fewer traced syscalls (`base_syscalls`, rules that need fewer), cheaper rules and plugins, or a second instance for a part of the
//! node. Falco's hot path has one thread; more CPUs do not speed it up.
//!
//! Ruled out: a burst, if the arrivals of a longer time are below the drain rate; throttling and waiting, by the thread's own times.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact, Remedy},
        verdict::{Claim, Verdict},
        words,
    },
    number::percent,
    remedies::{self, Setting, Value},
};

/// The thread must have had the CPU for at least this share of the time.
const LEAST_SHARE: f64 = 0.5;
/// From this share of a CPU on, needed for all that was recorded, no buffer helps.
pub(in crate::diagnose) const SATURATED: f64 = 0.9;

/// Whether the draining thread had no time left.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let Some(shares) = case.shares() else { return Verdict::Unknown(words::NO_THREAD) };
    let Some(needed) = case.flow_in_all.and_then(|flow| flow.needed_share()) else {
        return Verdict::Unknown("how fast the draining thread works: a longer look");
    };
    if shares.running < LEAST_SHARE {
        return Verdict::Silent(format!("it was on a CPU for {} only", words::of_the_time(shares.running)));
    }
    if needed < SATURATED {
        return Verdict::Silent(format!(
            "over all that was recorded, draining takes {} of one CPU: on average the thread keeps up",
            percent(needed)
        ));
    }
    let summary = format!(
        "{} lost {}: the thread that drains was on a CPU for {}, and what arrives would take {} of one.",
        words::name(case),
        words::lost(case),
        words::of_the_time(shares.running),
        percent(needed)
    );
    let mut evidence = vec![words::times(&shares)];
    evidence.extend(words::flow(case));
    evidence
        .push(Fact::estimated(format!("all that was recorded would take {} of one CPU", percent(needed))));
    Verdict::Fires(Claim {
        strength: shares.running,
        confidence: if shares.running >= 0.75 { Confidence::High } else { Confidence::Medium },
        summary,
        evidence,
        remedies: less_to_drain(case),
        larger_rings: None,
    })
}

/// What Falco offers for it, if it is not set so already.
fn less_to_drain(case: &Case<'_>) -> Vec<Remedy> {
    let place = case.place();
    let mut all = Vec::new();
    if !place.is_on(Setting::Repair) {
        all.push(remedies::setting(
            &place,
            Setting::Repair,
            Value::of(true),
            "only the syscalls that rules need",
        ));
    }
    all.push(Remedy::advice(
        "a larger ring does not help: it fills all the same, later. Fewer or cheaper rules and plugins do"
            .to_owned(),
    ));
    if place.has_settings() && !place.is_on(Setting::DropFailed) {
        let why = "the last resort: failed syscalls are not looked at, which an attack may well consist of";
        all.push(remedies::setting(&place, Setting::DropFailed, Value::of(true), why));
    }
    all
}
