//! Sentences of the answer.

use super::{
    SHORT,
    interval::Interval,
    model::{Candidate, Held, ToolSizing, Window},
    service::Service,
};
use crate::{
    number::{byte_rate, bytes, count, percent, seconds},
    timeline::Slice,
};

/// A stall of less than this part of the time is not worth naming.
const WORTH_NAMING: f64 = 0.05;

/// What the length of the recording does not allow to say.
pub(super) fn of_window(window: &Window) -> String {
    let rarest = seconds(window.rarest_seconds);
    let more = if window.is_short {
        format!("; less than {} stand for nothing but themselves", seconds(SHORT))
    } else {
        String::new()
    };
    format!(
        "{} were seen. Bursts that come less often than every {rarest} may not have been among them, and nothing is said about \
         them{more}.",
        seconds(window.seconds)
    )
}

/// Buffers that are not rings, and rings that are not seen.
pub(super) fn of_others(slice: &Slice<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let Some(last) = slice.last() else { return said };
    if last.rings.is_none() {
        said.push("Rings of others were not watched.".to_owned());
    }
    for tool in last.tools.iter().flatten().filter(|tool| tool.is_running) {
        let what = match tool.engine.as_deref() {
            Some("kmod") => "the rings of its kernel module are out of sight",
            Some("ebpf") => "it has perf buffers, whose backlog is not watched",
            _ => continue,
        };
        said.push(format!("{} (pid {}): {what}.", tool.comm, tool.tgid));
    }
    let overwrites = |ring: &&crate::sample::RingSample| ring.overwrites;
    let rings = last.rings.iter().flatten().filter(overwrites).count();
    if rings > 0 {
        said.push(format!("{rings} rings overwrite their oldest records and refuse nothing."));
    }
    said
}

/// All tools in a few sentences.
pub(super) fn of_all(tools: &[ToolSizing], window: &Window) -> String {
    if tools.is_empty() {
        return format!("No ring of a tool had anything in it in {}.", seconds(window.seconds));
    }
    tools.iter().map(|tool| tool.verdict.clone()).collect::<Vec<_>>().join(" ")
}

/// One tool in one or two sentences; that no size helps comes first.
pub(super) fn of_tool(sizing: &ToolSizing) -> String {
    let name = &sizing.tool.comm;
    let lost = match sizing.arrivals.drops {
        Some(drops) => format!("{} of what was due ({} events)", percent(sizing.arrivals.loss), count(drops)),
        None => format!("{} of what was due", percent(sizing.arrivals.loss)),
    };
    if let Some(none) = &sizing.no_size_helps {
        let would = none.would.first().map(|would| format!(" What would: {would}.")).unwrap_or_default();
        return format!("No ring size helps {name}, which lost {lost}: {}.{would}", none.why);
    }
    let now = size(sizing.rings, sizing.ring_bytes);
    let smallest = sizing.smallest.as_ref();
    if sizing.arrivals.loss == 0.0 {
        let needed = bytes_of(sizing.needed_bytes.likely);
        let smaller = smallest
            .filter(|one| one.ring_bytes < sizing.ring_bytes)
            .map(|one| format!(": {} would have done", chosen(one)))
            .unwrap_or_default();
        return format!("{name} lost nothing; the fullest of its rings ({now}) held {needed}{smaller}.");
    }
    let Some(one) = smallest else {
        return format!("{name} lost {lost} with {now}, and no size that was tried holds all that came.");
    };
    let close = if one.held == Held::Close {
        format!(", though up to {} are not excluded", percent(one.loss.high))
    } else {
        String::new()
    };
    let less = sizing
        .least_memory
        .as_ref()
        .map(|least| format!(" With {}, {} do.", sharing(least), bytes(least.memory_bytes)))
        .unwrap_or_default();
    format!("{name} lost {lost} with {now}; {} would have lost nothing{close}.{less}", chosen(one))
}

