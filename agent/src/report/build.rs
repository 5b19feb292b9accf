//! From a timeline to a report. Pure.

use agent_common::record::RECORD_FOOTPRINT_BYTES;

use super::{
    consumers,
    model::{
        Accounting, Build, Flow, Loss, Overrun, Own, OwnRing, Process, Processes, Report, SCHEMA, Syscall,
        Throughput, WindowFacts,
    },
    number::{self, float, ratio},
    perf, tools,
    unseen::visibility,
};
use crate::{
    diagnose::diagnose,
    evidence::Evidence,
    sample::{Events, Sample, StreamSample},
    syscall,
    timeline::{ProbeTotals, Slice, seconds},
};

/// Sentences of a verdict.
const SENTENCES: usize = 2;

/// Builds the report of a stretch of time; `None` if it has no two samples.
#[must_use]
pub fn build(slice: &Slice<'_>) -> Option<Report> {
    let (first, last) = (slice.first()?, slice.last()?);
    slice.steps().next()?;
    let setup = slice.setup;
    let totals = slice.probe();
    let at_end = last.probe.as_ref();
    let window_seconds = seconds(slice.length_ns());
    let visibility = visibility(slice);
    let findings = diagnose(slice, &visibility);
    let accounting = totals.as_ref().map(|totals| account(totals, slice));
    let own_sentences = match (&totals, &accounting) {
        (Some(totals), Some(accounting)) => verdict(totals, accounting, window_seconds).to_vec(),
        _ => vec![format!(
            "dropctl attached nothing to syscalls and watched ring buffers for {}.",
            number::seconds(window_seconds)
        )],
    };
    let cpu_seconds = seconds(last.own.cpu_ns.saturating_sub(first.own.cpu_ns));
    let tools = tools::build(slice);
    let perf_buffers = perf::build(slice);
    let mut sentences = tools::verdict(tools.as_deref().unwrap_or_default(), &findings);
    sentences.extend(perf::verdict(perf_buffers.as_deref().unwrap_or_default()));
    // What cannot be believed comes before what it says.
    let is_sound = accounting.as_ref().is_none_or(|accounting| accounting.holds);
    let place = if is_sound { sentences.len() } else { 0 };
    sentences.splice(place..place, own_sentences);
    let also = sentences.split_off(sentences.len().min(SENTENCES));
    Some(Report {
        schema: SCHEMA.to_owned(),
        dropctl: Build { version: setup.version.clone(), revision: setup.revision.clone() },
        node: slice.node.clone(),
        window: WindowFacts {
            start: number::rfc3339(first.clock.real_ns),
            start_monotonic_ns: slice.start_ns(),
            seconds: window_seconds,
            suspended_seconds: seconds(slice.suspended_ns()),
        },
        names: setup.names,
        visibility,
        verdict: sentences.join(" "),
        also,
        throughput: totals.as_ref().map(|totals| throughput(slice, totals, window_seconds)),
        loss: totals.as_ref().map(|totals| loss(slice, totals)),
        tools,
        perf_buffers,
        consumers: slice.consumers().as_deref().map(consumers::build),
        findings,
        syscalls: totals.as_ref().map(|totals| syscalls(totals, window_seconds)),
        processes: processes(slice),
        own: Own {
            mode: setup.request.mode,
            hook: setup.hook,
            sample: setup.request.sample,
            cpu_seconds,
            cpu_share: ratio(cpu_seconds, window_seconds),
            resident_bytes: last.own.resident_bytes,
            ring: at_end.and_then(|probe| probe.stream.as_ref()).map(|stream| OwnRing {
                capacity_bytes: stream.capacity_bytes,
                backlog_max_bytes: stream.backlog_max_bytes,
            }),
            accounting,
        },
        recording: None,
    })
}

/// Accounts for every event. In flight is read from the ring's positions, so that the equations can fail. A slice whose ends
/// are not at rest adds up to the records that moved while each of the two was read: counted there, and not made up here.
#[must_use]
fn account(totals: &ProbeTotals, slice: &Slice<'_>) -> Accounting {
    let Events { seen, own, attempted, submitted, dropped, sampled_out: _ } = totals.events;
    let stream = |sample: Option<&'_ Sample>| sample.and_then(|sample| sample.probe.as_ref()?.stream.clone());
    let ends = [slice.first(), slice.last()].map(stream);
    let in_flight_bytes = |stream: &StreamSample| stream.producer_bytes.wrapping_sub(stream.consumer_bytes);
    let [in_flight_before, in_flight] = ends
        .each_ref()
        .map(|stream| stream.as_ref().map_or(0, |stream| in_flight_bytes(stream) / RECORD_FOOTPRINT_BYTES));
    let unsettled: u64 = ends.iter().flatten().map(|stream| stream.unsettled).sum();
    let agree = |one: u64, other: u64| one.abs_diff(other) <= unsettled;
    // What was in flight at the start is consumed in the slice, and was submitted before it.
    let (submitted_in_all, attempted_in_all) = (submitted + in_flight_before, attempted + in_flight_before);
    let (consumed, ring_agrees) = totals.stream.as_ref().map_or((0, true), |stream| {
        let are_records = stream.produced_bytes.is_multiple_of(RECORD_FOOTPRINT_BYTES) && stream.foreign == 0;
        (stream.consumed, are_records && agree(stream.produced_bytes / RECORD_FOOTPRINT_BYTES, submitted))
    });
    let holds = agree(attempted_in_all, consumed + dropped + in_flight)
        && agree(submitted_in_all, consumed + in_flight)
        && ring_agrees;
    let due = totals.missed.map(|missed| seen + missed);
    Accounting {
        due,
        seen,
        missed: totals.missed,
        own,
        attempted,
        submitted,
        consumed,
        dropped,
        in_flight,
        in_flight_before,
        unsettled,
        holds,
    }
}

