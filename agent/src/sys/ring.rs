//! The consumer side of our own ring.
//!
//! `aya::maps::RingBuf` stores the consumer position after every record; we store it once per batch, and read
//! both positions for the accounting. Layout and rules: kernel/bpf/ringbuf.c.
//!
//! Never build this on a ring of another tool: it would steal that tool's records.

use std::{
    io,
    mem::size_of,
    os::fd::BorrowedFd,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

use agent_common::record::{RECORD_FOOTPRINT_BYTES, Record};

use super::mapping::{Mapping, Protection, page_bytes};

/// Set in a header while the record is being written (`BPF_RINGBUF_BUSY_BIT`).
const BUSY: u32 = 1 << 31;
/// Set in a header when the record was discarded (`BPF_RINGBUF_DISCARD_BIT`).
const DISCARDED: u32 = 1 << 30;
/// Bytes of a header (`BPF_RINGBUF_HDR_SZ`).
const HEADER_BYTES: u64 = 8;

/// Positions of a ring at one instant: bytes since its creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    /// Everything before it was reserved.
    pub producer: u64,
    /// Everything before it was consumed.
    pub consumer: u64,
}

impl Positions {
    /// Bytes reserved and not yet consumed.
    #[must_use]
    pub fn backlog_bytes(self) -> u64 {
        self.producer.wrapping_sub(self.consumer)
    }
}

/// The two position pages of a ring, mapped read-only: never its data.
#[derive(Debug)]
pub struct PositionPages {
    mapping: Mapping,
    /// Of a page: where the second one begins.
    page_bytes: usize,
}

impl PositionPages {
    /// Maps the position pages of a ring.
    ///
    /// # Errors
    ///
    /// What mmap(2) says.
    pub fn new(map: BorrowedFd<'_>) -> io::Result<Self> {
        let page_bytes = page_bytes();
        Ok(Self { mapping: Mapping::new(map, 2 * page_bytes, 0, Protection::Read)?, page_bytes })
    }

    /// Both positions, the consumer's first: the backlog computed from them is never too small by what the
    /// producer did between the two reads.
    #[must_use]
    pub fn read(&self) -> Positions {
        let consumer = self.word(0);
        Positions { consumer, producer: self.word(self.page_bytes) }
    }

    /// Where the oldest record that is not committed begins. The word after the producer's position since Linux 6.10
    /// and stable backports; the caller knows whether this kernel has it.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.word(self.page_bytes + size_of::<u64>())
    }

    fn word(&self, offset: usize) -> u64 {
        let place = self.mapping.start().as_ptr().wrapping_add(offset).cast::<AtomicU64>();
        // SAFETY: an aligned word of one of the two mapped pages; atomics may be shared with the kernel.
        unsafe { (*place).load(Ordering::Acquire) }
    }
}

/// What one batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Records handed over.
    pub records: u64,
    /// Bytes freed, with headers.
    pub bytes: u64,
    /// Entries that were not a record of ours: discarded, or of another size. Never seen; counted so that it
    /// would be.
    pub foreign: u64,
}

/// Our own ring, mapped for consuming.
#[derive(Debug)]
pub struct OwnRing {
    consumer: Mapping,
    producer_and_data: Mapping,
    capacity_bytes: u64,
    /// Our copy of the position that only we write.
    consumer_position: u64,
}

impl OwnRing {
    /// Maps a ring of `capacity_bytes` (a power of two), or any file with the same layout: consumer page,
    /// producer page, data twice.
    ///
    /// # Errors
    ///
    /// What mmap(2) says.
    pub fn new(map: BorrowedFd<'_>, capacity_bytes: u32) -> io::Result<Self> {
        let page = page_bytes();
        let consumer = Mapping::new(map, page, 0, Protection::ReadWrite)?;
        let data_twice = 2 * capacity_bytes as usize;
        let producer_and_data = Mapping::new(map, page + data_twice, page, Protection::Read)?;
        let mut ring =
            Self { consumer, producer_and_data, capacity_bytes: capacity_bytes.into(), consumer_position: 0 };
        ring.consumer_position = ring.positions().consumer;
        Ok(ring)
    }

    /// Data bytes.
    #[must_use]
    pub fn capacity_bytes(&self) -> u64 {
        self.capacity_bytes
    }

    /// Both positions, the consumer's first: the backlog computed from them is never too small by what the
    /// producer did between the two reads.
    #[must_use]
    pub fn positions(&self) -> Positions {
        let consumer = self.consumer_word().load(Ordering::Acquire);
        Positions { consumer, producer: self.producer_word().load(Ordering::Acquire) }
    }

    /// Hands over at most `max_records` records in order and frees their space with one store at the end.
    #[inline]
    pub fn consume(&mut self, max_records: u64, mut each: impl FnMut(&Record)) -> Batch {
        let producer = self.producer_word().load(Ordering::Acquire);
        let start = self.consumer_position;
        let mut batch = Batch::default();
        let mut position = start;
        while position < producer && batch.records < max_records {
            let Some((length, record)) = self.entry(position) else {
                break;
            };
            match record {
                Some(record) => {
                    each(record);
                    batch.records += 1;
                }
                None => batch.foreign += 1,
            }
            position += (HEADER_BYTES + u64::from(length)).next_multiple_of(8);
        }
        if position != start {
            self.consumer_position = position;
            self.consumer_word().store(position, Ordering::Release);
        }
        batch.bytes = position - start;
        batch
    }

    /// The entry at `position`: its length, and its content if that is a record. `None` while it is being
    /// written.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "offsets into a mapping fit the address space")]
    fn entry(&self, position: u64) -> Option<(u32, Option<&Record>)> {
        let place = self.data().wrapping_add((position & (self.capacity_bytes - 1)) as usize);
        // SAFETY: positions are multiples of 8 below the producer's, so a whole entry lies at `place`, if need
        // be running into the second copy of the data. The header is aligned; the kernel writes it atomically,
        // and once BUSY is clear (acquire) the content stays as it is until we move the consumer position.
        unsafe {
            let header = (*place.cast::<AtomicU32>()).load(Ordering::Acquire);
            if header & BUSY != 0 {
                return None;
            }
            let length = header & !DISCARDED;
            let is_record = header as usize == size_of::<Record>();
            let record = is_record.then(|| &*place.add(HEADER_BYTES as usize).cast::<Record>());
            Some((length, record))
        }
    }

    fn consumer_word(&self) -> &AtomicU64 {
        // SAFETY: the first word of the consumer page; atomics may be shared with the kernel.
        unsafe { self.consumer.start().cast().as_ref() }
    }

    fn producer_word(&self) -> &AtomicU64 {
        // SAFETY: the first word of the producer page.
        unsafe { self.producer_and_data.start().cast().as_ref() }
    }

    fn data(&self) -> *const u8 {
        self.producer_and_data.start().as_ptr().wrapping_add(page_bytes()).cast_const()
    }
}

/// Records that a ring of this capacity holds: the kernel never lets the last byte be used.
#[must_use]
pub fn records_that_fit(capacity_bytes: u64) -> u64 {
    (capacity_bytes - 1) / RECORD_FOOTPRINT_BYTES
}
