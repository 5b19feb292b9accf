//! The page: what a person reads, in order. Laid out once; `text`, `markdown` and `html` only draw it.

mod consumers;
mod falco;
mod findings;
mod head;
mod lives;
mod lost;
mod perf;
mod refused;
mod summary;
mod tools;

use super::{
    Drawn,
    model::{Accounting, Flow, Report},
    number::{byte_rate, bytes, count, percent, rate, seconds},
};
pub(crate) use findings::{all as findings, alternatives};
pub(crate) use head::PSEUDONYMS;
pub(super) use lost::drops;
pub(crate) use tools::{names as ring_names, tool_name};

use crate::{diagnose::Finding, evidence::Evidence};

/// Rows of the syscall table.
const SYSCALLS_SHOWN: usize = 15;
/// Rows of the process table.
const PROCESSES_SHOWN: usize = 10;
/// Sentences behind the verdict.
const SENTENCES_SHOWN: usize = 10;
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
    /// A table.
    Table(Table),
    /// Names and values.
    Facts(Vec<(&'static str, String)>),
    /// Lines to copy, and where they belong.
    Code { place: String, text: String },
    /// A section that not everybody reads.
    Fold { title: String, blocks: Vec<Self> },
}

/// A table; the first column is left-aligned, the others right-aligned.
pub(crate) struct Table {
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
    /// Columns that go first where there is no room for all.
    pub(crate) spare: &'static [&'static str],
}

impl Table {
    pub(crate) fn new(columns: Vec<&'static str>, rows: Vec<Vec<String>>) -> Self {
        Self { columns, rows, spare: &[] }
    }

    /// The same, with columns that may go.
    pub(crate) fn sparing(self, spare: &'static [&'static str]) -> Self {
        Self { spare, ..self }
    }
}

/// Lays the report out: for an issue with what its form asks for first, for others with the verdict first.
pub(super) fn lay_out(report: &Report, drawn: Drawn) -> Vec<Block> {
    let mut page = vec![Block::Title("dropctl report".to_owned())];
    let (summary, head) = (Block::Facts(summary::lines(report)), Block::Facts(head::facts(report)));
    match drawn {
        Drawn::Text | Drawn::Html => page.extend([summary, head]),
        Drawn::Markdown => page.extend([head, summary]),
    }
    lost::statement(report, &mut page);
    let rest = report.also.iter().take(SENTENCES_SHOWN).cloned();
    let sentences: Vec<String> = summary::whole_verdict(report).into_iter().chain(rest).collect();
    if !sentences.is_empty() {
        page.push(Block::Text(sentences.join(" ")));
    }
    let (primary, others): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|finding| Some(*finding) == summary::primary(report));
    primary.into_iter().for_each(|finding| findings::one(finding, &mut page));
    if let Some(finding) = summary::primary(report) {
        lost::verification(finding, &mut page);
    }
    let mut details = Vec::new();
    others.into_iter().for_each(|finding| findings::one(finding, &mut details));
    lives::table(report, &mut details);
    tools::rings(report, &mut details);
    perf::table(report, &mut details);
    consumers::consumers(report, &mut details);
    tools::counters(report, &mut details);
    refused::rings(report, &mut details);
    tools::overruns(report, &mut details);
    throughput(report, &mut details);
    overruns(report, &mut details);
    syscalls(report, &mut details);
    processes(report, &mut details);
    own(report, &mut details);
    page.extend(folded(details));
    not_visible(report, &mut page);
    page
}

/// Each section by itself, under its heading.
fn folded(blocks: Vec<Block>) -> Vec<Block> {
    let mut page: Vec<Block> = Vec::new();
    for block in blocks {
        match (block, page.last_mut()) {
            (Block::Heading(title), _) => page.push(Block::Fold { title, blocks: Vec::new() }),
            (block, Some(Block::Fold { blocks, .. })) => blocks.push(block),
            (block, _) => page.push(block),
        }
    }
    page
}

fn known(value: Option<&String>) -> String {
    value.cloned().unwrap_or_else(|| "unknown".to_owned())
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
    page.push(Block::Table(Table::new(vec!["", "events", "mean /s", "peak /s", "bytes /s"], rows)));
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
    page.push(Block::Table(Table::new(
        vec!["start", "duration", "records dropped"],
        shown
            .iter()
            .map(|overrun| {
                vec![
                    format!("+{}", seconds(overrun.start_seconds)),
                    seconds(overrun.seconds),
                    count(overrun.drops),
                ]
            })
            .collect(),
    )));
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
    page.push(Block::Table(Table::new(columns, rows)));
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
    page.push(Block::Table(Table::new(vec!["process", "pid", "cgroup id", "records"], rows)));
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
