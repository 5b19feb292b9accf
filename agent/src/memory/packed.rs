//! Samples in little space: as lines of JSON, each as what differs from the one before ([`delta`]), a minute of them compressed
//! together. A block needs no other to be read, so the oldest can go.

use std::{
    collections::VecDeque,
    io::{self, Read as _, Write as _},
    ops::ControlFlow,
    sync::Arc,
};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

use super::delta;
use crate::sample::Sample;

/// Samples in a block.
const BLOCK_SAMPLES: usize = 60;
/// Bytes of an open block, past which it is closed early.
const BLOCK_BYTES: usize = 256 << 10;

/// Samples of a while, oldest first, packed.
#[derive(Debug, Default)]
pub(super) struct Packed {
    closed: VecDeque<Arc<Block>>,
    open: Open,
    /// Bytes of the closed blocks.
    closed_bytes: usize,
}

/// A block that takes no more.
#[derive(Debug)]
struct Block {
    first_ns: u64,
    last_ns: u64,
    bytes: Box<[u8]>,
}

/// The block that is being filled: not compressed yet.
#[derive(Clone, Debug, Default)]
struct Open {
    lines: Vec<u8>,
    /// The last line as it was.
    before: Vec<u8>,
    count: usize,
    first_ns: u64,
    last_ns: u64,
}

/// What was packed at one moment: cheap to take, and read without holding anything up.
#[derive(Debug)]
pub(super) struct Snapshot {
    closed: Vec<Arc<Block>>,
    open: Open,
}

impl Packed {
    /// Adds a sample that is later than all others, and returns the bytes of its text.
    ///
    /// # Errors
    ///
    /// None in practice: the types have no map with other keys than strings.
    pub(super) fn push(&mut self, sample: &Sample) -> serde_json::Result<usize> {
        let line = serde_json::to_vec(sample)?;
        delta::encode(&self.open.before, &line, &mut self.open.lines);
        self.open.lines.push(b'\n');
        let text_bytes = line.len();
        self.open.before = line;
        if self.open.count == 0 {
            self.open.first_ns = sample.clock.monotonic_ns;
        }
        self.open.count += 1;
        self.open.last_ns = sample.clock.monotonic_ns;
        if self.open.count >= BLOCK_SAMPLES || self.open.lines.len() >= BLOCK_BYTES {
            self.close();
        }
        Ok(text_bytes)
    }

    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::new(4));
        // A vector takes everything.
        let written = packed.write_all(&open.lines).and_then(|()| packed.finish());
        let bytes = written.unwrap_or_default().into_boxed_slice();
        self.closed_bytes += bytes.len();
        self.closed.push_back(Arc::new(Block { first_ns: open.first_ns, last_ns: open.last_ns, bytes }));
    }

    /// Lets the oldest blocks go that end before `from_ns`.
    pub(super) fn forget_before(&mut self, from_ns: u64) {
        while self.closed.front().is_some_and(|block| block.last_ns < from_ns) {
            self.forget_oldest();
        }
    }

    /// Lets the oldest block go, and returns when its last sample was; `None` if there is none but the open one.
    pub(super) fn forget_oldest(&mut self) -> Option<u64> {
        let block = self.closed.pop_front()?;
        self.closed_bytes -= block.bytes.len();
        Some(block.last_ns)
    }

    /// What it takes, bytes.
    pub(super) fn bytes(&self) -> usize {
        self.closed_bytes + self.open.lines.capacity() + self.open.before.capacity()
    }

    /// When the oldest sample was taken, `CLOCK_MONOTONIC` ns; `None` if there is none.
    pub(super) fn first_ns(&self) -> Option<u64> {
        let open = (self.open.count > 0).then_some(self.open.first_ns);
        self.closed.front().map(|block| block.first_ns).or(open)
    }

    /// All of it, from the first block that ends at or after `from_ns`.
    pub(super) fn since(&self, from_ns: u64) -> Snapshot {
        let closed = self.closed.iter().filter(|block| block.last_ns >= from_ns);
        Snapshot { closed: closed.cloned().collect(), open: self.open.clone() }
    }
}

impl Snapshot {
    /// Hands over the text of each sample again, oldest first, until `each` has enough.
    ///
    /// # Errors
    ///
    /// What `each` says.
    pub(super) fn each_line(
        &self,
        mut each: impl FnMut(&[u8]) -> io::Result<ControlFlow<()>>,
    ) -> io::Result<()> {
        let closed = self.closed.iter().map(|block| {
            let mut lines = Vec::new();
            DeflateDecoder::new(&*block.bytes).read_to_end(&mut lines).map(|_| lines)
        });
        for lines in closed.chain([Ok(self.open.lines.clone())]) {
            let mut before = Vec::new();
            for encoded in lines?.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                before = delta::decode(&before, encoded);
                if each(&before)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
