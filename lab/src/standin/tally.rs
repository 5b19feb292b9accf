//! What the consumer got.

use super::record::Record;

/// Counts over all records that were delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) delivered: u64,
    /// Without the headers of the ring.
    pub(super) bytes: u64,
    /// Wrapping sum of the records' hashes: the order does not matter.
    pub(super) checksum: u64,
}

impl Tally {
    pub(super) fn add(&mut self, record: Record<'_>) {
        self.delivered += 1;
        self.bytes += record.bytes();
        self.checksum = self.checksum.wrapping_add(record.hash());
    }
}
