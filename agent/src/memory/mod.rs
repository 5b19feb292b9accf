//! What the agent remembers: a sample a second for a while, in bounded memory, so that a question may come after what it asks for.
//!
//! The last minute stays as it is, for the findings that the agent makes of it; all else is packed ([`packed`]). Whichever bound
//! comes first, time or bytes, the oldest goes.

mod delta;
mod packed;

use std::{
    collections::VecDeque,
    io::{self, Write},
    ops::ControlFlow,
    time::Duration,
};

use serde::Deserialize;

use self::packed::{Packed, Snapshot};
use crate::{
    recording::{Header, Writer},
    sample::{Clock, Node, Sample},
    setup::Setup,
    timeline::{Slice, Timeline},
};

/// The part that findings are made of, ns.
pub const RECENT_NS: u64 = 60_000_000_000;
/// Samples that are nearer to each other than this are folded into one, ns: a second, less what a late sampler takes off.
const APART_NS: u64 = 900_000_000;
/// A sample in memory takes about 1.3 times its text (agent/tests/memory measures it); this is safe.
const STRUCT_PER_TEXT: [usize; 2] = [3, 2];

/// Bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Time, ns.
    pub length_ns: u64,
    /// Bytes of everything that is kept, at least a minute's or two samples.
    pub bytes: usize,
}

/// Samples, newest last.
#[derive(Debug)]
pub struct Memory {
    bounds: Bounds,
    recent: Timeline,
    /// Bytes of each of them.
    recent_bytes: VecDeque<usize>,
    packed: Packed,
    /// Too early to be kept: folded into the next.
    early: Option<Sample>,
    /// Samples before this moment went because of their bytes, `CLOCK_MONOTONIC` ns.
    cut_ns: Option<u64>,
}

/// What is remembered at one moment, to be read while more comes in.
#[derive(Debug)]
pub struct Recall {
    node: Node,
    setup: Setup,
    snapshot: Snapshot,
    /// When the oldest of all samples was taken.
    first_ns: Option<u64>,
    /// See [`Memory::cut_ns`].
    cut_ns: Option<u64>,
}

impl Memory {
    /// Nothing yet.
    #[must_use]
    pub fn new(node: Node, setup: Setup, bounds: Bounds) -> Self {
        Self {
            bounds,
            recent: Timeline::new(node, setup),
            recent_bytes: VecDeque::new(),
            packed: Packed::default(),
            early: None,
            cut_ns: None,
        }
    }

    /// Remembers a sample; `false` if it came too early after the last and waits to be folded into the next.
    ///
    /// # Errors
    ///
    /// None in practice: the types have no map with other keys than strings.
    pub fn push(&mut self, mut sample: Sample) -> serde_json::Result<bool> {
        if let Some(early) = self.early.take() {
            sample.absorb(&early);
        }
        let now_ns = sample.clock.monotonic_ns;
        if let Some(last) = self.recent.samples().last() {
            let last_ns = last.clock.monotonic_ns;
            if now_ns < last_ns.saturating_add(APART_NS) {
                self.early = Some(sample);
                return Ok(false);
            }
        }
        let text_bytes = self.packed.push(&sample)?;
        self.recent.push(sample);
        self.recent_bytes.push_back(STRUCT_PER_TEXT[0] * text_bytes / STRUCT_PER_TEXT[1]);
        self.forget(now_ns);
        Ok(true)
    }

    fn forget(&mut self, now_ns: u64) {
        self.packed.forget_before(now_ns.saturating_sub(self.bounds.length_ns));
        let recent_from_ns = now_ns.saturating_sub(RECENT_NS);
        let is_old = |recent: &Timeline| recent.all().start_ns() < recent_from_ns;
        while self.recent_bytes.len() > 2
            && (is_old(&self.recent) || self.recent_bytes() > self.bounds.bytes / 2)
        {
            self.recent.forget_oldest();
            self.recent_bytes.pop_front();
        }
        while self.bytes() > self.bounds.bytes {
            let Some(last_ns) = self.packed.forget_oldest() else { break };
            self.cut_ns = Some(last_ns);
        }
    }

    fn recent_bytes(&self) -> usize {
        self.recent_bytes.iter().sum()
    }

    /// What it takes, bytes: the packed part exactly, the last minute at most.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.packed.bytes() + self.recent_bytes()
    }

    /// The last minute.
    #[must_use]
    pub fn recent(&self) -> Slice<'_> {
        self.recent.all()
    }

    /// All that is remembered since `from_ns`, `CLOCK_MONOTONIC`.
    #[must_use]
    pub fn since(&self, from_ns: u64) -> Recall {
        Recall {
            node: self.recent.node.clone(),
            setup: self.recent.setup.clone(),
            snapshot: self.packed.since(from_ns),
            first_ns: self.packed.first_ns(),
            cut_ns: self.cut_ns,
        }
    }
}

impl Recall {
    /// Where, and how dropctl looked.
    #[must_use]
    pub fn header(&self) -> Header {
        Header::new(self.node.clone(), self.setup.clone())
    }

    /// What has to be said to one who asks for everything since `from_ns`, at `now_ns`: it goes back less far, and why. With it
    /// whether bytes were the reason.
    #[must_use]
    pub fn shortness(&self, from_ns: u64, now_ns: u64) -> Option<(String, bool)> {
        let first_ns = self.first_ns.unwrap_or(now_ns);
        if first_ns <= from_ns.saturating_add(APART_NS) {
            return None;
        }
        let length = Duration::from_secs(now_ns.saturating_sub(first_ns) / 1_000_000_000);
        let length = humantime::format_duration(length);
        let is_cut = self.cut_ns.is_some_and(|cut_ns| cut_ns > from_ns);
        let why = match is_cut {
            true => "its samples are too large for more: give the agent a larger --memory-bytes",
            false => "it has not run for longer, or its --memory is shorter",
        };
        Some((format!("the agent remembers the last {length} only: {why}"), is_cut))
    }

    /// Writes the samples from the last at or before `from_ns` to the first at or after `to_ns`, `CLOCK_MONOTONIC`, and returns
    /// how many.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn write<W: Write>(&self, from_ns: u64, to_ns: u64, out: &mut Writer<W>) -> io::Result<u64> {
        let mut written = 0;
        let mut before: Option<Vec<u8>> = None;
        self.snapshot.each_line(|line| {
            let At { clock } = serde_json::from_slice(line)?;
            if clock.monotonic_ns <= from_ns {
                before = Some(line.to_vec());
                return Ok(ControlFlow::Continue(()));
            }
            for line in before.take().as_deref().into_iter().chain([line]) {
                out.push_text(line)?;
                written += 1;
            }
            Ok(if clock.monotonic_ns >= to_ns { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(written)
    }
}

/// What is read of a sample to know whether it is wanted.
#[derive(Deserialize)]
struct At {
    clock: Clock,
}

#[cfg(test)]
mod tests;
