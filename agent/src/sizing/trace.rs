//! What a recording says of one tool's rings, step by step: what came, what was refused, what went out, and how far the
//! backlog rose. Only what was counted or looked at; `path` makes a path of it.

use super::thread::{self, Looks};
use crate::{
    diagnose::Subject,
    number::{float, ratio, share},
    sample::{ConsumerSample, FalcoCounts, FalcoFacts, RingSample},
    timeline::{
        FalcoTotals, RingTotals, Slice, Step,
        source::{Pair, Source as _},
    },
};

/// With fewer records the mean size of one says little.
const LEAST_RECORDS: u64 = 100;

/// Of the drops that a tool counts, so many must have been of rings that were seen; a step with a reset is left out.
const GIVEN: f64 = 0.5;

/// A ring that a look saw so full may have refused something between two looks.
const FULL: f64 = 0.9;

/// One tool.
#[derive(Clone, Debug)]
pub(super) struct Trace<'a> {
    pub(super) subject: Subject,
    /// It is Falco or of its family: it has presets.
    pub(super) is_falco: bool,
    pub(super) facts: Option<&'a FalcoFacts>,
    /// Numbers of the syscalls that it traces.
    pub(super) traced: Option<&'a [u32]>,
    /// Its rings as they were last, without those that had gone.
    pub(super) rings: Vec<&'a RingSample>,
    /// Events that were due and those among them that were refused, by whoever counts them.
    pub(super) events: Option<(u64, u64)>,
    /// Mean bytes of a record, and by which part of it that differs between the steps of the recording.
    pub(super) record: Option<(f64, f64)>,
    /// Whether what the rings refused is known in bytes, or it is known that they refused nothing.
    pub(super) knows_drops: bool,
    /// What the draining thread did; `None` where it is not seen.
    pub(super) consumer: Option<ConsumerSample>,
    pub(super) steps: Vec<TraceStep>,
}

/// Between two samples.
#[derive(Clone, Debug, Default)]
pub(super) struct TraceStep {
    pub(super) start_ns: u64,
    pub(super) length_ns: u64,
    /// The draining thread had the CPU; `None` where it is not seen.
    pub(super) running_ns: Option<u64>,
    /// It was kept from draining: waiting for a CPU, throttled or blocked.
    pub(super) stalled_ns: u64,
    pub(super) rings: Vec<RingStep>,
}

/// One ring between two samples. Bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RingStep {
    pub(super) map_id: u32,
    /// CPUs that write to it, each with its share of what came; the ring itself where they are not known.
    pub(super) parts: Vec<(u32, f64)>,
    pub(super) capacity: f64,
    /// Backlog at both ends.
    pub(super) begin: f64,
    pub(super) end: f64,
    /// Largest backlog that a look saw.
    pub(super) peak: f64,
    /// Took and gave.
    pub(super) accepted: f64,
    pub(super) consumed: f64,
    /// Refused: drops at the size of a record.
    pub(super) dropped: f64,
    /// Events that it refused.
    pub(super) drops: f64,
    /// Bytes of a record; `None` where records are not counted.
    pub(super) record: Option<f64>,
    /// Episodes in which it refused, in this step: from, to, share of what was refused.
    pub(super) overruns: Vec<(u64, u64, f64)>,
    /// Largest arrivals by length of time, ns.
    pub(super) arrivals: Vec<(u64, u64)>,
    /// Time between two looks, ns.
    pub(super) look_ns: f64,
}

/// Every tool that has rings which can refuse something.
pub(super) fn traces<'a>(slice: &Slice<'a>) -> Vec<Trace<'a>> {
    let mut traces: Vec<Trace<'a>> = Vec::new();
    let (rings, falcos, consumers) = (slice.rings(), slice.falcos(), slice.consumers().unwrap_or_default());
    for totals in &rings {
        let Some(owner) = totals.last.owner.as_ref().filter(|_| is_meant(totals.last)) else { continue };
        if traces.iter().any(|trace| trace.subject.tgid == owner.tgid) {
            continue;
        }
        let subject = Subject { tool: owner.tool.clone(), comm: owner.comm.clone(), tgid: owner.tgid };
        traces.push(begin(subject, &rings, &falcos, &consumers));
    }
    let looks_at =
        |trace: &Trace<'_>| Some(Looks::of(slice, trace.subject.tgid, trace.consumer.as_ref()?.tid));
    let looks: Vec<Option<Looks>> = traces.iter().map(looks_at).collect();
    for step in slice.steps() {
        let (rings, falcos, pairs) = (step.slice().rings(), step.slice().falcos(), step.rings());
        let consumers = step.slice().consumers().unwrap_or_default();
        for (trace, looks) in traces.iter_mut().zip(&looks) {
            let tgid = trace.subject.tgid;
            let counts = sum(&falcos, tgid);
            let of_it = rings.iter().filter(|ring| ring.last.is_of(tgid) && is_meant(ring.last));
            let steps = of_it.filter(|ring| ring.known_ns > 0 && ring.resets == 0);
            let rings: Vec<RingStep> =
                steps.map(|ring| ring_step(ring, &pairs, counts.as_ref(), &step)).collect();
            let states = busiest(&consumers, tgid).map(|consumer| consumer.states);
            let [from_ns, to_ns] = [step.from, step.to].map(|sample| sample.clock.monotonic_ns);
            let in_step = looks.as_ref().and_then(|looks| looks.stalled_ns(from_ns, to_ns));
            trace.steps.push(TraceStep {
                start_ns: from_ns,
                length_ns: step.length_ns(),
                running_ns: states.map(|states| states.running_ns),
                stalled_ns: in_step.or_else(|| states.as_ref().map(thread::stalled_ns)).unwrap_or(0),
                rings,
            });
        }
    }
    traces.iter_mut().for_each(Trace::fill_in);
    traces
}

