//! The answer for one tool.

use super::{
    candidates::{Judge, Outcomes},
    interval::Interval,
    model::{Arrivals, Candidate, Held, NoSize, ToolSizing},
    replay::Layout,
    service::{self, Service},
    trace::Trace,
    without, words,
};
use crate::{
    diagnose::finding::Remedy,
    number::{float, ratio},
    remedies::{self, Place, Wanted},
    timeline::{Slice, seconds},
};

/// Of what came, so much of what can be drained leaves no room for a ring to help.
const SATURATED: f64 = 1.0;
/// A backlog that grows to the end, from this part of the recording on, is no burst.
const LONG: f64 = 0.5;
/// A rise by this part of a ring is a burst.
const BURST: f64 = 1.0 / 16.0;

/// Sizes its rings, or says why that cannot be. What it would save not to trace a syscall takes replays of its own:
/// `has_without` tells whether somebody reads it.
pub(super) fn size(
    trace: &Trace<'_>,
    slice: &Slice<'_>,
    wanted: &[u64],
    has_without: bool,
) -> Result<ToolSizing, String> {
    let (due_bytes, dropped_bytes) = trace.due();
    if due_bytes == 0.0 {
        return Err("nothing came into its rings".to_owned());
    }
    if !trace.knows_drops {
        return Err(
            "its rings were full, and what they refused is not counted in bytes here (docs/refusals.md): \
                    without it every answer would be too good"
                .to_owned(),
        );
    }
    let length = seconds(trace.length_ns());
    let service = service::fit(trace);
    let mut judge = Judge::new(trace, service.as_ref());
    let layout = Layout::as_is(trace);
    let endless = judge.run(&layout, f64::INFINITY, 0.0);
    let arrivals = arrivals(trace, length, due_bytes, dropped_bytes);
    let sustained = service.as_ref().filter(|service| !service.is_lower_bound).map(Service::sustained);
    let utilisation = sustained.map(|sustained| {
        let part = |speed: f64| ratio(arrivals.bytes_per_second, speed);
        Interval::of(part(sustained.high), part(sustained.likely), part(sustained.low))
    });
    let no_size_helps = (arrivals.dropped_bytes > 0.0)
        .then(|| no_size(trace, service.as_ref(), utilisation, &endless, arrivals.bytes_per_second))
        .flatten();
    if no_size_helps.is_some() {
        judge.puts_off();
    }
    let candidates = judge.candidates(wanted);
    let enough = |candidate: &&Candidate| matches!(candidate.held, Held::Holds | Held::Close);
    let of_now =
        candidates.iter().take_while(|one| one.cpus_for_each_buffer == candidates[0].cpus_for_each_buffer);
    let smallest = of_now.filter(enough).min_by_key(|candidate| candidate.ring_bytes).cloned();
    let least_memory =
        candidates.iter().filter(enough).min_by_key(|candidate| candidate.memory_bytes).cloned();
    let least_memory = least_memory
        .filter(|least| smallest.as_ref().is_none_or(|one| least.memory_bytes < one.memory_bytes));
    let remedies = match (&no_size_helps, arrivals.loss > 0.0) {
        (None, true) => remedies(trace, slice, [smallest.as_ref(), least_memory.as_ref()]),
        _ => Vec::new(),
    };
    let without = if has_without {
        let capacity = float(trace.ring_bytes());
        let loss_without = |share| judge.share(&judge.run(&layout, capacity, share)).high;
        without::list(trace, slice, utilisation, arrivals.bytes_per_second, loss_without)
    } else {
        Vec::new()
    };
    let mut sizing = ToolSizing {
        tool: trace.subject.clone(),
        verdict: String::new(),
        version: version(trace).map(str::to_owned),
        ring_bytes: trace.ring_bytes(),
        rings: trace.rings.len(),
        service,
        utilisation,
        no_size_helps,
        needed_bytes: Interval::of(endless.low.peak, endless.likely.peak, endless.high.peak),
        candidates,
        smallest,
        least_memory,
        remedies,
        without,
        arrivals,
    };
    sizing.verdict = words::of_tool(&sizing);
    Ok(sizing)
}

