//! Perf buffers of tools that are older than the ring buffer: from the rows of passes to numbers by process. Pure.
//!
//! A process has one for each CPU and map; they are counted together. Buffers that overwrite refuse nothing and are left
//! out. Their sizes are those of pages that are not put together to larger ones, as x86 and arm64 have them.

use std::collections::{BTreeMap, BTreeSet};

use agent_common::watch::{NOT_COUNTED, PerfRow};

use super::owners::name;
use crate::{observe::tools::known::tool, sample::PerfBuffersSample};

/// All of the node.
#[derive(Default)]
pub(super) struct PerfBuffers {
    /// As the last pass saw them, by event; `None` before the first.
    events: Option<BTreeMap<u64, PerfRow>>,
    processes: BTreeMap<u32, PerfBuffersSample>,
}

impl PerfBuffers {
    /// Takes in a pass. `own_tgid`: dropctl, as the kernel numbers it.
    pub(super) fn set(&mut self, rows: &[PerfRow], page_bytes: u64, own_tgid: Option<u32>) {
        let mut now: BTreeMap<u64, PerfRow> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.overwrites == 0) {
            // A child has its parent's files: the oldest process counts.
            let kept = now.entry(row.event).or_insert(*row);
            if row.tgid < kept.tgid {
                *kept = *row;
            }
        }
        let tgids: BTreeSet<u32> = now.values().map(|row| row.tgid).collect();
        self.processes.retain(|tgid, _| tgids.contains(tgid));
        for tgid in tgids {
            let of_process: Vec<&PerfRow> = now.values().filter(|row| row.tgid == tgid).collect();
            let Some(first) = of_process.first() else { continue };
            let comm = name(&first.comm);
            let process = self.processes.entry(tgid).or_insert_with(|| PerfBuffersSample {
                tgid,
                tool: tool(&comm).to_owned(),
                comm,
                is_own: own_tgid == Some(tgid),
                found_ns: first.time_ns,
                lost: Some(0),
                ..PerfBuffersSample::default()
            });
            process.time_ns = first.time_ns;
            process.look_at(&of_process, page_bytes);
            for row in of_process {
                // An event that the pass before did not see was made since, and began at nothing.
                let none = PerfRow { lost: 0, ..PerfRow::default() };
                let before = match &self.events {
                    None => row,
                    Some(events) => {
                        events.get(&row.event).filter(|before| is_same(before, row)).unwrap_or(&none)
                    }
                };
                process.produced_bytes += row.head.saturating_sub(before.head);
                process.consumed_bytes += row.tail.saturating_sub(before.tail);
                let lost = (row.lost != NOT_COUNTED).then(|| row.lost.saturating_sub(before.lost));
                process.lost = process.lost.zip(lost).map(|(sum, more)| sum + more);
            }
        }
        self.events = Some(now);
    }

    /// By process.
    pub(super) fn sample(&self) -> Option<Vec<PerfBuffersSample>> {
        self.events.as_ref()?;
        Some(self.processes.values().cloned().collect())
    }
}

/// Memory is used again: one whose counters went back is another.
fn is_same(before: &PerfRow, now: &PerfRow) -> bool {
    before.buffer == now.buffer && before.head <= now.head && before.lost <= now.lost
}

impl PerfBuffersSample {
    /// Sizes and fill. Events may share a buffer.
    fn look_at(&mut self, rows: &[&PerfRow], page_bytes: u64) {
        let buffers: BTreeMap<u64, &PerfRow> = rows.iter().map(|row| (row.buffer, *row)).collect();
        let capacity = |row: &PerfRow| u64::from(row.pages) * page_bytes;
        // The reader's position is the reader's word; more than all cannot wait.
        let backlog = |row: &PerfRow| row.head.saturating_sub(row.tail).min(capacity(row));
        self.buffers = buffers.len() as u64;
        self.capacity_bytes = buffers.values().map(|row| capacity(row)).sum();
        self.backlog_bytes = buffers.values().map(|row| backlog(row)).sum();
        let shares = buffers.values().map(|row| backlog(row) * 1000 / capacity(row).max(1));
        self.fullest_permille = shares.max().unwrap_or(0).max(self.fullest_permille);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: u64 = 4096;

    fn row(event: u64, tgid: u32, head: u64, tail: u64, lost: u64) -> PerfRow {
        PerfRow {
            event,
            tgid,
            buffer: event + 1,
            head,
            tail,
            lost,
            pages: 2,
            comm: *b"execsnoop\0\0\0\0\0\0\0",
            ..PerfRow::default()
        }
    }

    fn of(perf: &PerfBuffers, tgid: u32) -> PerfBuffersSample {
        perf.sample().unwrap().into_iter().find(|one| one.tgid == tgid).unwrap()
    }

    #[test]
    fn what_is_found_counts_from_then_and_what_is_new_from_nothing() {
        let mut perf = PerfBuffers::default();
        assert_eq!(perf.sample(), None);
        perf.set(
            &[row(16, 50, 9000, 8000, 7), row(32, 50, 100, 100, 0), row(16, 60, 9000, 8000, 7)],
            PAGE,
            None,
        );
        let found = of(&perf, 50);
        assert_eq!((found.buffers, found.capacity_bytes, found.backlog_bytes), (2, 4 * PAGE, 1000));
        assert_eq!((found.lost, found.produced_bytes, &*found.comm), (Some(0), 0, "execsnoop"));
        assert_eq!(perf.sample().unwrap().len(), 1, "a child inherits its files");
        perf.set(
            &[row(16, 50, 17000, 8808, 12), row(32, 50, 150, 140, 0), row(48, 70, 40, 0, 3)],
            PAGE,
            None,
        );
        let again = of(&perf, 50);
        assert_eq!((again.lost, again.produced_bytes, again.consumed_bytes), (Some(5), 8050, 848));
        assert_eq!((again.fullest_permille, again.is_own), (1000, false));
        assert_eq!((of(&perf, 70).lost, of(&perf, 70).produced_bytes), (Some(3), 40));
        // Its memory is another event's by now.
        perf.set(&[row(16, 50, 30, 0, 2)], PAGE, Some(50));
        assert_eq!((of(&perf, 50).lost, of(&perf, 50).produced_bytes), (Some(7), 8080));
        assert_eq!(perf.sample().unwrap().len(), 1);
    }

    #[test]
    fn unknown_is_not_nothing() {
        let mut perf = PerfBuffers::default();
        perf.set(&[row(16, 50, 10, 0, NOT_COUNTED)], PAGE, None);
        perf.set(&[row(16, 50, 20, 0, NOT_COUNTED), row(32, 50, 20, 0, NOT_COUNTED)], PAGE, None);
        assert_eq!((of(&perf, 50).lost, of(&perf, 50).produced_bytes), (None, 10 + 20));
        let shared = PerfRow { buffer: 17, ..row(32, 50, 20, 0, 0) };
        perf.set(
            &[row(16, 50, 20, 0, 0), shared, PerfRow { overwrites: 1, ..row(48, 50, 9, 0, 0) }],
            PAGE,
            None,
        );
        assert_eq!((of(&perf, 50).buffers, of(&perf, 50).backlog_bytes), (1, 20));
        // A reader that says nonsense.
        perf.set(&[row(16, 50, 20, 90, 0)], PAGE, None);
        assert_eq!(of(&perf, 50).backlog_bytes, 0);
    }
}
