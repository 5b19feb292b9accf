//! Tools as processes, one line each.

use super::{Block, Table};
use crate::report::{
    lives::{age, end},
    model::{Life, Report, Tool},
    number::{count, seconds},
};

/// All known tools.
pub(super) fn table(report: &Report, page: &mut Vec<Block>) {
    let tools = report.tools.iter().flatten();
    let rows: Vec<Vec<String>> =
        tools.filter_map(|tool| tool.life.as_ref().map(|life| row(tool, life))).collect();
    if rows.is_empty() {
        return;
    }
    page.push(Block::Heading("Tools".to_owned()));
    page.push(Block::Table(Table::new(
        vec!["tool", "pid", "engine", "running for", "restarts", "absent", "runs skipped", "last end"],
        rows,
    )));
}

fn row(tool: &Tool, life: &Life) -> Vec<String> {
    let none = || "-".to_owned();
    let age = match (life.is_running, life.age_seconds) {
        (false, _) => "not running".to_owned(),
        (true, Some(seconds)) => age(seconds),
        (true, None) => "unknown".to_owned(),
    };
    let restarts = match (life.restarts, life.reloads) {
        (restarts, 0) => count(restarts),
        (restarts, reloads) => format!("{} and {} reloads", count(restarts), count(reloads)),
    };
    vec![
        tool.comm.clone().unwrap_or_else(|| "unknown".to_owned()),
        tool.tgid.map_or_else(none, |tgid| tgid.to_string()),
        life.engine.clone().unwrap_or_else(none),
        age,
        restarts,
        if life.absences.is_empty() { none() } else { seconds(life.absent_seconds) },
        skipped(life),
        life.last_exit.as_ref().map_or_else(none, end),
    ]
}

/// Skipped runs of its programs, with the one that has most.
fn skipped(life: &Life) -> String {
    let Some(missed) = life.programs.as_ref().and_then(|programs| programs.missed) else {
        return "unknown".to_owned();
    };
    let most = life.programs.iter().find_map(|programs| programs.with_misses.first());
    most.map_or_else(|| count(missed), |program| format!("{}, most of {}", count(missed), program.name))
}
