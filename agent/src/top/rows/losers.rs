//! Whose events were lost, by workload and by process. What is nobody's has a row of its own, so that each table adds up to
//! what its tools lost.

use std::collections::BTreeMap;

use crate::{
    evidence::Evidence,
    number,
    report::{
        self,
        model::{Loser, Losers, Tool},
    },
    sample::Workload,
    top::table::{Cell, Column, Table},
};

pub(super) const WORKLOAD_COLUMNS: &[Column] = &[
    Column::text("workload"),
    Column::text("tool").spare(2),
    Column::number("dropped"),
    Column::number("share").spare(1),
    Column::text("by").spare(3),
];
pub(super) const PROCESS_COLUMNS: &[Column] = &[
    Column::text("process"),
    Column::number("pid"),
    Column::text("syscall"),
    Column::text("workload").spare(2),
    Column::text("tool").spare(3),
    Column::number("dropped"),
    Column::number("share").spare(1),
    Column::text("by").spare(4),
];

/// Events of those that no list names.
const OTHERS: &str = "(others)";
/// Events of nobody.
const UNATTRIBUTED: &str = "(unattributed)";
/// Of a workload whose cgroup's path was not found.
const UNKNOWN: &str = "unknown";

/// Accounts of a tool: of its counters, or of each of its rings.
fn accounts(tool: &Tool) -> Vec<&Losers> {
    match tool.counters.as_ref().and_then(|counters| counters.losers.as_ref()) {
        Some(losers) => vec![losers],
        None => tool
            .rings
            .iter()
            .filter_map(|ring| ring.refused.as_ref())
            .map(|refused| &refused.losers)
            .collect(),
    }
}

/// Sums by what tells rows apart, the source of each sum, and the sum of all.
struct Sums<K> {
    rows: BTreeMap<K, (u64, Evidence)>,
    all: u64,
}

impl<K: Ord> Sums<K> {
    fn of<'a>(tool: &'a Tool, mut each: impl FnMut(&'a Losers, &mut dyn FnMut(K, u64))) -> Self {
        let mut sums = Self { rows: BTreeMap::new(), all: 0 };
        for losers in accounts(tool) {
            each(losers, &mut |key, drops| {
                if drops > 0 {
                    let (sum, evidence) = sums.rows.entry(key).or_insert((0, losers.evidence));
                    *sum = sum.saturating_add(drops);
                    *evidence = (*evidence).max(losers.evidence);
                    sums.all = sums.all.saturating_add(drops);
                }
            });
        }
        sums
    }

    fn cells(self) -> impl Iterator<Item = (K, [Cell; 3])> {
        self.rows.into_iter().map(move |(key, (drops, evidence))| {
            let share = Cell::Share(Some(number::share(drops, self.all)));
            (key, [Cell::Drops(Some(drops)), share, Cell::By(Some(evidence))])
        })
    }
}

fn place(workload: Option<&Workload>) -> String {
    workload.map(Workload::path).filter(|place| !place.is_empty()).unwrap_or_else(|| UNKNOWN.to_owned())
}

pub(super) fn workloads(known: Option<&[Tool]>) -> Table {
    let rows = known.unwrap_or_default().iter().flat_map(|tool| {
        let sums = Sums::of(tool, |losers, add| {
            for one in &losers.workloads {
                add(place(one.workload.as_ref()), one.drops);
            }
            add(OTHERS.to_owned(), losers.workloads_other);
            add(UNATTRIBUTED.to_owned(), losers.unattributed);
        });
        sums.cells().map(|(workload, [drops, share, by])| {
            vec![Cell::Text(workload), Cell::Text(report::tool_name(tool)), drops, share, by]
        })
    });
    table(WORKLOAD_COLUMNS, rows.collect(), known)
}

pub(super) fn processes(known: Option<&[Tool]>) -> Table {
    let rows = known.unwrap_or_default().iter().flat_map(|tool| {
        let sums = Sums::of(tool, |losers, add| {
            for Loser { tgid, comm, workload, syscall, drops, .. } in &losers.top {
                let process = comm.clone().unwrap_or_else(|| UNKNOWN.to_owned());
                add((process, Some(*tgid), syscall.clone(), place(workload.as_ref())), *drops);
            }
            let nobody = |name: &str| (name.to_owned(), None, "-".to_owned(), "-".to_owned());
            add(nobody(OTHERS), losers.others);
            add(nobody(UNATTRIBUTED), losers.unattributed);
        });
        sums.cells().map(|((process, tgid, syscall, workload), [drops, share, by])| {
            let [process, syscall, workload] = [process, syscall, workload].map(Cell::Text);
            vec![
                process,
                Cell::Id(tgid),
                syscall,
                workload,
                Cell::Text(report::tool_name(tool)),
                drops,
                share,
                by,
            ]
        })
    });
    table(PROCESS_COLUMNS, rows.collect(), known)
}

fn table(columns: &'static [Column], rows: Vec<Vec<Cell>>, known: Option<&[Tool]>) -> Table {
    let is_followed = known.unwrap_or_default().iter().any(|tool| !accounts(tool).is_empty());
    Table {
        columns,
        rows,
        note: "in the last minute; share: of what that tool dropped".to_owned(),
        empty: match is_followed {
            true => "Nobody's events were dropped in the last minute.",
            false => "No tool's drops are followed (a Falco's are, with --whose auto or on, but not in mode passive).",
        }
        .to_owned(),
    }
}
