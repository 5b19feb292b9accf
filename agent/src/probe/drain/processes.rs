//! Records by process: an open-addressed table, because a record must find its process within a few
//! nanoseconds even when a thousand processes take turns.

use std::hash::{BuildHasher as _, RandomState};

use crate::sample::ProcessCount;

/// Cells of a new table.
const FIRST_CELLS: usize = 64;

/// Counts of at most `limit` processes.
#[derive(Clone)]
pub(super) struct Processes {
    counts: Vec<Process>,
    /// Place in `counts` plus one, 0 where free. A power of two of them, at most half of them in use.
    cells: Vec<u32>,
    /// Odd. Random, so that nobody can choose process ids that share a cell.
    multiplier: u64,
    limit: usize,
    /// Records of processes past the limit.
    beyond: u64,
}

#[derive(Clone, Copy)]
struct Process {
    tgid: u32,
    cgroup_id: u64,
    records: u64,
}

impl Processes {
    /// Empty.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            counts: Vec::new(),
            cells: vec![0; FIRST_CELLS],
            multiplier: RandomState::new().hash_one(0) | 1,
            limit,
            beyond: 0,
        }
    }

    /// Takes in one record.
    #[inline]
    pub(super) fn add(&mut self, tgid: u32, cgroup_id: u64) {
        let mut cell = self.first_cell(tgid);
        loop {
            let place = self.cells[cell] as usize;
            let Some(process) = place.checked_sub(1).and_then(|index| self.counts.get_mut(index)) else {
                return self.add_new(tgid, cgroup_id, cell);
            };
            if process.tgid == tgid {
                process.records += 1;
                process.cgroup_id = cgroup_id;
                return;
            }
            cell = (cell + 1) & (self.cells.len() - 1);
        }
    }

    /// Where the search for a process begins: the upper bits of a product (multiply-shift hashing).
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "below the number of cells")]
    fn first_cell(&self, tgid: u32) -> usize {
        let product = u64::from(tgid).wrapping_mul(self.multiplier);
        (product >> (u64::BITS - self.cells.len().trailing_zeros())) as usize
    }

    #[cold]
    fn add_new(&mut self, tgid: u32, cgroup_id: u64, free_cell: usize) {
        if self.counts.len() >= self.limit {
            self.beyond += 1;
            return;
        }
        self.counts.push(Process { tgid, cgroup_id, records: 1 });
        self.cells[free_cell] = u32::try_from(self.counts.len()).unwrap_or(0);
        if 2 * self.counts.len() > self.cells.len() {
            self.grow();
        }
    }

    fn grow(&mut self) {
        self.cells = vec![0; 2 * self.cells.len()];
        for (place, process) in (1..).zip(&self.counts) {
            let mut cell = self.first_cell(process.tgid);
            while self.cells[cell] != 0 {
                cell = (cell + 1) & (self.cells.len() - 1);
            }
            self.cells[cell] = place;
        }
    }

    /// The `most` processes with most records, most first; their names are left open.
    pub(super) fn top(&self, most: usize) -> Vec<ProcessCount> {
        let mut counts = self.counts.clone();
        counts.sort_by_key(|process| (std::cmp::Reverse(process.records), process.tgid));
        counts.truncate(most);
        counts
            .into_iter()
            .map(|Process { tgid, cgroup_id, records }| ProcessCount {
                tgid,
                cgroup_id: (cgroup_id != 0).then_some(cgroup_id),
                records,
                comm: None,
            })
            .collect()
    }

    /// Records of processes past the limit.
    pub(super) fn without_a_place(&self) -> u64 {
        self.beyond
    }

    /// Records of processes that `listed` leaves out.
    pub(super) fn beyond(&self, listed: &[ProcessCount]) -> u64 {
        let kept: u64 = self.counts.iter().map(|process| process.records).sum();
        self.beyond + kept - listed.iter().map(|process| process.records).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_process_is_found_again_while_the_table_grows() {
        let mut processes = Processes::new(5000);
        for lap in 1..=3_u64 {
            for tgid in 1..=5000 {
                processes.add(tgid * 64, lap);
            }
        }
        let top = processes.top(6000);
        assert_eq!(top.len(), 5000);
        assert!(top.iter().all(|process| process.records == 3 && process.cgroup_id == Some(3)));
        assert_eq!(processes.beyond(&top), 0);
    }

    #[test]
    fn most_records_come_first_and_the_rest_is_summed() {
        let mut processes = Processes::new(10);
        for tgid in [5, 69, 5, 69, 5, 0] {
            processes.add(tgid, 7);
        }
        let top = processes.top(1);
        assert_eq!((top[0].tgid, top[0].records, top[0].cgroup_id), (5, 3, Some(7)));
        assert_eq!(processes.beyond(&top), 3);
    }

    #[test]
    fn past_the_limit_records_still_count() {
        let mut processes = Processes::new(2);
        for tgid in [1, 2, 3, 3, 4] {
            processes.add(tgid, 0);
        }
        let top = processes.top(9);
        assert_eq!(top.len(), 2);
        assert_eq!((processes.beyond(&top), processes.without_a_place()), (3, 3));
    }
}