fn version<'a>(trace: &Trace<'a>) -> Option<&'a str> {
    trace.facts?.version.as_ref()?.falco.as_deref()
}

fn arrivals(trace: &Trace<'_>, length: f64, due_bytes: f64, dropped_bytes: f64) -> Arrivals {
    let rings = || trace.steps.iter().flat_map(|step| &step.rings);
    let mut largest: Vec<(u64, u64)> = Vec::new();
    for (length_ns, most) in rings().flat_map(|ring| &ring.arrivals) {
        match largest.iter_mut().find(|(other, _)| other == length_ns) {
            Some((_, known)) => *known = (*known).max(*most),
            None => largest.push((*length_ns, *most)),
        }
    }
    largest.sort_unstable();
    let drops: f64 = rings().map(|ring| ring.drops).sum();
    let is_burst = |ring: &&super::trace::RingStep| ring.peak - ring.begin >= BURST * ring.capacity;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts")]
    let counted = trace.events.map(|(_, drops)| drops).or_else(|| (drops > 0.0).then_some(drops as u64));
    Arrivals {
        bytes_per_second: ratio(due_bytes, length),
        dropped_bytes,
        drops: counted,
        loss: trace.loss(),
        record_bytes: trace.record.map(|(mean, _)| mean),
        largest: largest.into_iter().map(|(length_ns, most)| (seconds(length_ns), most)).collect(),
        bursts: trace.steps.iter().filter(|step| step.rings.iter().any(|ring| is_burst(&ring))).count(),
    }
}

/// Why no size helps, if none does.
fn no_size(
    trace: &Trace<'_>,
    service: Option<&Service>,
    utilisation: Option<Interval>,
    endless: &Outcomes,
    due: f64,
) -> Option<NoSize> {
    let is_saturated = utilisation.is_some_and(|part| part.likely >= SATURATED);
    // What would be in a ring without end, beyond what is in those that there are.
    let held: f64 = trace.steps.last()?.rings.iter().map(|ring| ring.end).sum();
    let grows = endless.likely.left - held > float(trace.ring_bytes()) / 2.0 && backlogged(trace) >= LONG;
    if !is_saturated && !grows {
        return None;
    }
    let fastest = service.map(|service| service.bytes_per_second.likely);
    Some(NoSize {
        why: words::why_none(utilisation, service, due, grows && !is_saturated),
        would: words::what_would(service, due, fastest),
    })
}

/// The part of the recording at its end in which a ring was never near empty.
fn backlogged(trace: &Trace<'_>) -> f64 {
    let has_some = |step: &&super::trace::TraceStep| {
        step.rings.iter().any(|ring| ring.begin.max(ring.end) >= ring.capacity / 2.0)
    };
    let time: u64 = trace.steps.iter().rev().take_while(has_some).map(|step| step.length_ns).sum();
    ratio(float(time), float(trace.length_ns()))
}

/// Rings that lose nothing, as few as they can be with the present sharing, then with any.
fn remedies(trace: &Trace<'_>, slice: &Slice<'_>, chosen: [Option<&Candidate>; 2]) -> Vec<Remedy> {
    let place = Place::of(slice, &trace.subject);
    let now = trace.rings.len();
    let others =
        chosen.into_iter().flatten().filter(|one| one.ring_bytes != trace.ring_bytes() || one.rings != now);
    let of_one = |one: &Candidate| {
        let wanted = Wanted {
            ring_bytes: one.ring_bytes,
            rings: one.rings,
            sharing: one.cpus_for_each_buffer.filter(|_| one.rings != now),
            text: words::held(one),
        };
        remedies::rings(&place, wanted).unwrap_or_else(|| {
            let text = words::chosen(one);
            Remedy::advice(format!("{text}: no preset of Falco has this size; the largest has 512 MiB"))
        })
    };
    others.map(of_one).collect()
}
