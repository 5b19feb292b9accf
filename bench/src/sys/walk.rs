//! The least that any consumer of a ring must do: look at each header and load one field.

use std::{io, mem::offset_of, os::fd::BorrowedFd};

use agent_common::record::{RECORD_FOOTPRINT_BYTES, Record};
use dropctl::sys::mapping::{Mapping, Protection, page_bytes};

/// Bytes from one header to the next.
#[expect(clippy::cast_possible_truncation, reason = "40")]
const FOOTPRINT: usize = RECORD_FOOTPRINT_BYTES as usize;
/// What the header of a record says.
#[expect(clippy::cast_possible_truncation, reason = "32")]
const LENGTH: u32 = size_of::<Record>() as u32;

/// The data of a ring image, mapped like a consumer maps it.
pub(crate) struct Walk {
    mapping: Mapping,
    records: usize,
}

impl Walk {
    /// Maps the data of an image that holds `records` records.
    pub(crate) fn new(image: BorrowedFd<'_>, records: u64) -> io::Result<Self> {
        let records = usize::try_from(records).map_err(|_| io::ErrorKind::InvalidInput)?;
        let bytes = records * FOOTPRINT;
        Ok(Self { mapping: Mapping::new(image, bytes, 2 * page_bytes(), Protection::Read)?, records })
    }

    /// Sum of one field over all records with a plausible header.
    #[inline(never)]
    pub(crate) fn sum(&self) -> u64 {
        const FIELD: usize = 8 + offset_of!(Record, time_ns);
        let start = self.mapping.start().as_ptr();
        let mut sum = 0_u64;
        for index in 0..self.records {
            let entry = start.wrapping_add(index * FOOTPRINT);
            // SAFETY: both loads lie in the mapping, aligned; nobody writes to the image.
            unsafe {
                if entry.cast::<u32>().read() == LENGTH {
                    sum = sum.wrapping_add(entry.wrapping_add(FIELD).cast::<u64>().read());
                }
            }
        }
        sum
    }
}
