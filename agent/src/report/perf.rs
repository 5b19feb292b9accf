//! Perf buffers in a report, from totals to data.

use super::{
    model::PerfBuffers,
    number::{count, float, ratio},
};
use crate::{
    evidence::Evidence,
    timeline::{PerfTotals, Slice, seconds},
};

/// Those of each process, most lost first.
#[must_use]
pub(crate) fn build(slice: &Slice<'_>) -> Option<Vec<PerfBuffers>> {
    let window_seconds = seconds(slice.length_ns());
    let one = |totals: &PerfTotals<'_>| PerfBuffers {
        evidence: Evidence::Exact,
        tool: totals.last.tool.clone(),
        comm: totals.last.comm.clone(),
        tgid: totals.last.tgid,
        buffers: totals.last.buffers,
        capacity_bytes: totals.last.capacity_bytes,
        backlog_bytes: totals.last.backlog_bytes,
        fullest_share: ratio(float(totals.last.fullest_permille), 1000.0),
        produced_bytes: totals.produced_bytes,
        produced_bytes_per_second: ratio(float(totals.produced_bytes), window_seconds),
        consumed_bytes: totals.consumed_bytes,
        consumed_bytes_per_second: ratio(float(totals.consumed_bytes), window_seconds),
        lost: totals.lost,
        is_gone: totals.is_gone,
    };
    let mut all: Vec<PerfBuffers> = slice.perf_buffers()?.iter().map(one).collect();
    all.sort_by_key(|one| (std::cmp::Reverse(one.lost), one.tgid));
    Some(all)
}

/// A sentence for each process that lost any.
#[must_use]
pub(super) fn verdict(all: &[PerfBuffers]) -> Vec<String> {
    let sentence = |one: &PerfBuffers| {
        let lost = one.lost.filter(|lost| *lost > 0)?;
        let samples = if lost == 1 { "sample" } else { "samples" };
        Some(format!(
            "{} (pid {}) lost {} {samples}, because its perf buffers were full.",
            one.comm,
            one.tgid,
            count(lost)
        ))
    };
    all.iter().filter_map(sentence).collect()
}
