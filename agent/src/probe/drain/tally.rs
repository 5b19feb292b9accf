//! What the drained records say: errors by syscall, records by process.

use agent_common::{record::Record, slot::SLOTS};

use super::processes::Processes;
use crate::{probe::counters::nonzero_slots, sample::ProcessCount, sys::ring::Batch};

/// Sums over consumed records.
#[derive(Clone)]
pub struct Tally {
    /// Records consumed.
    pub records: u64,
    /// Bytes consumed, with headers.
    pub bytes: u64,
    /// Entries that were no record of ours.
    pub foreign: u64,
    errors: Box<[u64; SLOTS as usize]>,
    /// `None` when nobody asked for processes.
    processes: Option<Processes>,
}

impl Tally {
    /// Empty; keeps counts of at most `processes` processes.
    #[must_use]
    pub fn new(processes: usize) -> Self {
        Self {
            records: 0,
            bytes: 0,
            foreign: 0,
            errors: Box::new([0; SLOTS as usize]),
            processes: (processes > 0).then(|| Processes::new(processes)),
        }
    }

    /// Takes in one record.
    #[inline]
    pub fn add(&mut self, record: &Record) {
        // The kernel returns errors as -4095..-1 (include/linux/err.h).
        if (-4095..0).contains(&record.result)
            && let Some(errors) = self.errors.get_mut(usize::from(record.slot))
        {
            *errors += 1;
        }
        if let Some(processes) = &mut self.processes {
            processes.add(record.tgid, record.cgroup_id);
        }
    }

    /// Takes in the sums of a batch whose records were added.
    pub fn end_batch(&mut self, batch: Batch) {
        self.records += batch.records;
        self.bytes += batch.bytes;
        self.foreign += batch.foreign;
    }

    /// Records that ended in an error, by slot, without zeros.
    #[must_use]
    pub fn errors(&self) -> Vec<(u16, u64)> {
        nonzero_slots(&self.errors)
    }

    /// The `most` processes with most records, most first; their names are left open.
    #[must_use]
    pub fn top_processes(&self, most: usize) -> Vec<ProcessCount> {
        self.processes.as_ref().map(|processes| processes.top(most)).unwrap_or_default()
    }

    /// Records of processes that came when the table was full: of each of them nothing else is known.
    #[must_use]
    pub fn records_without_a_place(&self) -> u64 {
        self.processes.as_ref().map_or(0, Processes::without_a_place)
    }

    /// Records of processes that [`Self::top_processes`] leaves out.
    #[must_use]
    pub fn records_beyond(&self, listed: &[ProcessCount]) -> u64 {
        self.processes.as_ref().map_or(0, |processes| processes.beyond(listed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_the_range_of_the_kernel() {
        let mut tally = Tally::new(0);
        for result in [0, 1, -1, -4095, -4096, i32::MIN] {
            tally.add(&Record { slot: 3, result, ..Record::default() });
        }
        assert_eq!(tally.errors(), [(3, 2)]);
        assert!(tally.top_processes(1).is_empty(), "nobody asked for processes");
    }
}
