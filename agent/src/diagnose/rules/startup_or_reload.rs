//! DC110 startup-or-reload: the loss fell in the first seconds of the tool, or of its new configuration.
//!
//! It is this when events were lost within seconds after the tool started, or loaded its configuration anew (its maps are made anew then),
//! and nothing had been taken out of its rings when the loss began, or while they were full. Falco's programs are attached before it has read /proc, its rules and its plugins; what arrives meanwhile waits in the rings.
//!
//! A larger ring helps, and so do fewer reloads (`watch_config_files: false`) and a start in a quiet moment. If the loss goes on later, that
//! part has a cause of its own.
//!
//! Ruled out: a lasting cause, because the loss ended by itself once the tool had begun to drain.

use crate::{
    diagnose::{
        advice::LargerRings,
        case::Case,
        finding::{Confidence, Fact, Remedy},
        verdict::{Claim, Verdict},
        words,
    },
    number::{bytes, seconds},
    remedies::{self, Setting, Value},
    sample::RingSample,
    timeline::seconds as from_ns,
};

/// Loss that began no later than this after the start belongs to it, ns.
const BEGINS_WITHIN_NS: u64 = 5_000_000_000;
/// And that was over by then, ns: what goes on has another cause.
const ENDS_WITHIN_NS: u64 = 12_000_000_000;

/// Whether the tool had just begun.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let Some((what, began_ns)) = began(case) else {
        return Verdict::Unknown("when the tool started: mount the node's /proc (hostPID in a pod)");
    };
    let since = |at_ns: u64| at_ns.saturating_sub(began_ns);
    if since(case.loss.from_ns) > BEGINS_WITHIN_NS {
        let age = seconds(from_ns(since(case.loss.from_ns)));
        return Verdict::Silent(format!("the loss began {age} after its {what}"));
    }
    if since(case.loss.to_ns) > ENDS_WITHIN_NS {
        return Verdict::Silent(format!("the loss went on for long after its {what}"));
    }
    let confidence = match before_draining(case) {
        Before::Yes => Confidence::High,
        Before::Probably => Confidence::Medium,
        Before::No => return Verdict::Silent("it had begun to drain its rings before".to_owned()),
        Before::Unknown => {
            return Verdict::Unknown("the tool's rings when the loss began: CAP_BPF and CAP_PERFMON");
        }
    };
    let summary = format!(
        "{} lost {} within {} of its {what}.",
        words::name(case),
        words::lost(case),
        seconds(from_ns(since(case.loss.to_ns)))
    );
    let capacity_bytes = case.rings.iter().map(|ring| ring.last.capacity_bytes).max().unwrap_or(0);
    let remedies = vec![match what {
        "reload" => remedies::setting(
            &case.place(),
            Setting::Watch,
            Value::of(false),
            "reload when you choose to, in a quiet moment",
        ),
        _ => Remedy::advice("start it before the load comes".to_owned()),
    }];
    let larger = LargerRings { at_least_bytes: 2 * capacity_bytes.max(1), shared: false };
    Verdict::Fires(Claim {
        strength: 1.0,
        confidence,
        summary,
        evidence: vec![
            Fact::exact(format!(
                "its {what} was {} before the loss was first seen",
                seconds(from_ns(since(case.loss.from_ns)))
            )),
            Fact::exact(format!("each of its rings holds {}", bytes(capacity_bytes))),
        ],
        remedies,
        larger_rings: Some(larger),
    })
}

/// Whether the loss began before anything had been taken out of the tool's rings.
enum Before {
    /// Nothing was by the end of the first step with loss.
    Yes,
    /// Each ring that was full in that step was so in its only stall: it is not seen what was taken before it.
    Probably,
    No,
    Unknown,
}

fn before_draining(case: &Case<'_>) -> Before {
    let samples = case.slice.samples();
    let first = samples.partition_point(|sample| sample.clock.monotonic_ns <= case.loss.from_ns);
    let last = samples.partition_point(|sample| sample.clock.monotonic_ns < case.loss.to_ns);
    let of = |index: usize| {
        let rings = samples.get(index).and_then(|sample| sample.rings.as_deref()).unwrap_or_default();
        rings.iter().filter(|ring| ring.is_of(case.loss.subject.tgid))
    };
    if of(first).next().is_none() {
        return Before::Unknown;
    }
    if of(first).all(|ring| ring.consumer_bytes == 0) {
        return Before::Yes;
    }
    let is_same = |ring: &RingSample, other: &RingSample| ring.map_id == other.map_id;
    let was_drained = |ring: &RingSample| {
        let before = first.checked_sub(1).and_then(|before| of(before).find(|other| is_same(ring, other)));
        before.is_some_and(|before| before.consumer_bytes > 0)
    };
    let in_first_stall = |ring: &RingSample| ring.stalls == 1 && 2 * ring.stalled_ns >= ring.full_ns;
    let to_the_end =
        |ring: &RingSample| of(last).find(|other| is_same(ring, other)).is_none_or(in_first_stall);
    let mut full = of(first).filter(|ring| ring.full_ns > 0).peekable();
    if full.peek().is_none()
        || full.any(|ring| was_drained(ring) || !in_first_stall(ring) || !to_the_end(ring))
    {
        return Before::No;
    }
    Before::Probably
}

/// The last start or reload before the end of the loss, `CLOCK_MONOTONIC` ns.
fn began(case: &Case<'_>) -> Option<(&'static str, u64)> {
    let clock = case.slice.last()?.clock;
    let monotonic = |boot_ns: u64| clock.monotonic_ns.checked_sub(clock.boot_ns.saturating_sub(boot_ns));
    let start = case.tool.and_then(|tool| monotonic(tool.start_ns?)).map(|at_ns| ("start", at_ns));
    let reload = case.tool.and_then(|tool| monotonic(tool.last_reload_ns?)).map(|at_ns| ("reload", at_ns));
    let past = |(_, at_ns): &(&str, u64)| *at_ns <= case.loss.to_ns;
    start.into_iter().chain(reload).filter(past).max_by_key(|(_, at_ns)| *at_ns)
}
