//! From the last minute of a timeline to what a view shows of it. Rates are those of the newest interval, all else is of the
//! minute, or of as much of it as there is.

mod losers;
mod tools;

use super::table::{Cell, Column, Sort, Table};
use crate::{
    diagnose::{Code, Severity},
    evidence::Evidence,
    number::{count, float, ratio, rfc3339, share},
    report::{self, model::Tool},
    sample::Events,
    setup::{Mode, Naming},
    syscall,
    timeline::{Slice, seconds},
};

/// Titles of the tables, in the order of their keys.
pub const TABS: [&str; 6] = ["Rings", "Tools", "Syscalls", "Workloads", "Processes", "Findings"];
/// The place of the findings among them.
pub const FINDINGS: usize = 5;

/// How each is sorted at first: what is lost or worst comes first.
pub(super) const SORTS: [Sort; TABS.len()] =
    [sorted(4), sorted(5), sorted(1), sorted(2), sorted(5), sorted(0)];

const fn sorted(column: usize) -> Sort {
    Sort { column, is_reversed: false }
}

const SYSCALL_COLUMNS: &[Column] = &[
    Column::text("syscall"),
    Column::number("per second"),
    Column::number("last minute"),
    Column::number("share").spare(1),
    Column::text("by"),
];
const FINDING_COLUMNS: &[Column] = &[
    Column { is_falling: true, ..Column::text("severity") },
    Column::text("code"),
    Column::text("finding"),
    Column::text("tool").spare(1),
    Column::text("what was seen"),
];

/// The columns of a table.
#[must_use]
pub fn columns(tab: usize) -> &'static [Column] {
    match tab {
        0 => tools::RING_COLUMNS,
        1 => tools::TOOL_COLUMNS,
        2 => SYSCALL_COLUMNS,
        3 => losers::WORKLOAD_COLUMNS,
        4 => losers::PROCESS_COLUMNS,
        _ => FINDING_COLUMNS,
    }
}

/// What there is to see at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Of the whole node.
    pub head: Head,
    /// By [`TABS`].
    pub tables: [Table; TABS.len()],
}

/// Numbers of the whole node.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// When, UTC.
    pub time: String,
    /// Kernel release.
    pub kernel: Option<String>,
    /// CPUs that run.
    pub cpus: Option<String>,
    /// What runs per syscall.
    pub mode: Mode,
    /// Whose names these are.
    pub names: Naming,
    /// Length of the minute, seconds.
    pub window_seconds: f64,
    /// Syscall exits per second: exact. `None` in mode `passive`.
    pub syscalls: Option<f64>,
    /// Runs of our program that the kernel skipped in the minute.
    pub missed: Option<u64>,
    /// Events that tools lost in the minute; `None` where nothing is known of any.
    pub dropped: Option<(u64, Evidence)>,
    /// Events in the minute that were too large for the tools' probes: their own number; `None` where it is not known.
    pub too_large: Option<u64>,
    /// Records that our own ring refused in the minute: exact.
    pub own_dropped: Option<u64>,
    /// Part of one CPU that dropctl takes.
    pub own_cpu: f64,
    /// Its memory, bytes.
    pub own_bytes: Option<u64>,
}

impl View {
    /// Of the last minute, and the findings that stand; `None` if there are no two samples.
    #[must_use]
    pub fn of<'a>(
        recent: &Slice<'_>,
        findings: impl Iterator<Item = (Severity, Code, &'a str, &'a str)>,
    ) -> Option<Self> {
        recent.steps().next()?;
        // Samples come a little early or late.
        let newest = recent.tail(recent.setup.interval_ns / 10 * 9);
        let newest = if newest.samples().len() < 2 { recent.steps().next_back()?.slice() } else { newest };
        let tools = report::tools(recent);
        Some(Self {
            head: head(recent, &newest, tools.as_deref())?,
            tables: [
                tools::rings(recent, &newest, tools.as_deref()),
                tools::tools(recent, &newest, tools.as_deref()),
                syscalls(recent, &newest),
                losers::workloads(tools.as_deref()),
                losers::processes(tools.as_deref()),
                self::findings(findings),
            ],
        })
    }
}

fn head(recent: &Slice<'_>, newest: &Slice<'_>, tools: Option<&[Tool]>) -> Option<Head> {
    let (first, last) = (newest.first()?, newest.last()?);
    let totals = recent.probe();
    let events = |of: fn(&Events) -> u64| totals.as_ref().map(|totals| of(&totals.events));
    let own_cpu = float(last.own.cpu_ns.saturating_sub(first.own.cpu_ns));
    let streams = recent.setup.request.mode == Mode::Stream;
    Some(Head {
        time: rfc3339(last.clock.real_ns),
        kernel: recent.node.kernel.clone(),
        cpus: last.cpus_online.clone().or_else(|| recent.node.cpus_online.clone()),
        mode: recent.setup.request.mode,
        names: recent.setup.names,
        window_seconds: seconds(recent.length_ns()),
        syscalls: newest.rate(|events| events.seen).map(|rate| rate.mean),
        missed: totals.as_ref().and_then(|totals| totals.missed),
        dropped: tools::all_dropped(tools.unwrap_or_default()),
        too_large: tools::all_too_large(tools.unwrap_or_default()),
        own_dropped: events(|events| events.dropped).filter(|_| streams),
        own_cpu: ratio(own_cpu, float(newest.length_ns())),
        own_bytes: last.own.resident_bytes,
    })
}

fn syscalls(recent: &Slice<'_>, newest: &Slice<'_>) -> Table {
    let totals = recent.probe();
    let missed = totals.as_ref().and_then(|totals| totals.missed).filter(|missed| *missed > 0);
    let now = newest.probe();
    let per_second = |slot: u16| {
        let counts = &now.as_ref()?.syscalls;
        let grown = counts.iter().find(|(other, _)| *other == slot).map_or(0, |(_, grown)| *grown);
        Some(ratio(float(grown), seconds(newest.length_ns())))
    };
    let of = |(slot, calls): &(u16, u64), all: u64| {
        vec![
            Cell::Text(syscall::name(*slot).into_owned()),
            Cell::Rate(per_second(*slot)),
            Cell::Count(Some(*calls)),
            Cell::Share(Some(share(*calls, all))),
            Cell::By(Some(Evidence::Exact)),
        ]
    };
    let rows = totals.as_ref().map_or_else(Vec::new, |totals| {
        totals.syscalls.iter().map(|one| of(one, totals.events.seen)).collect()
    });
    Table {
        columns: SYSCALL_COLUMNS,
        rows,
        note: missed.map_or_else(
            || "counted in the kernel, of everybody but dropctl".to_owned(),
            |missed| format!("short by the {} runs that the kernel skipped", count(missed)),
        ),
        empty: match recent.setup.request.mode {
            Mode::Passive => "Mode passive counts no syscalls.",
            Mode::Stream | Mode::Count => "No syscalls were counted yet.",
        }
        .to_owned(),
    }
}

fn findings<'a>(findings: impl Iterator<Item = (Severity, Code, &'a str, &'a str)>) -> Table {
    let row = |(severity, code, tool, summary): (Severity, Code, &str, &str)| {
        vec![
            Cell::Level(severity),
            Cell::Text(code.as_str().to_owned()),
            Cell::Text(code.name().to_owned()),
            Cell::Text(tool.to_owned()),
            Cell::Text(summary.to_owned()),
        ]
    };
    Table {
        columns: FINDING_COLUMNS,
        rows: findings.map(row).collect(),
        note: "held for 5 minutes; dropctl explain CODE says more".to_owned(),
        empty: "Nothing was found.".to_owned(),
    }
}
