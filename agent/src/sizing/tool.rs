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
    diagnose::{finding::Remedy, keys},
    number::{float, ratio},
    sample::MemoryGroup,
    timeline::{Slice, seconds},
};

/// Of what came, so much of what can be drained leaves no room for a ring to help.
const SATURATED: f64 = 1.0;
/// A backlog that grows to the end, from this part of the recording on, is no burst.
const LONG: f64 = 0.5;
/// A rise by this part of a ring is a burst.
const BURST: f64 = 1.0 / 16.0;
/// Memory limits are raised in steps of this, bytes.
const LIMIT_STEP: u64 = 64 << 20;

/// Sizes its rings, or says why that cannot be.
pub(super) fn size(trace: &Trace<'_>, slice: &Slice<'_>, wanted: &[u64]) -> Result<ToolSizing, String> {
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
        (None, true) => smallest.as_ref().map(|one| remedies(trace, slice, one)).unwrap_or_default(),
        _ => Vec::new(),
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
        without: without::list(trace, slice, &judge, &layout, utilisation, arrivals.bytes_per_second),
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

/// The keys of the tool, and a memory limit that the rings fit into.
fn remedies(trace: &Trace<'_>, slice: &Slice<'_>, chosen: &Candidate) -> Vec<Remedy> {
    if chosen.ring_bytes == trace.ring_bytes() {
        return Vec::new();
    }
    let cgroup = trace.process.and_then(|tool| tool.cgroup.as_deref());
    let text = words::chosen(chosen);
    let now = |bytes: u64| super::candidates::preset(trace, bytes).map(|preset| preset.to_string());
    let keys = keys(cgroup, version(trace));
    let mut remedies = vec![match chosen.preset {
        Some(preset) => {
            let text = if version(trace).is_some() || keys.is_chart {
                text
            } else {
                format!("{text} (before Falco 0.38 the key is syscall_buf_size_preset)")
            };
            Remedy::setting(text, keys.preset, now(trace.ring_bytes()), preset.to_string())
        }
        None if trace.is_falco => {
            return vec![Remedy::advice(format!(
                "{text}: no preset of Falco has this size; the largest has 512 MiB"
            ))];
        }
        None => {
            let now = Some(trace.ring_bytes().to_string());
            Remedy::setting(text, "ring size", now, chosen.ring_bytes.to_string())
        }
    }];
    let more = chosen.memory_bytes.saturating_sub(trace.rings.iter().map(|ring| ring.capacity_bytes).sum());
    if let Some((group, limit, used)) = memory_limit(trace, slice)
        && used.saturating_add(more) > limit
    {
        let wanted = limit.saturating_add(more).checked_next_multiple_of(LIMIT_STEP).unwrap_or(u64::MAX);
        let why = "or the larger rings, which count as its memory since Linux 5.11, may get it killed";
        // Only the innermost one is the tool's to set: those above it are of the node.
        remedies.push(if cgroup.is_none_or(|own| own == group) {
            let [now, then] = [limit, wanted].map(|bytes| format!("{}{}", bytes >> 20, keys.mebibytes));
            Remedy::setting(why.to_owned(), keys.memory, Some(now), then)
        } else {
            let [now, then] = [limit, wanted].map(crate::number::bytes);
            Remedy::advice(format!("raise the memory limit of cgroup {group} from {now} to {then}, {why}"))
        });
    }
    remedies
}

/// The tightest limit of its cgroups: whose, how much, and what is used of it, bytes.
fn memory_limit<'a>(trace: &Trace<'_>, slice: &Slice<'a>) -> Option<(&'a str, u64, u64)> {
    let pressure = slice.last()?.pressure.as_ref()?;
    let of_it = pressure.tools.iter().find(|tool| tool.tgid == trace.subject.tgid)?;
    let limit =
        |group: &'a MemoryGroup| Some((group.cgroup.as_str(), group.limit_bytes?, group.current_bytes?));
    let groups = of_it.memory.as_deref()?.iter().filter_map(limit);
    groups.min_by_key(|(_, limit, used)| limit.saturating_sub(*used))
}