/// Such as `preset 4, 2 rings of 8.0 MiB, 16.0 MiB of memory`.
pub(super) fn chosen(candidate: &Candidate) -> String {
    let preset = candidate.preset.map(|preset| format!("preset {preset}, ")).unwrap_or_default();
    let rings = size(candidate.rings, candidate.ring_bytes);
    format!("{preset}{rings}, {} of memory", bytes(candidate.memory_bytes))
}

/// What a candidate does, and what it costs.
pub(super) fn held(candidate: &Candidate) -> String {
    let close = match candidate.held {
        Held::Close => format!(", though up to {} of loss are not excluded", percent(candidate.loss.high)),
        _ => String::new(),
    };
    let rings = size(candidate.rings, candidate.ring_bytes);
    format!(
        "{rings} would have held all that came{close} (predicted); {} of memory",
        bytes(candidate.memory_bytes)
    )
}

/// Such as `2 rings of 8.0 MiB`.
pub(super) fn size(rings: usize, ring_bytes: u64) -> String {
    let word = if rings == 1 { "ring" } else { "rings" };
    format!("{rings} {word} of {}", bytes(ring_bytes))
}

/// How rings are shared.
pub(super) fn sharing(candidate: &Candidate) -> String {
    match candidate.cpus_for_each_buffer {
        Some(0) => "one ring for all CPUs (cpus_for_each_buffer 0)".to_owned(),
        Some(1) => "a ring for each CPU (cpus_for_each_buffer 1)".to_owned(),
        Some(cpus) => format!("a ring for {cpus} CPUs (cpus_for_each_buffer {cpus})"),
        None => "rings as they are".to_owned(),
    }
}

/// Bytes that were computed.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, or infinite and then the largest"
)]
pub(super) fn bytes_of(number: f64) -> String {
    bytes(number.max(0.0).round() as u64)
}

/// Why no size helps.
pub(super) fn why_none(
    utilisation: Option<Interval>,
    service: Option<&Service>,
    due: f64,
    only_grows: bool,
) -> String {
    let came = byte_rate(due);
    match (utilisation, service) {
        (Some(_), Some(service)) if !only_grows => {
            let stalls = stalls(service).map(|stalls| format!(" ({stalls})")).unwrap_or_default();
            format!(
                "{came} came in the long run and its thread drains {}{stalls}",
                byte_rate(service.sustained().likely)
            )
        }
        _ => "the backlog grew up to the end of what was seen, so that every ring fills if it goes on"
            .to_owned(),
    }
}

/// What kept the thread from draining.
fn stalls(service: &Service) -> Option<String> {
    let all = [
        (service.throttled, "throttled"),
        (service.waiting, "waiting for a CPU"),
        (service.blocked, "blocked"),
    ];
    let named: Vec<String> = all
        .iter()
        .filter(|(part, _)| *part >= WORTH_NAMING)
        .map(|(part, what)| format!("{} {what}", percent(*part)))
        .collect();
    (!named.is_empty()).then(|| format!("{} of the time with something to drain", named.join(", ")))
}

/// What would help where no size does, best first.
pub(super) fn what_would(service: Option<&Service>, due: f64, fastest: Option<f64>) -> Vec<String> {
    let mut would = Vec::new();
    if let (Some(service), Some(fastest)) = (service, fastest) {
        let given = service.sustained().likely;
        let [(part, cure), ..] = stalls_by_size(service);
        if fastest > due && part >= WORTH_NAMING {
            would.push(format!("{cure}; its thread drains {} when it may", byte_rate(fastest)));
        }
        would.push(format!(
            "{} less to drain (fewer traced syscalls), or events that cost the thread so much less (fewer, cheaper rules)",
            percent(1.0 - (given / due).min(1.0))
        ));
    } else {
        would.push("fewer traced syscalls, or fewer and cheaper rules".to_owned());
    }
    would
}

fn stalls_by_size(service: &Service) -> [(f64, &'static str); 3] {
    let mut all = [
        (service.throttled, "a CPU limit that it does not run into (limits.cpu, CPUQuota=)"),
        (service.waiting, "a larger weight against its neighbours (requests.cpu, CPUWeight=)"),
        (service.blocked, "what blocks it (`dropctl report` names the syscall, DC104)"),
    ];
    all.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    all
}
