//! Finds alerts and snapshots in any text, of any length, in constant memory.
//!
//! JSON may stand anywhere in it: behind a prefix, over several lines, several on one line, in a string of other JSON. An
//! object that is longer than [`WINDOW`] is taken for text.

use std::{
    collections::VecDeque,
    io::{self, Read},
};

use memchr::memchr;
use serde_json::{Map, Value};

use super::{DROP, Said, json, text};

/// Bytes that are looked at together.
pub(super) const WINDOW: usize = 256 << 10;
/// A log collector puts a line into a string, and another one that into a string again.
const DEPTH: usize = 6;

/// Reads from anything, says what Falco said.
pub struct Scanner<R> {
    source: R,
    buffer: Vec<u8>,
    /// Everything before it in the buffer is done with; some of it is kept for the prefix of a line.
    at: usize,
    is_at_end: bool,
    depth: usize,
    found: VecDeque<Said>,
}

impl<R: Read> Scanner<R> {
    /// Nothing is read before it is asked for.
    pub fn new(source: R) -> Self {
        Self::within(source, DEPTH)
    }

    /// Objects are looked into this deep.
    pub(super) fn within(source: R, depth: usize) -> Self {
        Self { source, buffer: Vec::new(), at: 0, is_at_end: false, depth, found: VecDeque::new() }
    }

    /// Bytes that it holds.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Has a whole window after `at`, or all that there is.
    fn fill(&mut self) -> io::Result<()> {
        let missing = WINDOW.saturating_sub(self.buffer.len() - self.at);
        if self.is_at_end || missing == 0 {
            return Ok(());
        }
        let done = self.at.saturating_sub(text::LONGEST_PREFIX);
        self.buffer.drain(..done);
        self.at -= done;
        let wanted = missing + WINDOW;
        let read = self.source.by_ref().take(wanted as u64).read_to_end(&mut self.buffer)?;
        self.is_at_end = read < wanted;
        Ok(())
    }

    /// One step: to the next object, into it, or over an alert or a stretch of text.
    fn step(&mut self) {
        let rest = &self.buffer[self.at..];
        let whole = if self.is_at_end { rest.len() } else { WINDOW - text::LONGEST };
        let brace = memchr(b'{', &rest[..whole]);
        let text = &rest[..brace.unwrap_or(whole)];
        if let Some(anchor) = text::anchor(text) {
            let length = match text::at_anchor(&self.buffer, self.at + anchor) {
                Some((said, length)) => {
                    self.found.push_back(said);
                    length
                }
                // Over a part of it, so that it is not found again.
                None => 1,
            };
            self.at += anchor + length;
        } else if brace == Some(0) {
            self.at += self.object();
        } else {
            // An anchor may have begun at the end of what is whole.
            let kept = if brace.is_some() || self.is_at_end { 0 } else { DROP.len() };
            self.at += text.len() - kept;
        }
    }

    /// Reads the object at `at`; how long it is.
    fn object(&mut self) -> usize {
        let window = &self.buffer[self.at..self.buffer.len().min(self.at + WINDOW)];
        let mut objects = serde_json::Deserializer::from_slice(window).into_iter::<Map<String, Value>>();
        match objects.next() {
            Some(Ok(object)) => {
                json::read(&object, self.depth, &mut self.found);
                objects.byte_offset()
            }
            _ => 1,
        }
    }
}

impl<R: Read> Iterator for Scanner<R> {
    type Item = io::Result<Said>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(said) = self.found.pop_front() {
                return Some(Ok(said));
            }
            if let Err(error) = self.fill() {
                (self.is_at_end, self.at) = (true, self.buffer.len());
                return Some(Err(error));
            }
            if self.at == self.buffer.len() {
                return None;
            }
            self.step();
        }
    }
}
