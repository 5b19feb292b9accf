//! One window of loss with all that is known about it. Rules read it; none reads samples.

use super::losses::Loss;
use crate::{
    number::float,
    remedies::Place,
    sample::{ConsumerSample, ConsumerStates, FalcoFacts, ToolSample},
    timeline::{FalcoTotals, MemoryTotals, RingTotals, Slice, seconds},
};

/// One window of loss.
pub(super) struct Case<'a> {
    pub(super) loss: &'a Loss,
    /// From one step before the loss to its end.
    pub(super) slice: Slice<'a>,
    /// Everything that was recorded.
    pub(super) whole: Slice<'a>,
    /// The tool's counters in `slice`.
    pub(super) falco: Option<FalcoTotals<'a>>,
    /// Its configuration and pages, as last seen.
    pub(super) facts: Option<&'a FalcoFacts>,
    /// Its process, as last seen.
    pub(super) tool: Option<&'a ToolSample>,
    /// Its rings in `slice`.
    pub(super) rings: Vec<RingTotals<'a>>,
    /// Its draining thread in `slice`; of several the one that ran most.
    pub(super) consumer: Option<ConsumerSample>,
    /// How short of memory it was in the loss.
    pub(super) memory: MemoryTotals,
    /// Bytes in and out in the loss.
    pub(super) flow: Option<Flow>,
    /// Bytes in and out in `whole`.
    pub(super) flow_in_all: Option<Flow>,
}

/// What came into a tool's rings and what went out, and how fast its thread drains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Flow {
    /// Length of the time, s.
    pub(super) seconds: f64,
    /// Bytes that were due: reserved, and the dropped events at the mean size of those that were kept.
    pub(super) due_bytes: f64,
    /// Bytes of the dropped events, at that size.
    pub(super) dropped_bytes: f64,
    /// Mean bytes of an event on the ring; `None` if none was kept.
    pub(super) event_bytes: Option<f64>,
    /// Bytes that the thread drains in a second on a CPU; `None` where its time is not known.
    pub(super) service: Option<f64>,
}

impl Flow {
    /// The share of all time that the thread would have to be on a CPU to drain what was due: above 1 nothing helps but
    /// less work.
    pub(super) fn needed_share(&self) -> Option<f64> {
        let service = self.service.filter(|service| *service > 0.0)?;
        (self.seconds > 0.0).then(|| self.due_bytes / self.seconds / service)
    }
}

/// What the draining thread did with the time that matters: disjoint shares that add up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shares {
    pub(super) running: f64,
    pub(super) waiting: f64,
    pub(super) throttled: f64,
    pub(super) blocked: f64,
    /// Asleep, and nothing wrong with that: in its pause between looks.
    pub(super) idle: f64,
    /// All of that time, s.
    pub(super) seconds: f64,
    /// Only the time with a ring more than half full is in it; else all time but the idle one.
    pub(super) is_pressed: bool,
}

impl Shares {
    fn of(totals: &ConsumerSample) -> Option<Self> {
        let is_pressed = totals.pressed.total_ns() > 0;
        // Loss that came and went between two looks leaves no time with a ring above half.
        let active = ConsumerStates { idle_ns: 0, ..totals.states };
        let states = if is_pressed { totals.pressed } else { active };
        let all = seconds(states.total_ns());
        let share = |ns: u64| seconds(ns) / all;
        (all > 0.0).then(|| Self {
            running: share(states.running_ns),
            waiting: share(states.waiting_ns),
            throttled: share(states.throttled_ns),
            blocked: share(states.blocked_ns),
            idle: share(states.idle_ns),
            seconds: all,
            is_pressed,
        })
    }
}

