//! The consumer side of one ring, record by record. Layout and rules: kernel/bpf/ringbuf.c.

use std::{
    io,
    os::fd::BorrowedFd,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

use super::mapping::Mapping;

/// Set in a header while the record is being written (`BPF_RINGBUF_BUSY_BIT`).
const BUSY: u32 = 1 << 31;
/// Set in the header of a record that was thrown away (`BPF_RINGBUF_DISCARD_BIT`).
const DISCARDED: u32 = 1 << 30;
/// Bytes of a header (`BPF_RINGBUF_HDR_SZ`).
const HEADER_BYTES: usize = 8;

/// A ring, mapped for consuming. The mapping keeps it alive without a descriptor.
#[derive(Debug)]
pub(crate) struct Ring {
    consumer: Mapping,
    producer_and_data: Mapping,
    bytes: usize,
    page_bytes: usize,
    /// Our copy of the position that only we write.
    consumer_position: u64,
    /// The producer's when we last looked; not looked at again before all up to it is read.
    producer_position: u64,
}

impl Ring {
    /// Maps a ring of `bytes` bytes: consumer page, producer page, data twice.
    pub(crate) fn new(map: BorrowedFd<'_>, bytes: u32) -> io::Result<Self> {
        let (bytes, page_bytes) = (bytes as usize, rustix::param::page_size());
        Ok(Self {
            consumer: Mapping::new(map, page_bytes, 0, true)?,
            producer_and_data: Mapping::new(map, page_bytes + 2 * bytes, page_bytes, false)?,
            bytes,
            page_bytes,
            consumer_position: 0,
            producer_position: 0,
        })
    }

    /// The oldest unread record, if one is there and written to its end. Passes those that were thrown away.
    pub(crate) fn peek(&mut self) -> Option<&[u8]> {
        let header = loop {
            let header = self.header()?;
            if header & DISCARDED == 0 {
                break header;
            }
            self.move_past(header & !DISCARDED);
        };
        let record = self.place(self.consumer_position).wrapping_add(HEADER_BYTES);
        // SAFETY: between the positions lie whole records, aligned to 8, if need be running into the second copy
        // of the data. A record that is not busy stays as it is until we move the consumer position, for which `pass`
        // borrows us anew.
        Some(unsafe { std::slice::from_raw_parts(record, header as usize) })
    }

    /// The header of the oldest unread record, unless it is being written.
    fn header(&mut self) -> Option<u32> {
        if self.consumer_position == self.producer_position {
            self.producer_position = self.producer_word().load(Ordering::Acquire);
            if self.consumer_position == self.producer_position {
                return None;
            }
        }
        let place = self.place(self.consumer_position).cast::<AtomicU32>();
        // SAFETY: between the positions lie whole records, each with a header of its own, aligned to 8. The kernel writes
        // the header atomically; with BUSY clear (acquire) the record is there.
        let header = unsafe { (*place).load(Ordering::Acquire) };
        (header & BUSY == 0).then_some(header)
    }

    /// Frees the space of the record that [`Self::peek`] shows.
    pub(crate) fn pass(&mut self) {
        if let Some(record) = self.peek() {
            let bytes = u32::try_from(record.len()).unwrap_or(u32::MAX);
            self.move_past(bytes);
        }
    }

    /// Frees the space of a record with so many bytes.
    fn move_past(&mut self, bytes: u32) {
        self.consumer_position += (HEADER_BYTES as u64 + u64::from(bytes)).next_multiple_of(8);
        self.consumer_word().store(self.consumer_position, Ordering::Release);
    }

    /// Bytes reserved and not freed.
    pub(crate) fn backlog_bytes(&self) -> u64 {
        self.producer_word().load(Ordering::Acquire) - self.consumer_position
    }

    fn consumer_word(&self) -> &AtomicU64 {
        // SAFETY: the first word of the consumer page; atomics may be shared with the kernel.
        unsafe { self.consumer.start().cast().as_ref() }
    }

    fn producer_word(&self) -> &AtomicU64 {
        // SAFETY: the first word of the producer page.
        unsafe { self.producer_and_data.start().cast().as_ref() }
    }

    #[expect(clippy::cast_possible_truncation, reason = "offsets into a mapping fit the address space")]
    fn place(&self, position: u64) -> *const u8 {
        let data = self.producer_and_data.start().as_ptr().wrapping_add(self.page_bytes);
        data.wrapping_add(position as usize & (self.bytes - 1)).cast_const()
    }
}
