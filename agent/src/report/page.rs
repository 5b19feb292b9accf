//! The page: what a person reads, in order. Laid out once; `text` and `markdown` only draw it.

mod consumers;
mod falco;
mod lives;
mod perf;
mod refused;
mod tools;

use super::{
    model::{Accounting, Flow, Report},
    number::{byte_rate, bytes, count, percent, rate, seconds},
};
use crate::{
    diagnose::finding::{Fact, Finding, Remedy, RuledOut},
    evidence::Evidence,
};

/// Rows of the syscall table.
const SYSCALLS_SHOWN: usize = 15;
/// Rows of the process table.
const PROCESSES_SHOWN: usize = 10;
/// Rows of the overrun table.
const OVERRUNS_SHOWN: usize = 10;

/// A piece of the page.
pub(crate) enum Block {
    /// Title of the page.
    Title(String),
    /// Title of a section.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// Points.
    List(Vec<String>),
    /// A table; the first column is left-aligned, the others right-aligned.
    Table { columns: Vec<&'static str>, rows: Vec<Vec<String>> },
    /// Names and values.
    Facts(Vec<(&'static str, String)>),
}

/// Lays the report out.
pub(super) fn lay_out(report: &Report) -> Vec<Block> {
    let mut page = vec![
        Block::Title("dropctl report".to_owned()),
        Block::Facts(node_facts(report)),
        Block::Text(report.verdict.clone()),
    ];
    findings(&report.findings, &mut page);
    lives::table(report, &mut page);
    tools::rings(report, &mut page);
    perf::table(report, &mut page);
    consumers::consumers(report, &mut page);
    tools::counters(report, &mut page);
    refused::rings(report, &mut page);
    tools::overruns(report, &mut page);
    throughput(report, &mut page);
    overruns(report, &mut page);
    syscalls(report, &mut page);
    processes(report, &mut page);
    own(report, &mut page);
    not_visible(report, &mut page);
    page
}

fn known(value: Option<&String>) -> String {
    value.cloned().unwrap_or_else(|| "unknown".to_owned())
}

fn node_facts(report: &Report) -> Vec<(&'static str, String)> {
    let node = &report.node;
    let kernel = format!("{}, preemption {}", known(node.kernel.as_ref()), known(node.preemption.as_ref()));
    let cpus = format!(
        "{} online, {} possible",
        known(node.cpus_online.as_ref()),
        known(node.cpus_possible.as_ref())
    );
    let version = match &report.dropctl.revision {
        Some(revision) => format!("{} ({revision})", report.dropctl.version),
        None => report.dropctl.version.clone(),
    };
    let mut facts = vec![
        ("dropctl", version),
        ("kernel", kernel),
        ("machine", format!("{}, {}", node.architecture, known(node.hardware.as_ref()))),
        ("OS", known(node.os.as_ref())),
        ("CPUs", cpus),
        ("memory", node.memory_bytes.map_or_else(|| "unknown".to_owned(), bytes)),
        ("window", format!("{} from {}", seconds(report.window.seconds), report.window.start)),
    ];
    if report.window.suspended_seconds >= 0.01 {
        facts.push(("suspended", seconds(report.window.suspended_seconds)));
    }
    facts
}

/// Findings with their evidence and remedies, as every page shows them.
pub(crate) fn findings(findings: &[Finding], page: &mut Vec<Block>) {
    for finding in findings {
        page.push(Block::Heading(format!(
            "{} {} ({}, confidence {})",
            finding.code.as_str(),
            finding.name,
            finding.severity.as_str(),
            finding.confidence.as_str()
        )));
        page.push(Block::Text(finding.summary.clone()));
        let fact = |fact: &Fact| match fact.evidence {
            Some(evidence) => format!("{} ({})", fact.text, evidence.as_str()),
            None => fact.text.clone(),
        };
        page.push(Block::List(finding.evidence.iter().map(fact).collect()));
        if !finding.ruled_out.is_empty() {
            let ruled_out =
                |other: &RuledOut| format!("{} {}: {}", other.code.as_str(), other.name, other.why);
            page.push(Block::Text("Ruled out:".to_owned()));
            page.push(Block::List(finding.ruled_out.iter().map(ruled_out).collect()));
        }
        if !finding.remedies.is_empty() {
            page.push(Block::Text("What to change:".to_owned()));
            page.push(Block::List(finding.remedies.iter().map(remedy_in_words).collect()));
        }
    }
}

/// A setting and what it does.
pub(crate) fn remedy_in_words(remedy: &Remedy) -> String {
    let Remedy { text, key, from, to } = remedy;
    match (key, from, to) {
        (Some(key), Some(from), Some(to)) => format!("{key}: from {from} to {to}: {text}"),
        (Some(key), None, Some(to)) => format!("{key}: {to}: {text}"),
        _ => text.clone(),
    }
}

fn throughput(report: &Report, page: &mut Vec<Block>) {
    let absent = || "-".to_owned();
    let row = |name: &str, flow: &Flow| {
        vec![
            name.to_owned(),
            count(flow.events),
            rate(flow.events_per_second),
            flow.peak_events_per_second.map_or_else(absent, rate),
            flow.bytes_per_second.map_or_else(absent, byte_rate),
        ]
    };
    let Some(throughput) = &report.throughput else { return };
    let mut rows = vec![row("syscall exits seen", &throughput.seen)];
    rows.extend(throughput.submitted.iter().map(|flow| row("records submitted", flow)));
    rows.extend(throughput.consumed.iter().map(|flow| row("records consumed", flow)));
    page.push(Block::Heading("Throughput (exact)".to_owned()));
    page.push(Block::Table { columns: vec!["", "events", "mean /s", "peak /s", "bytes /s"], rows });
}

fn overruns(report: &Report, page: &mut Vec<Block>) {
    let Some(loss) = &report.loss else { return };
    let listed = &loss.overruns;
    if listed.is_empty() {
        return;
    }
    let shown = &listed[listed.len().saturating_sub(OVERRUNS_SHOWN)..];
    page.push(Block::Heading("Overruns of dropctl's own ring (exact)".to_owned()));
    if let Some(count) = loss.overrun_count.filter(|count| *count > shown.len() as u64) {
        page.push(Block::Text(format!("The last {} of {count}.", shown.len())));
    }
    page.push(Block::Table {
        columns: vec!["start", "duration", "records dropped"],
        rows: shown
            .iter()
            .map(|overrun| {
                vec![
                    format!("+{}", seconds(overrun.start_seconds)),
                    seconds(overrun.seconds),
                    count(overrun.drops),
                ]
            })
            .collect(),
    });
}

fn syscalls(report: &Report, page: &mut Vec<Block>) {
    let Some(all) = &report.syscalls else { return };
    let streams = report.throughput.as_ref().is_some_and(|throughput| throughput.consumed.is_some());
    let mut columns = vec!["syscall", "events", "mean /s", "share"];
    if streams {
        columns.push("errors in records");
    }
    let shown = all.iter().take(SYSCALLS_SHOWN);
    let mut rows: Vec<Vec<String>> = shown
        .map(|syscall| {
            let mut row = vec![
                syscall.syscall.clone(),
                count(syscall.events),
                rate(syscall.events_per_second),
                percent(syscall.share),
            ];
            row.extend(syscall.errors.filter(|_| streams).map(count));
            row
        })
        .collect();
    let rest = all.iter().skip(SYSCALLS_SHOWN);
    let (events, share, errors) = rest.clone().fold((0, 0.0, 0), |(events, share, errors), syscall| {
        (events + syscall.events, share + syscall.share, errors + syscall.errors.unwrap_or(0))
    });
    if events > 0 {
        let per_second = rest.clone().map(|syscall| syscall.events_per_second).sum();
        let mut row =
            vec![format!("{} others", rest.count()), count(events), rate(per_second), percent(share)];
        if streams {
            row.push(count(errors));
        }
        rows.push(row);
    }
    page.push(Block::Heading("Syscalls (events exact)".to_owned()));
    page.push(Block::Table { columns, rows });
}

fn processes(report: &Report, page: &mut Vec<Block>) {
    let Some(processes) = &report.processes else {
        return;
    };
    let (shown, hidden) = processes.top.split_at(processes.top.len().min(PROCESSES_SHOWN));
    let mut rows: Vec<Vec<String>> = shown
        .iter()
        .map(|process| {
            vec![
                known(process.comm.as_ref()),
                process.tgid.to_string(),
                process.cgroup_id.map_or_else(|| "unknown".to_owned(), |id| id.to_string()),
                count(process.records),
            ]
        })
        .collect();
    let others = processes.other_records + hidden.iter().map(|process| process.records).sum::<u64>();
    if others > 0 {
        rows.push(vec!["all others".to_owned(), String::new(), String::new(), count(others)]);
    }
    page.push(Block::Heading(match processes.evidence {
        Evidence::Exact | Evidence::Tool => "Processes (exact)".to_owned(),
        Evidence::Estimated => "Processes (from the records that were streamed and kept)".to_owned(),
    }));
    page.push(Block::Table { columns: vec!["process", "pid", "cgroup id", "records"], rows });
}

fn own(report: &Report, page: &mut Vec<Block>) {
    let own = &report.own;
    let streamed = match own.sample {
        _ if own.ring.is_none() => String::new(),
        1 => ", every event streamed".to_owned(),
        sample => format!(", one event in {sample} streamed"),
    };
    let place =
        own.hook.map_or_else(|| ", nothing attached".to_owned(), |hook| format!(" at {}", hook.as_str()));
    let mut facts = vec![
        ("mode", format!("{}{place}{streamed}", own.mode.as_str())),
        ("CPU", format!("{} ({} of one core)", seconds(own.cpu_seconds), percent(own.cpu_share))),
        ("memory", own.resident_bytes.map_or_else(|| "unknown".to_owned(), bytes)),
    ];
    if let Some(ring) = &own.ring {
        let fill =
            format!("{}, filled to {} at most", bytes(ring.capacity_bytes), bytes(ring.backlog_max_bytes));
        facts.push(("ring", fill));
    }
    facts.extend(own.accounting.iter().flat_map(|accounting| account(accounting, own.ring.is_some())));
    page.push(Block::Heading("dropctl itself (exact)".to_owned()));
    page.push(Block::Facts(facts));
    if own.hook.is_some() {
        page.push(Block::Text(
            "The program's own cost runs on the time of those who make the syscalls; docs/benchmarks.md has it."
                .to_owned(),
        ));
    }
}

fn account(accounting: &Accounting, streams: bool) -> Vec<(&'static str, String)> {
    let missed = accounting.missed.map_or_else(|| "unknown".to_owned(), count);
    let before = |records: u64| match records {
        0 => String::new(),
        records => format!(" + {} in flight before", count(records)),
    };
    let due = accounting.due.map_or_else(|| "unknown".to_owned(), count);
    let mut facts = vec![("due", format!("{due} = {} seen + {missed} missed", count(accounting.seen)))];
    if streams {
        facts.push((
            "attempted",
            format!(
                "{}{} = {} consumed + {} dropped + {} in flight",
                count(accounting.attempted),
                before(accounting.in_flight_before),
                count(accounting.consumed),
                count(accounting.dropped),
                count(accounting.in_flight)
            ),
        ));
    }
    if accounting.unsettled > 0 {
        facts.push((
            "read while it ran",
            format!("up to {} records moved meanwhile", count(accounting.unsettled)),
        ));
    }
    facts.push(("left out", format!("{} exits of dropctl's own threads", count(accounting.own))));
    facts
}

fn not_visible(report: &Report, page: &mut Vec<Block>) {
    let mut points: Vec<String> = report
        .visibility
        .iter()
        .filter(|entry| !entry.available)
        .map(|entry| format!("{}: {}", entry.capability, entry.note))
        .collect();
    points.push(match report.own.hook {
        Some(_) => "syscalls that never return (exit, exit_group) are not on this hook; docs/kernels.md lists more",
        None => "syscalls: mode passive attaches nothing to them",
    }.to_owned());
    if !report.visibility.iter().any(|entry| entry.available && entry.capability == "refusals") {
        points.push("drops of tools other than Falco's family".to_owned());
    }
    page.push(Block::Heading("Not visible".to_owned()));
    page.push(Block::List(points));
}
