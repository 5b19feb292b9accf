//! Which sizes and which sharing of rings are judged, and what each would have lost.

use std::cmp::Ordering;

use super::{
    interval::Interval,
    model::{Candidate, Held},
    path::{Assumed, Bound},
    replay::{Layout, Outcome, Paths},
    service::Service,
    trace::Trace,
};
use crate::{
    number::{float, ratio},
    remedies::{PRESETS_BYTES, preset_of},
    sample::FALCO_BACK_OFF_NS,
};

/// Steps of a tool without presets, below and above its present size.
const SMALLER: u32 = 4;
const LARGER: u32 = 6;
/// `BPF_MAP_TYPE_RINGBUF` takes a power of two of whole pages; more than this nobody gives a ring.
const LARGEST_BYTES: u64 = 1 << 30;
/// A page: less cannot be.
const SMALLEST_BYTES: u64 = 4096;
/// Numbers of CPUs that share a ring which are judged beside the present one, and one ring for all.
const SHARING: [usize; 3] = [1, 2, 4];
/// A later bound on what a tool loses that is as good as nothing: less than this share of what was due.
const NOTHING: f64 = 1e-9;

/// A tool's paths for all bounds.
pub(super) struct Judge<'a> {
    trace: &'a Trace<'a>,
    paths: [Paths<'a>; 3],
    /// Nothing but a higher service rate, or less to do, ends the loss.
    puts_off: bool,
}

/// What one ring size and layout came to, by bound.
pub(super) struct Outcomes {
    pub(super) low: Outcome,
    pub(super) likely: Outcome,
    pub(super) high: Outcome,
}

impl<'a> Judge<'a> {
    pub(super) fn new(trace: &'a Trace<'a>, service: Option<&Service>) -> Self {
        let record_off = trace.record.map_or(0.0, |(_, off)| off.min(0.5));
        let pause_ns = if trace.is_falco { float(FALCO_BACK_OFF_NS) } else { 0.0 };
        let paths = [Bound::Low, Bound::Likely, Bound::High]
            .map(|bound| Paths::new(trace, Assumed::of(bound, service, record_off, pause_ns)));
        Self { trace, paths, puts_off: false }
    }

    /// Sizes that hold the loss off for the time of the recording do not end it.
    pub(super) fn puts_off(&mut self) {
        self.puts_off = true;
    }

    /// Runs what was recorded, without a part of what came, through rings of that size.
    pub(super) fn run(&self, layout: &Layout, capacity: f64, without: f64) -> Outcomes {
        let [low, likely, high] = [0, 1, 2].map(|bound| self.paths[bound].through(layout, capacity, without));
        Outcomes { low, likely, high }
    }

    /// The share of what was due that is lost, in events where they are counted.
    pub(super) fn share(&self, outcomes: &Outcomes) -> Interval {
        let (due_bytes, _) = self.trace.due();
        let share = |outcome: &Outcome| match self.trace.events {
            Some((due, _)) if due > 0 => ratio(outcome.lost_events, float(due)),
            _ => ratio(outcome.lost_bytes, due_bytes),
        };
        let share = |outcome: &Outcome| match share(outcome) {
            share if share < NOTHING => 0.0,
            share => share.min(1.0),
        };
        Interval::of(share(&outcomes.low), share(&outcomes.likely), share(&outcomes.high))
    }

    /// Every candidate: the present sharing first, each by size.
    pub(super) fn candidates(&self, wanted: &[u64]) -> Vec<Candidate> {
        let sizes = sizes(self.trace, wanted);
        let layouts = layouts(self.trace);
        let each = layouts.iter().enumerate();
        each.flat_map(|(index, (sharing, rings, layout))| {
            let sizes = sizes.iter();
            sizes.map(move |bytes| self.candidate(*bytes, index == 0, *sharing, *rings, layout))
        })
        .collect()
    }

    /// What was counted is a bound: a smaller ring loses no less, a larger one no more.
    fn anchored(&self, ring_bytes: u64, shared_as_now: bool, loss: Interval) -> Interval {
        let counted = self.trace.loss();
        match ring_bytes.cmp(&self.trace.ring_bytes()) {
            _ if !shared_as_now => loss,
            Ordering::Equal => Interval::exactly(counted),
            Ordering::Less => loss.map(|part| part.max(counted)),
            Ordering::Greater => loss.map(|part| part.min(counted)),
        }
    }

    fn candidate(
        &self,
        ring_bytes: u64,
        shared_as_now: bool,
        sharing: Option<usize>,
        rings: usize,
        layout: &Layout,
    ) -> Candidate {
        let outcomes = self.run(layout, float(ring_bytes), 0.0);
        let loss = self.anchored(ring_bytes, shared_as_now, self.share(&outcomes));
        let held = match () {
            () if loss.likely > 0.0 => Held::Loses,
            () if self.puts_off => Held::PutsOff,
            () if loss.high > 0.0 => Held::Close,
            () => Held::Holds,
        };
        let memory_bytes = rings as u64 * ring_bytes;
        Candidate {
            preset: preset(self.trace, ring_bytes),
            ring_bytes,
            cpus_for_each_buffer: sharing,
            rings,
            memory_bytes,
            virtual_bytes: 2 * memory_bytes,
            loss,
            held,
            is_present: shared_as_now && ring_bytes == self.trace.ring_bytes(),
        }
    }
}

/// Falco's number for a size.
pub(super) fn preset(trace: &Trace<'_>, ring_bytes: u64) -> Option<usize> {
    if !trace.is_falco {
        return None;
    }
    preset_of(ring_bytes)
}

/// Sizes, ascending; the present one is always among them.
fn sizes(trace: &Trace<'_>, wanted: &[u64]) -> Vec<u64> {
    let now = trace.ring_bytes();
    let mut sizes = match () {
        () if !wanted.is_empty() => wanted.to_vec(),
        () if trace.is_falco => PRESETS_BYTES.to_vec(),
        () => {
            let smallest = (now >> SMALLER).max(SMALLEST_BYTES);
            let largest = (now << LARGER).clamp(now, LARGEST_BYTES.max(now));
            std::iter::successors(Some(smallest), |bytes| bytes.checked_mul(2))
                .take_while(|bytes| *bytes <= largest)
                .collect()
        }
    };
    sizes.push(now);
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// Ways to share rings: `cpus_for_each_buffer`, how many rings that makes, and which CPUs write to which.
fn layouts(trace: &Trace<'_>) -> Vec<(Option<usize>, usize, Layout)> {
    let cpus = trace.cpus();
    let now = trace.rings.len().max(1);
    if cpus.is_empty() || !trace.is_falco {
        return vec![(None, now, Layout::as_is(trace))];
    }
    let shared = trace.rings.iter().map(|ring| ring.places.len()).max().unwrap_or(1);
    // 0 is Falco's word for all; it gives CPUs to rings in ascending order (userspace/libpman/src/ringbuffer.c).
    let word = |shared: usize| if shared >= cpus.len() { 0 } else { shared };
    let mut layouts = vec![(Some(word(shared)), now, Layout::as_is(trace))];
    for sharing in SHARING.into_iter().chain([0]) {
        let size = if sharing == 0 { cpus.len() } else { sharing };
        let rings = cpus.len().div_ceil(size);
        if size <= cpus.len() && !layouts.iter().any(|(known, ..)| *known == Some(word(size))) {
            let groups: Vec<Vec<u32>> = cpus.chunks(size).map(<[u32]>::to_vec).collect();
            layouts.push((Some(word(size)), rings, Layout::new(&groups)));
        }
    }
    layouts
}
