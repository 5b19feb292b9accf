//! Writing a recording, one sample after the other.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};
use serde::Serialize;

use super::Header;
use crate::sample::Sample;

/// Writes a recording. Each sample is handed on at once, so that a file that was cut off holds all but the last.
pub struct Writer<W: Write> {
    out: Out<W>,
}

enum Out<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
}

impl<W: Write> Writer<W> {
    /// Begins with the header.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn new(out: W, compress: bool, header: &Header) -> io::Result<Self> {
        let out =
            if compress { Out::Gzip(GzEncoder::new(out, Compression::default())) } else { Out::Plain(out) };
        let mut writer = Self { out };
        writer.line(header)?;
        Ok(writer)
    }

    /// Adds a sample.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn push(&mut self, sample: &Sample) -> io::Result<()> {
        self.line(sample)
    }

    /// Adds a sample by its text, as it was written before. Handed on with the next that is pushed, or at the end.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn push_text(&mut self, line: &[u8]) -> io::Result<()> {
        match &mut self.out {
            Out::Plain(out) => out.write_all(line).and_then(|()| out.write_all(b"\n")),
            Out::Gzip(out) => out.write_all(line).and_then(|()| out.write_all(b"\n")),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn finish(self) -> io::Result<W> {
        match self.out {
            Out::Plain(mut out) => out.flush().map(|()| out),
            Out::Gzip(out) => out.finish().and_then(|mut out| out.flush().map(|()| out)),
        }
    }

    fn line(&mut self, what: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(what)?;
        line.push(b'\n');
        match &mut self.out {
            Out::Plain(out) => out.write_all(&line).and_then(|()| out.flush()),
            // A flush costs a few bytes a second, and without it all would be lost that was not yet compressed.
            Out::Gzip(out) => out.write_all(&line).and_then(|()| out.flush()),
        }
    }
}

/// A text, compressed as recordings are.
///
/// # Errors
///
/// None in practice: memory takes everything.
pub fn packed(text: impl AsRef<[u8]>) -> io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(text.as_ref())?;
    out.finish()
}