/// Overwriting refuses nothing, and of dropctl's own ring the report speaks. A recording may say anything of sizes; the
/// kernel has none larger than this (`max_entries` is 32 bits, and a power of two).
fn is_meant(ring: &RingSample) -> bool {
    const LARGEST_BYTES: u64 = 1 << 31;
    !ring.is_own && !ring.overwrites && (1..=LARGEST_BYTES).contains(&ring.capacity_bytes)
}

fn begin<'a>(
    subject: Subject,
    rings: &[RingTotals<'a>],
    falcos: &[FalcoTotals<'a>],
    consumers: &[ConsumerSample],
) -> Trace<'a> {
    let tgid = subject.tgid;
    let rings: Vec<&RingTotals<'a>> =
        rings.iter().filter(|ring| ring.last.is_of(tgid) && is_meant(ring.last)).collect();
    let falco = falcos.iter().rev().find(|falco| falco.last.tgid == tgid).map(|falco| falco.last);
    let counts = sum(falcos, tgid);
    let refused: Option<u64> = rings.iter().map(|ring| Some(ring.refused.as_ref()?.drops())).sum();
    let is_near_full =
        |ring: &&RingTotals<'_>| float(ring.backlog_max_bytes) >= FULL * float(ring.last.capacity_bytes);
    let was_full = rings.iter().any(is_near_full);
    let stays: Vec<&RingSample> = rings.iter().filter(|ring| !ring.is_gone).map(|ring| ring.last).collect();
    Trace {
        is_falco: falco.is_some() || ["falco", "sysdig"].contains(&subject.tool.as_str()),
        facts: falco.map(|falco| &falco.facts),
        traced: falco.and_then(|falco| falco.traced_syscalls.as_deref()),
        // Of a tool that has ended, those that it had.
        rings: if stays.is_empty() { rings.iter().map(|ring| ring.last).collect() } else { stays },
        events: counts.as_ref().map(|counts| (counts.n_evts, counts.n_drops_buffer)),
        record: None,
        knows_drops: counts.is_some() || refused.is_some() || !was_full,
        consumer: busiest(consumers, tgid).cloned(),
        steps: Vec::new(),
        subject,
    }
}

