//! Why a record was refused: from what was asked for and where the ring's positions stand. Rules as in
//! `__bpf_ringbuf_reserve` (kernel/bpf/ringbuf.c).

use agent_common::refusals::{BEHIND, FLAGS, LOCK, PENDING, RACED, TOO_BIG};

use crate::{context::Context, memory::read, offsets, places};

/// Bytes of a record's header.
const HEADER: u64 = 8;
/// `RINGBUF_MAX_RECORD_SZ`.
const MOST_BYTES: u64 = u32::MAX as u64 / 4;

/// What a helper was asked for.
pub(crate) struct Request {
    /// The ring's `struct bpf_map`.
    pub(crate) map: u64,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) has_bad_flags: bool,
    /// Which helper.
    pub(crate) helper: u32,
}

impl Request {
    /// Bytes on the ring; 0 if no ring could hold it.
    #[inline(always)]
    pub(crate) fn record_bytes(&self) -> u64 {
        if self.size > MOST_BYTES { 0 } else { (self.size + HEADER + 7) & !7 }
    }
}

/// The class. Positions are read after the fact: other CPUs and the consumer may have moved them.
#[inline(always)]
pub(crate) fn class(request: &Request, context: Context) -> u32 {
    if request.has_bad_flags {
        return FLAGS;
    }
    let ring: u64 = read(request.map + u64::from(offsets::map_ringbuf()));
    let mask: u64 = read(ring + u64::from(places::ringbuf_mask()));
    let record = request.record_bytes();
    if record == 0 || record > mask {
        return TOO_BIG;
    }
    let consumer: u64 = read(ring + u64::from(offsets::ringbuf_consumer()));
    let producer: u64 = read(ring + u64::from(offsets::ringbuf_producer()));
    if offsets::ringbuf_pending() != 0 {
        let pending: u64 = read(ring + u64::from(offsets::ringbuf_pending()));
        let unread = pending.saturating_sub(consumer);
        let held = producer.wrapping_sub(pending);
        let oldest = if pending < consumer { pending } else { consumer };
        if producer.wrapping_sub(oldest) + record > mask {
            // The consumer cannot pass a record that is not committed. What such a record holds up is its loss,
            // what lies before it is the consumer's.
            return if held > unread { PENDING } else { BEHIND };
        }
    } else if producer.wrapping_sub(consumer) + record > mask {
        return BEHIND;
    }
    if context == Context::Nmi { LOCK } else { RACED }
}
