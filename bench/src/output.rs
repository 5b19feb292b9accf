//! Where results go: a table in Markdown on standard output, everything behind it as JSON under target/bench.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::{blocks::Outcome, machine::Machine, options::Options, statistics::Estimate};

/// One line on standard output.
pub(crate) fn say(line: &str) {
    // Nobody reads any more: nothing left to do about it.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A table.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these columns.
    pub(crate) fn new(columns: &[&str]) -> Self {
        let header = columns.iter().map(|&column| column.to_owned()).collect();
        Self { rows: vec![header] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints it; the first column is text, the others are numbers.
    pub(crate) fn print(&self) {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
                .max(3)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (index, row) in self.rows.iter().enumerate() {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(
                    |(column, (cell, &width))| {
                        if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                    },
                )
                .collect();
            say(&format!("| {} |", cells.join(" | ")));
            if index == 0 {
                let rules: Vec<String> = widths
                    .iter()
                    .enumerate()
                    .map(|(column, &width)| {
                        let dashes = "-".repeat(width);
                        if column == 0 { format!(" {dashes} ") } else { format!(" {}: ", &dashes[1..]) }
                    })
                    .collect();
                say(&format!("|{}|", rules.join("|")));
            }
        }
    }
}

/// `12.3 (12.0 to 12.9)`.
pub(crate) fn estimate(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(
        || "-".to_owned(),
        |Estimate { median, low, high }| format!("{median:.1} ({low:.1} to {high:.1})"),
    )
}

/// With one decimal; `-` where there is none.
pub(crate) fn number(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.1}"))
}

/// Blocks kept and dropped, with reasons.
pub(crate) fn kept(outcome: &Outcome) -> String {
    let dropped = outcome.dropped;
    let reasons: Vec<String> = [
        (dropped.uneven, "uneven"),
        (dropped.slow, "slow"),
        (dropped.stolen, "stolen"),
        (dropped.shared, "shared"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, reason)| format!("{count} {reason}"))
    .collect();
    let blocks = outcome.pairs / 2;
    if reasons.is_empty() { blocks.to_string() } else { format!("{blocks}; dropped {}", reasons.join(", ")) }
}

/// `met` or `missed`; `-` where no target is judged.
pub(crate) fn verdict(met: Option<bool>) -> String {
    met.map_or("-", |met| if met { "met" } else { "missed" }).to_owned()
}

#[derive(Serialize)]
struct File<'a, T> {
    benchmark: &'a str,
    machine: &'a Machine,
    result: T,
}

/// Writes `target/bench/NAME.json` and says so; a short run has a folder below, to leave real data alone.
pub(crate) fn save(
    options: &Options,
    machine: &Machine,
    benchmark: &str,
    result: impl Serialize,
) -> Result<()> {
    let below = if options.short { "target/bench/short" } else { "target/bench" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(below);
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let path: PathBuf = folder.join(format!("{benchmark}.json"));
    let text = serde_json::to_string_pretty(&File { benchmark, machine, result })?;
    fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    say(&format!("\nraw: {below}/{benchmark}.json"));
    Ok(())
}
