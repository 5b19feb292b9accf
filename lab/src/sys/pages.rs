//! A file in memory, of which single pages are looked at.

use std::{fs::File, io, os::fd::AsFd as _};

use super::mapping::Mapping;

/// The file, mapped for reading.
#[derive(Debug)]
pub(crate) struct Pages {
    mapping: Mapping,
    count: u64,
    page_bytes: usize,
}

impl Pages {
    /// Maps `bytes` bytes, at least one page of them.
    pub(crate) fn new(file: &File, bytes: u64) -> io::Result<Self> {
        let page_bytes = rustix::param::page_size();
        let length = usize::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mapping = Mapping::new(file.as_fd(), length, 0, false)?;
        mapping.is_read_at_random();
        Ok(Self { mapping, count: (length / page_bytes).max(1) as u64, page_bytes })
    }

    /// Reads a byte of a page, which the kernel may have to fetch. Any number is taken.
    #[expect(clippy::cast_possible_truncation, reason = "an offset into a mapping fits the address space")]
    pub(crate) fn touch(&self, page: u64) {
        let place = (page % self.count) as usize * self.page_bytes;
        // SAFETY: the page lies in the mapping, and the file is ours: nobody cuts it.
        unsafe { self.mapping.start().as_ptr().add(place).read_volatile() };
    }
}