/// How dropctl itself did. If it is unsound, that comes first.
fn verdict(totals: &ProbeTotals, accounting: &Accounting, window_seconds: f64) -> [String; 2] {
    let seen = number::count(accounting.seen);
    let length = number::seconds(window_seconds);
    let first = match totals.missed {
        Some(0) => {
            format!("dropctl counted {seen} syscall exits in {length}; the kernel skipped none of its runs.")
        }
        Some(missed) => format!(
            "dropctl counted {seen} syscall exits in {length}; the kernel skipped its program {} more times, so \
             counts by syscall are short by at most that much.",
            number::count(missed)
        ),
        None => format!(
            "dropctl counted {seen} syscall exits in {length}; this kernel does not count skipped runs."
        ),
    };
    let second = match (&totals.stream, accounting.dropped) {
        _ if !accounting.holds => "The accounting does not add up: this is a bug in dropctl.".to_owned(),
        (None, _) => "Nothing was streamed, so no ring could drop.".to_owned(),
        (Some(_), 0) => format!(
            "Its own ring took all {} records offered and dropped none.",
            number::count(accounting.attempted)
        ),
        (Some(stream), dropped) => format!(
            "Its own ring dropped {} of {} records in {} overrun{}.",
            number::count(dropped),
            number::count(accounting.attempted),
            stream.overrun_count,
            if stream.overrun_count == 1 { "" } else { "s" }
        ),
    };
    if accounting.holds { [first, second] } else { [second, first] }
}

fn throughput(slice: &Slice<'_>, totals: &ProbeTotals, window_seconds: f64) -> Throughput {
    let flow = |events: u64, bytes: Option<u64>, count: fn(&Events) -> u64| {
        let peak = slice.rate(count).and_then(|rate| rate.peak);
        Flow {
            events,
            events_per_second: ratio(float(events), window_seconds),
            peak_events_per_second: peak,
            bytes,
            bytes_per_second: bytes.map(|bytes| ratio(float(bytes), window_seconds)),
        }
    };
    let Events { seen, submitted, .. } = totals.events;
    let stream = totals.stream.as_ref();
    Throughput {
        evidence: Evidence::Exact,
        seen: flow(seen, None, |events| events.seen),
        submitted: stream
            .map(|stream| flow(submitted, Some(stream.produced_bytes), |events| events.submitted)),
        consumed: stream.map(|stream| Flow {
            peak_events_per_second: None,
            ..flow(stream.consumed, Some(stream.consumed_bytes), |events| events.submitted)
        }),
    }
}

fn loss(slice: &Slice<'_>, totals: &ProbeTotals) -> Loss {
    let stream = totals.stream.as_ref();
    Loss {
        evidence: Evidence::Exact,
        dropped: stream.map(|_| totals.events.dropped),
        missed: totals.missed,
        overrun_count: stream.map(|stream| stream.overrun_count),
        overrun_seconds: stream.map(|stream| seconds(stream.overrun_ns)),
        overruns: slice
            .overruns()
            .iter()
            .map(|overrun| Overrun {
                start_seconds: seconds(overrun.first_ns.saturating_sub(slice.start_ns())),
                seconds: seconds(overrun.last_ns.saturating_sub(overrun.first_ns)),
                drops: overrun.drops,
            })
            .collect(),
    }
}

fn syscalls(totals: &ProbeTotals, window_seconds: f64) -> Vec<Syscall> {
    let errors = |slot: u16| {
        let stream = totals.stream.as_ref()?;
        Some(stream.errors.iter().find(|(with_error, _)| *with_error == slot).map_or(0, |(_, count)| *count))
    };
    let total = float(totals.events.seen);
    let mut syscalls: Vec<Syscall> = totals
        .syscalls
        .iter()
        .map(|(slot, events)| Syscall {
            syscall: syscall::name(*slot).into_owned(),
            events: *events,
            events_per_second: ratio(float(*events), window_seconds),
            share: ratio(float(*events), total),
            errors: errors(*slot),
        })
        .collect();
    syscalls.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.syscall.cmp(&b.syscall)));
    syscalls
}

/// Who made the records: known if none had been consumed at the start, because the lists are cut to those with most.
fn processes(slice: &Slice<'_>) -> Option<Processes> {
    let probe = slice.last()?.probe.as_ref()?;
    let stream = probe.stream.as_ref()?;
    if slice.first()?.probe.as_ref()?.stream.as_ref()?.consumed > 0 {
        return None;
    }
    let is_complete =
        slice.setup.request.sample == 1 && probe.events.dropped == 0 && stream.processes_beyond == 0;
    Some(Processes {
        evidence: if is_complete { Evidence::Exact } else { Evidence::Estimated },
        top: stream
            .processes
            .iter()
            .map(|process| Process {
                tgid: process.tgid,
                comm: process.comm.clone(),
                cgroup_id: process.cgroup_id,
                records: process.records,
            })
            .collect(),
        other_records: stream.processes_other,
    })
}
