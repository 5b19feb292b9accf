//! From a timeline to a report. Pure.

use agent_common::record::RECORD_FOOTPRINT_BYTES;

use super::{
    lives,
    model::{
        Accounting, Build, Flow, Loss, Overrun, Own, OwnRing, Process, Processes, Report, SCHEMA, Syscall,
        Throughput, WindowFacts,
    },
    number::{self, float, ratio},
    tools,
};
use crate::{
    diagnose::diagnose,
    evidence::Evidence,
    sample::{Events, Node, ProbeSample, StreamSample},
    setup::{Hook, Request, Visibility},
    syscall,
    timeline::{Window, window::seconds},
};

/// What a report is about, beside the timeline.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Where.
    pub node: &'a Node,
    /// What the probe was asked for.
    pub request: &'a Request,
    /// Where it sat; `None` in mode `passive`.
    pub hook: Option<Hook>,
    /// What the node allowed.
    pub visibility: &'a [Visibility],
    /// Commit that dropctl was built from.
    pub revision: Option<&'a str>,
}

/// Builds the report; `None` if the window has no sample.
#[must_use]
pub fn build(subject: &Subject<'_>, window: &Window) -> Option<Report> {
    let last = window.last()?;
    let probe = last.probe.as_ref();
    let window_seconds = seconds(window.length_ns());
    let visibility: Vec<Visibility> =
        subject.visibility.iter().cloned().chain(lives::visibility(last)).collect();
    let findings = diagnose(window, &visibility);
    let accounting = probe.map(account);
    let own_sentence = match (probe, &accounting) {
        (Some(probe), Some(accounting)) => verdict(probe, accounting, window_seconds),
        _ => format!(
            "dropctl attached nothing to syscalls and watched ring buffers for {}.",
            number::seconds(window_seconds)
        ),
    };
    let cpu_seconds = seconds(last.own.cpu_ns);
    let tools = tools::build(window, last);
    Some(Report {
        schema: SCHEMA.to_owned(),
        dropctl: Build {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            revision: subject.revision.map(str::to_owned),
        },
        node: subject.node.clone(),
        window: WindowFacts {
            start: number::rfc3339(window.start.real_ns),
            start_monotonic_ns: window.start.monotonic_ns,
            seconds: window_seconds,
            suspended_seconds: seconds(window.suspended_ns()),
        },
        visibility,
        verdict: [tools::verdict(tools.as_deref().unwrap_or_default()), own_sentence]
            .join(" ")
            .trim_start()
            .to_owned(),
        throughput: probe.map(|probe| throughput(window, probe, window_seconds)),
        loss: probe.map(|probe| loss(window, probe)),
        tools,
        findings,
        syscalls: probe.map(|probe| syscalls(probe, window_seconds)),
        processes: probe.and_then(|probe| {
            probe.stream.as_ref().map(|stream| processes(stream, &probe.events, subject.request))
        }),
        own: Own {
            mode: subject.request.mode,
            hook: subject.hook,
            sample: subject.request.sample,
            cpu_seconds,
            cpu_share: ratio(cpu_seconds, window_seconds),
            resident_bytes: last.own.resident_bytes,
            ring: probe.and_then(|probe| probe.stream.as_ref()).map(|stream| OwnRing {
                capacity_bytes: stream.capacity_bytes,
                backlog_max_bytes: stream.backlog_max_bytes,
            }),
            accounting,
        },
    })
}

/// Accounts for every event of a last sample. In flight is read from the ring's positions, so that the equations
/// can fail.
#[must_use]
fn account(probe: &ProbeSample) -> Accounting {
    let Events { seen, own, attempted, submitted, dropped, sampled_out: _ } = probe.events;
    let (consumed, in_flight, ring_agrees) = probe.stream.as_ref().map_or((0, 0, true), |stream| {
        let in_flight = stream.producer_bytes.saturating_sub(stream.consumer_bytes) / RECORD_FOOTPRINT_BYTES;
        let ring_agrees = stream.producer_bytes == submitted * RECORD_FOOTPRINT_BYTES && stream.foreign == 0;
        (stream.consumed, in_flight, ring_agrees)
    });
    let holds =
        attempted == consumed + dropped + in_flight && submitted == consumed + in_flight && ring_agrees;
    let due = probe.missed.map(|missed| seen + missed);
    Accounting {
        due,
        seen,
        missed: probe.missed,
        own,
        attempted,
        submitted,
        consumed,
        dropped,
        in_flight,
        holds,
    }
}

fn verdict(probe: &ProbeSample, accounting: &Accounting, window_seconds: f64) -> String {
    let seen = number::count(accounting.seen);
    let length = number::seconds(window_seconds);
    let first = match probe.missed {
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
    let second = match (&probe.stream, accounting.dropped) {
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
    format!("{first} {second}")
}

fn throughput(window: &Window, probe: &ProbeSample, window_seconds: f64) -> Throughput {
    let flow = |events: u64, bytes: Option<u64>, count: fn(&Events) -> u64| {
        let peak = window.rate(count).and_then(|rate| rate.peak);
        Flow {
            events,
            events_per_second: ratio(float(events), window_seconds),
            peak_events_per_second: peak,
            bytes,
            bytes_per_second: bytes.map(|bytes| ratio(float(bytes), window_seconds)),
        }
    };
    let Events { seen, submitted, .. } = probe.events;
    let stream = probe.stream.as_ref();
    Throughput {
        evidence: Evidence::Exact,
        seen: flow(seen, None, |events| events.seen),
        submitted: stream
            .map(|stream| flow(submitted, Some(stream.producer_bytes), |events| events.submitted)),
        consumed: stream.map(|stream| Flow {
            peak_events_per_second: None,
            ..flow(stream.consumed, Some(stream.consumer_bytes), |events| events.submitted)
        }),
    }
}

fn loss(window: &Window, probe: &ProbeSample) -> Loss {
    let stream = probe.stream.as_ref();
    let overruns = stream.map_or(&[][..], |stream| &stream.overruns);
    Loss {
        evidence: Evidence::Exact,
        dropped: stream.map(|_| probe.events.dropped),
        missed: probe.missed,
        overrun_count: stream.map(|stream| stream.overrun_count),
        overrun_seconds: stream.map(|stream| seconds(stream.overrun_ns)),
        overruns: overruns
            .iter()
            .map(|overrun| Overrun {
                start_seconds: seconds(overrun.first_ns.saturating_sub(window.start.monotonic_ns)),
                seconds: seconds(overrun.last_ns.saturating_sub(overrun.first_ns)),
                drops: overrun.drops,
            })
            .collect(),
    }
}

fn syscalls(probe: &ProbeSample, window_seconds: f64) -> Vec<Syscall> {
    let errors = |slot: u16| {
        let stream = probe.stream.as_ref()?;
        Some(stream.errors.iter().find(|(with_error, _)| *with_error == slot).map_or(0, |(_, count)| *count))
    };
    let total = float(probe.events.seen);
    let mut syscalls: Vec<Syscall> = probe
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

fn processes(stream: &StreamSample, events: &Events, request: &Request) -> Processes {
    let complete = request.sample == 1 && events.dropped == 0 && stream.processes_beyond == 0;
    Processes {
        evidence: if complete { Evidence::Exact } else { Evidence::Estimated },
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
    }
}
