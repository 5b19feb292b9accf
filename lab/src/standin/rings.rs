//! All rings as one sequence of records in the order of their time.

use super::record::Record;
use crate::sys::ring::Ring;

/// The rings, and which of them the last record came from.
#[derive(Debug)]
pub(super) struct Rings {
    rings: Vec<Ring>,
    held: Option<usize>,
}

impl Rings {
    pub(super) fn new(rings: Vec<Ring>) -> Self {
        Self { rings, held: None }
    }

    pub(super) fn count(&self) -> usize {
        self.rings.len()
    }

    /// Frees the last record and returns the oldest of all. Its space stays taken until the next call, and a
    /// record that is still being written holds up its ring, both as in Falco.
    pub(super) fn next(&mut self) -> Option<Record<'_>> {
        self.release();
        let heads = self.rings.iter_mut().enumerate();
        let times = heads.filter_map(|(index, ring)| Some((Record::new(ring.peek()?).time_ns(), index)));
        let (_, oldest) = times.min()?;
        self.held = Some(oldest);
        self.rings[oldest].peek().map(Record::new)
    }

    /// Frees the last record.
    pub(super) fn release(&mut self) {
        if let Some(index) = self.held.take() {
            self.rings[index].pass();
        }
    }

    /// Counts, and frees, the records that nobody will read.
    pub(super) fn count_left(mut self) -> u64 {
        let mut left = 0;
        self.release();
        for ring in &mut self.rings {
            while ring.peek().is_some() {
                ring.pass();
                left += 1;
            }
        }
        left
    }
}
