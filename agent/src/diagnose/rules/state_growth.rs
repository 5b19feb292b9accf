//! DC113 state-growth: each event costs the tool more than it did before.
//!
//! It is this when CPU time per consumed event rises over the time that was recorded while the rate of events does not, and the tool's own
//! counts (threads, file descriptors, failed look-ups) climb with it. In the end the thread is saturated.
//!
//! A restart helps for a while. Report the growing count to the tool's maintainers; lower `falco_libs.thread_table_size` or the purging
//! interval where the thread table is what grows.
//!
//! Ruled out: more load, because the rate of events was steady.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact, Remedy},
        verdict::{Claim, Verdict},
        words,
    },
    number::float,
    timeline::{Slice, Step, seconds},
};

/// Shorter recordings say nothing about growth, s.
const LEAST_SECONDS: f64 = 6.0;
/// The last part costs so many times more than the first.
const LEAST_GROWTH: f64 = 1.5;
/// The rate of the last part may differ from that of the first by this factor.
const STEADY: f64 = 1.3;

/// Whether each event costs more and more.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let Some(shares) = case.shares() else { return Verdict::Unknown(words::NO_THREAD) };
    let Some((begin_ns, end_ns)) = busy(case) else { return Verdict::Unknown("how many events came") };
    let length_ns = end_ns - begin_ns;
    if seconds(length_ns) < LEAST_SECONDS {
        return Verdict::Unknown("how cost changes over time: a longer look");
    }
    let part = |index: u64| {
        let start_ns = begin_ns + index * length_ns / 4;
        cost(case, &case.whole.between(start_ns, start_ns + length_ns / 4))
    };
    let parts: Vec<(f64, f64)> = (0..4).filter_map(part).collect();
    let [(first, first_rate), second, third, (last, last_rate)] = parts[..] else {
        return Verdict::Silent("it had nothing to do for a part of the time".to_owned());
    };
    let rises = first < second.0 && second.0 < third.0 && third.0 < last;
    if !rises || last < LEAST_GROWTH * first {
        return Verdict::Silent(format!(
            "an event took {:.1} us at first and {:.1} us at the end",
            1e6 * first,
            1e6 * last
        ));
    }
    if last_rate > STEADY * first_rate {
        return Verdict::Silent("more events came in the end than at first".to_owned());
    }
    let summary = format!(
        "{} lost {}: each event costs its thread more and more, {:.1} us at first and {:.1} us at the end.",
        words::name(case),
        words::lost(case),
        1e6 * first,
        1e6 * last
    );
    let steps: Vec<String> = parts.iter().map(|(cost, _)| format!("{:.1}", 1e6 * cost)).collect();
    Verdict::Fires(Claim {
        strength: shares.running,
        confidence: Confidence::Medium,
        summary,
        evidence: vec![
            Fact::estimated(format!("CPU time for each consumed event in four parts of the time: {} us", steps.join(", "))),
            words::times(&shares),
        ],
        larger_rings: None,
        remedies: vec![Remedy::advice(
            "restart it, and watch which of its counts climbs (n_threads, n_fds, n_failed_fd_lookups): that one belongs \
             in an issue of the tool"
                .to_owned(),
        )],
    })
}

/// The time in which at least half as much came as in the busiest second, CLOCK_MONOTONIC ns: load that begins or ends within
/// the look would look like a change of it.
fn busy(case: &Case<'_>) -> Option<(u64, u64)> {
    let tgid = case.loss.subject.tgid;
    let rates: Vec<(u64, u64, f64)> = case
        .whole
        .steps()
        .filter_map(|step| {
            Some((step.from.clock.monotonic_ns, step.to.clock.monotonic_ns, rate(tgid, &step)?))
        })
        .collect();
    let highest = rates.iter().map(|(.., rate)| *rate).reduce(f64::max)?;
    let mut busy = rates.iter().filter(|(.., rate)| *rate >= highest / 2.0);
    let first = busy.next()?;
    Some((first.0, busy.next_back().unwrap_or(first).1))
}

/// CPU time for an event that was consumed, s, and how many came in its busiest second; `None` where too little happened.
fn cost(case: &Case<'_>, slice: &Slice<'_>) -> Option<(f64, f64)> {
    const LEAST_EVENTS: f64 = 100.0;
    let tgid = case.loss.subject.tgid;
    let threads = slice.consumers()?.into_iter().filter(|thread| thread.tgid == tgid);
    let running: u64 = threads.map(|thread| thread.states.running_ns).sum();
    let event_bytes = case.flow_in_all?.event_bytes?;
    let rings = slice.rings().into_iter().filter(|ring| ring.last.is_of(tgid));
    let consumed: u64 = rings.map(|ring| ring.consumed_bytes).sum();
    let events = float(consumed) / event_bytes;
    let rate = slice.steps().filter_map(|step| rate(tgid, &step)).reduce(f64::max)?;
    (events >= LEAST_EVENTS && running > 0).then(|| (seconds(running) / events, rate))
}

/// Events that came in a second. The largest of a part counts: load that begins or ends within it makes its mean smaller.
fn rate(tgid: u32, step: &Step<'_>) -> Option<f64> {
    let falco = step.slice().falcos().into_iter().find(|falco| falco.last.tgid == tgid)?;
    Some(float(falco.counts.n_evts) / seconds(step.length_ns()).max(1e-9))
}