/// A reload makes another probe of the same process.
fn sum(falcos: &[FalcoTotals<'_>], tgid: u32) -> Option<FalcoCounts> {
    let mut probes = falcos.iter().filter(|falco| falco.last.tgid == tgid && falco.resets == 0);
    let mut counts = probes.next()?.counts.clone();
    probes.for_each(|more| counts.add(&more.counts));
    Some(counts)
}

/// Of several threads, the one that ran most.
fn busiest(consumers: &[ConsumerSample], tgid: u32) -> Option<&ConsumerSample> {
    let of_it = consumers.iter().filter(|consumer| consumer.tgid == tgid);
    of_it.max_by_key(|consumer| consumer.states.running_ns)
}

fn ring_step(
    ring: &RingTotals<'_>,
    pairs: &[Pair<'_, RingSample>],
    counts: Option<&FalcoCounts>,
    step: &Step<'_>,
) -> RingStep {
    let pair = pairs.iter().find(|pair| {
        pair.newest().id() == ring.last.id() && pair.newest().since_ns() == ring.last.since_ns()
    });
    let capacity = float(ring.last.capacity_bytes);
    let held = |bytes: u64| float(bytes).min(capacity);
    let by_cpu = |cpu: u32| counts.and_then(|counts| counts.cpus.get(cpu as usize)).copied();
    let cpus: Vec<(u32, (u64, u64))> =
        ring.last.places.iter().map(|cpu| (*cpu, by_cpu(*cpu).unwrap_or_default())).collect();
    let (events, drops) =
        cpus.iter().fold((0, 0), |(events, drops), (_, (more, lost))| (events + more, drops + lost));
    let parts = match cpus.len() {
        0 => vec![(ring.last.map_id, 1.0)],
        all if events == 0 => cpus.iter().map(|(cpu, _)| (*cpu, share(1, all as u64))).collect(),
        _ => cpus.iter().map(|(cpu, (own, _))| (*cpu, share(*own, events))).collect(),
    };
    let kept = events.saturating_sub(drops);
    let mut this = RingStep {
        map_id: ring.last.map_id,
        parts,
        capacity,
        begin: pair.and_then(Pair::first).map_or(0.0, |first| held(first.backlog_bytes)),
        end: held(ring.last.backlog_bytes),
        peak: held(ring.backlog_max_bytes.max(ring.last.backlog_bytes)),
        accepted: float(ring.produced_bytes),
        consumed: float(ring.consumed_bytes),
        drops: float(drops),
        record: (kept >= LEAST_RECORDS).then(|| share(ring.produced_bytes, kept)),
        look_ns: share(step.length_ns(), ring.looks.max(1)),
        arrivals: ring.arrivals.clone(),
        ..RingStep::default()
    };
    if let Some(refused) = &ring.refused {
        (this.drops, this.dropped) = (float(refused.drops()), float(refused.bytes));
        this.record = (refused.drops() > 0).then(|| share(refused.bytes, refused.drops())).or(this.record);
    }
    let overruns = ring.overruns.as_ref().map(|overruns| overruns.listed.as_slice()).unwrap_or_default();
    let all: u64 = overruns.iter().map(|overrun| overrun.drops).sum();
    this.overruns = overruns
        .iter()
        .map(|overrun| (overrun.first_ns, overrun.last_ns, share(overrun.drops, all)))
        .collect();
    this
}

impl Trace<'_> {
    /// Sizes of records where a step alone does not tell, and with them the bytes that were refused.
    fn fill_in(&mut self) {
        let known: Vec<(f64, f64)> = self
            .steps
            .iter()
            .flat_map(|step| &step.rings)
            .filter_map(|ring| Some((ring.record?, ring.accepted.max(ring.dropped))))
            .collect();
        let weight: f64 = known.iter().map(|(_, bytes)| bytes).sum();
        if weight > 0.0 {
            let mean = known.iter().map(|(record, bytes)| record * bytes).sum::<f64>() / weight;
            let off = known.iter().map(|(record, bytes)| (record - mean).abs() * bytes).sum::<f64>() / weight;
            self.record = Some((mean, off / mean));
        }
        let mean = self.record.map(|(mean, _)| mean);
        for ring in self.steps.iter_mut().flat_map(|step| &mut step.rings) {
            ring.record = ring.record.or(mean);
            if ring.dropped == 0.0 && ring.drops > 0.0 {
                ring.dropped = ring.drops * ring.record.unwrap_or(0.0);
            }
            if ring.dropped > 0.0 {
                // A ring that refuses is full, whatever the nearest look saw.
                ring.peak = ring.capacity;
            }
        }
        self.knows_drops &= self
            .steps
            .iter()
            .flat_map(|step| &step.rings)
            .all(|ring| ring.drops == 0.0 || ring.dropped > 0.0);
        // Drops that the tool counts and that cannot be given to a ring: its places are not known.
        let given: f64 = self.steps.iter().flat_map(|step| &step.rings).map(|ring| ring.drops).sum();
        self.knows_drops &= self.events.is_none_or(|(_, drops)| given >= GIVEN * float(drops));
    }

    /// Bytes that came, and those among them that were refused.
    pub(super) fn due(&self) -> (f64, f64) {
        let rings = self.steps.iter().flat_map(|step| &step.rings);
        rings.fold((0.0, 0.0), |(due, dropped), ring| {
            (due + ring.accepted + ring.dropped, dropped + ring.dropped)
        })
    }

    /// The share of what was due that was refused, in events where they are counted.
    pub(super) fn loss(&self) -> f64 {
        let (due, dropped) = self.due();
        match self.events {
            Some((due, drops)) if due > 0 => share(drops, due),
            _ => ratio(dropped, due),
        }
    }

    /// Size of its rings: of the largest, should they differ.
    pub(super) fn ring_bytes(&self) -> u64 {
        self.rings.iter().map(|ring| ring.capacity_bytes).max().unwrap_or(0)
    }

    /// CPUs that write to its rings, ascending; empty where that is not known.
    pub(super) fn cpus(&self) -> Vec<u32> {
        let mut cpus: Vec<u32> = self.rings.iter().flat_map(|ring| ring.places.iter().copied()).collect();
        cpus.sort_unstable();
        cpus.dedup();
        cpus
    }

    /// All of its time, ns: that in which it had rings. It may have begun meanwhile.
    pub(super) fn length_ns(&self) -> u64 {
        self.steps.iter().filter(|step| !step.rings.is_empty()).map(|step| step.length_ns).sum()
    }
}
