//! The recording of an episode that goes on, so that one is left when the agent is killed in the middle of it.
//!
//! It begins whole, with the two minutes before, and samples are appended every few seconds: each time as a part of its own that is
//! compressed by itself, so that one that was cut off takes none with it.

use std::{
    fs::File,
    io::{self, Write as _},
};

use crate::recording::packed;

/// Bytes of one: a part of what the folder may take. One that would grow past them stays as it is.
pub(super) const MOST_BYTES: u64 = 8 << 20;

/// One that is open.
#[derive(Debug)]
pub(super) struct Journal {
    /// What it is going to be kept as.
    pub(super) id: String,
    /// In the folder; `None` if it takes no more.
    file: Option<File>,
    /// Bytes of the file.
    pub(super) bytes: u64,
    /// Lines that are not in the file yet.
    waiting: Vec<u8>,
}

impl Journal {
    /// Of this file, which holds so many bytes.
    pub(super) fn new(id: String, file: File, bytes: u64) -> Self {
        Self { id, file: Some(file), bytes, waiting: Vec::new() }
    }

    /// One that the folder did not take: it is not tried again each second.
    pub(super) fn refused(id: String) -> Self {
        Self { id, file: None, bytes: 0, waiting: Vec::new() }
    }

    /// Takes in a line. It is in the file with the next [`Self::flush`].
    pub(super) fn push(&mut self, line: &[u8]) {
        if self.file.is_some() {
            self.waiting.extend_from_slice(line);
            self.waiting.push(b'\n');
        }
    }

    /// Puts what waits into the file. After an error it takes nothing more: a part with a hole in it would hide what comes
    /// after.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if self.waiting.is_empty() {
            return Ok(());
        }
        let part = packed(std::mem::take(&mut self.waiting));
        let written = part.and_then(|part| {
            let bytes = self.bytes.saturating_add(part.len() as u64);
            if bytes > MOST_BYTES {
                return Err(io::Error::other("it is as large as one may be"));
            }
            file.write_all(&part)?;
            self.bytes = bytes;
            // A node that goes down is one that somebody will ask about.
            file.sync_data()
        });
        if written.is_err() {
            self.file = None;
        }
        written
    }
}