impl<'a> Case<'a> {
    pub(super) fn new(loss: &'a Loss, whole: Slice<'a>) -> Self {
        let slice = whole.around(loss.from_ns.saturating_sub(1), loss.to_ns);
        let tgid = loss.subject.tgid;
        let [lossy, around, all] =
            [whole.around(loss.from_ns, loss.to_ns), slice, whole].map(|slice| View::new(&slice, tgid));
        let service = [around.speed(), all.speed()].into_iter().flatten().reduce(f64::max);
        let last = slice.last();
        let falcos = || last.and_then(|last| last.falcos.as_deref()).unwrap_or_default();
        Self {
            loss,
            flow: lossy.flow(service),
            flow_in_all: all.flow(service),
            falco: around.falco,
            facts: falcos().iter().rev().find(|falco| falco.tgid == tgid).map(|falco| &falco.facts),
            tool: last.and_then(|last| last.tools.as_deref()?.iter().find(|tool| tool.tgid == tgid)),
            rings: around.rings,
            consumer: around.consumer,
            memory: whole.around(loss.from_ns, loss.to_ns).memory(tgid),
            slice,
            whole,
        }
    }

    /// Where the tool is installed, and what it is set to.
    pub(super) fn place(&self) -> Place<'a> {
        Place::of(&self.whole, &self.loss.subject)
    }

    /// What the draining thread did; `None` where it is not known.
    pub(super) fn shares(&self) -> Option<Shares> {
        self.consumer.as_ref().and_then(Shares::of)
    }
}

/// What one slice says of a tool.
struct View<'a> {
    seconds: f64,
    falco: Option<FalcoTotals<'a>>,
    rings: Vec<RingTotals<'a>>,
    consumer: Option<ConsumerSample>,
}

impl<'a> View<'a> {
    fn new(slice: &Slice<'a>, tgid: u32) -> Self {
        // A reload makes another probe of the same process.
        let probes = slice.falcos().into_iter().filter(|falco| falco.last.tgid == tgid);
        let falco = probes.reduce(|mut sum, later| {
            sum.add_other(&later);
            sum
        });
        let rings = slice.rings().into_iter().filter(|ring| ring.last.is_of(tgid)).collect();
        Self { seconds: seconds(slice.length_ns()), falco, rings, consumer: consumer(slice, tgid) }
    }

    /// Bytes that the thread drains in a second on a CPU. With little to drain, most of its time goes into looking at
    /// empty rings: the higher speed of two slices is nearer to the truth.
    fn speed(&self) -> Option<f64> {
        /// Less time on a CPU than this says nothing about speed, s.
        const LEAST: f64 = 0.005;
        let running = seconds(self.consumer.as_ref()?.states.running_ns);
        let consumed: u64 = self.rings.iter().map(|ring| ring.consumed_bytes).sum();
        (running >= LEAST && consumed > 0).then(|| float(consumed) / running)
    }

    fn flow(&self, service: Option<f64>) -> Option<Flow> {
        let counts = &self.falco.as_ref()?.counts;
        let produced: u64 = self.rings.iter().map(|ring| ring.produced_bytes).sum();
        let drops = counts.n_drops_buffer;
        let kept = counts.n_evts.saturating_sub(drops + counts.n_drops_max_event_size.unwrap_or(0));
        let event_bytes = (kept > 0 && produced > 0).then(|| float(produced) / float(kept));
        let dropped_bytes = event_bytes.unwrap_or(0.0) * float(drops);
        Some(Flow {
            seconds: self.seconds,
            due_bytes: float(produced) + dropped_bytes,
            dropped_bytes,
            event_bytes,
            service,
        })
    }
}

/// The thread of a tool that ran most. Of a tool that has ended, up to the last sample that saw it.
fn consumer(slice: &Slice<'_>, tgid: u32) -> Option<ConsumerSample> {
    let is_its = |consumer: &ConsumerSample| consumer.tgid == tgid;
    let seen = slice
        .samples()
        .iter()
        .rev()
        .find(|sample| sample.consumers.as_deref().unwrap_or_default().iter().any(is_its))?;
    let until = slice.between(slice.start_ns(), seen.clock.monotonic_ns);
    let of_it = until.consumers()?.into_iter().filter(is_its);
    of_it.max_by_key(|consumer| consumer.states.running_ns)
}
