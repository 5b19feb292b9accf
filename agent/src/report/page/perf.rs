//! Perf buffers, one line for each process.

use super::{Block, Table};
use crate::report::{
    model::{PerfBuffers, Report},
    number::{byte_rate, bytes, count, percent},
};

/// Nothing where nobody has any.
pub(super) fn table(report: &Report, page: &mut Vec<Block>) {
    let all = report.perf_buffers.as_deref().unwrap_or_default();
    if all.is_empty() {
        return;
    }
    page.push(Block::Heading(
        "Perf buffers of other tools (bytes and lost samples exact, fill from looks)".to_owned(),
    ));
    page.push(Block::Table(Table::new(
        vec!["tool", "pid", "buffers", "size of all", "fullest", "in /s", "out /s", "lost"],
        all.iter().map(row).collect(),
    )));
}

fn row(one: &PerfBuffers) -> Vec<String> {
    let name = if one.tool == "other" { &one.comm } else { &one.tool };
    let gone = if one.is_gone { ", gone" } else { "" };
    vec![
        name.clone(),
        one.tgid.to_string(),
        format!("{}{gone}", one.buffers),
        bytes(one.capacity_bytes),
        percent(one.fullest_share),
        byte_rate(one.produced_bytes_per_second),
        byte_rate(one.consumed_bytes_per_second),
        one.lost.map_or_else(|| "unknown".to_owned(), count),
    ]
}
