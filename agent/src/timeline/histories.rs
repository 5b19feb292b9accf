//! Histories made at random, of which everything is known, and then spoiled as recordings are: whatever is lost, doubled or
//! moved, nothing is counted that did not happen.

use super::{
    example::{self, SECOND, falco, ring, sample, setup},
    *,
};
use crate::sample::{Events, ProbeSample, RingSample};

/// xorshift64: the same histories in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }

    fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap()
    }
}

/// What really happened while dropctl watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Truth {
    bytes: u64,
    events: u64,
    drops: u64,
    seen: u64,
}

struct History {
    samples: Vec<Sample>,
    truth: Truth,
}

/// Up to 40 samples of a node on which a tool runs, ends and begins, with counters that may begin just below 2^64.
fn history(random: &mut Random) -> History {
    let mut truth = Truth::default();
    let mut samples = Vec::new();
    let mut map_id = 1;
    let mut found_ns = SECOND / 2;
    let (mut bytes, mut events, mut seen) = (random.below(1 << 40), 10 * random.below(1 << 30), 0);
    let mut ns = SECOND;
    for number in 0..2 + random.below(38) {
        if number > 0 {
            let from_ns = ns;
            ns += SECOND / 2 + random.below(SECOND);
            if random.below(8) == 0 {
                (map_id, found_ns) = (map_id + 1, from_ns + 1 + random.below(ns - from_ns - 1));
                (bytes, events) = (0, 0);
            }
            let (more_bytes, more_events) = (random.below(1 << 20), 10 * random.below(1000));
            (bytes, events, seen) = (bytes + more_bytes, events + more_events, seen + more_events);
            truth.bytes += more_bytes;
            truth.events += more_events;
            truth.drops += more_events / 10;
            truth.seen += more_events;
        }
        let ring =
            RingSample { interval_backlog_max_bytes: random.below(1 << 20), ..ring(map_id, found_ns, bytes) };
        let events_seen = Events { seen, ..Events::default() };
        samples.push(Sample {
            rings: Some(vec![ring]),
            falcos: Some(vec![falco(map_id, found_ns, events)]),
            probe: Some(ProbeSample { events: events_seen, ..ProbeSample::default() }),
            interval_ns: 0,
            ..sample(ns)
        });
    }
    History { samples, truth }
}

fn timeline(samples: &[Sample], kept: usize) -> Timeline {
    let mut timeline = Timeline { kept, ..Timeline::new(Node::default(), setup()) };
    samples.iter().cloned().for_each(|sample| timeline.push(sample));
    timeline
}

fn totals(slice: Slice<'_>) -> Truth {
    let falcos = slice.falcos();
    Truth {
        bytes: slice.rings().iter().map(|ring| ring.produced_bytes).sum(),
        events: falcos.iter().map(|falco| falco.counts.n_evts).sum(),
        drops: falcos.iter().map(|falco| falco.counts.n_drops_buffer).sum(),
        seen: slice.probe().map_or(0, |probe| probe.events.seen),
    }
}

fn is_at_most(some: Truth, all: Truth) -> bool {
    some.bytes <= all.bytes && some.events <= all.events && some.drops <= all.drops && some.seen <= all.seen
}

fn histories(runs: u64, mut check: impl FnMut(&mut Random, History)) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..runs {
        let history = history(&mut random);
        check(&mut random, history);
    }
}

#[test]
fn of_a_whole_history_everything_is_known() {
    histories(2000, |_, History { samples, truth }| {
        assert_eq!(totals(timeline(&samples, usize::MAX).all()), truth);
    });
}

#[test]
fn slices_that_meet_add_up_to_their_whole() {
    histories(1000, |random, History { samples, truth }| {
        let timeline = timeline(&samples, usize::MAX);
        let all = timeline.all();
        let mut cuts: Vec<u64> = (0..4).map(|_| random.below(all.end_ns() + SECOND)).collect();
        cuts.extend([0, u64::MAX]);
        cuts.sort_unstable();
        let mut sum = Truth::default();
        for cut in cuts.windows(2) {
            let part = totals(all.between(cut[0], cut[1]));
            sum.bytes += part.bytes;
            sum.events += part.events;
            sum.drops += part.drops;
            sum.seen += part.seen;
        }
        assert_eq!(sum, truth);
    });
}

#[test]
fn folding_loses_nothing_but_resolution() {
    histories(1000, |random, History { samples, truth }| {
        let kept = 3 + random.index(8);
        let folded = timeline(&samples, kept);
        assert!(folded.samples().len() <= kept);
        assert_eq!(folded.samples()[0], samples[0]);
        let backlog_max = |slice: Slice<'_>| slice.rings().iter().map(|ring| ring.backlog_max_bytes).max();
        let of_one_ring = samples.iter().all(|sample| sample.rings.as_ref().unwrap()[0].map_id == 1);
        if of_one_ring {
            assert_eq!(totals(folded.all()), truth);
            assert_eq!(backlog_max(folded.all()), backlog_max(timeline(&samples, usize::MAX).all()));
        } else {
            // What a tool did between the last sample that is kept and its end cannot be known any more.
            assert!(is_at_most(totals(folded.all()), truth));
        }
    });
}

/// From one sample on counters count from zero again, and nobody says so.
fn set_back(samples: &mut [Sample], index: usize) {
    let Some(ring) = samples[index].rings.as_ref().map(|rings| rings[0].clone()) else { return };
    let falco = samples[index].falcos.as_ref().unwrap()[0].clone();
    let since_ns = samples[index].clock.monotonic_ns;
    let later = |sample: &&mut Sample| sample.clock.monotonic_ns >= since_ns;
    for sample in samples.iter_mut().filter(later) {
        let mut rings = sample.rings.iter_mut().flatten();
        if let Some(later) = rings.find(|later| later.map_id == ring.map_id) {
            later.produced_bytes = later.produced_bytes.saturating_sub(ring.produced_bytes);
        }
        for later in sample.falcos.iter_mut().flatten().filter(|later| later.map_id == falco.map_id) {
            let events = later.now.n_evts.saturating_sub(falco.now.n_evts);
            later.now = example::falco(later.map_id, later.found_ns, events).now;
        }
    }
}

#[test]
fn nothing_is_counted_that_did_not_happen() {
    let mut spoiled_less = 0;
    histories(5000, |random, History { mut samples, truth }| {
        for _ in 0..1 + random.below(4) {
            let index = random.index(samples.len());
            match random.below(5) {
                0 => drop(samples.remove(index)),
                1 => samples.insert(random.index(samples.len()), samples[index].clone()),
                2 => {
                    let other = random.index(samples.len());
                    samples.swap(index, other);
                }
                3 => samples[index].rings = None,
                _ => set_back(&mut samples, index),
            }
            if samples.is_empty() {
                return;
            }
        }
        let timeline = timeline(&samples, usize::MAX);
        let seen = totals(timeline.all());
        assert!(is_at_most(seen, truth), "{seen:?} of {truth:?}");
        spoiled_less += u64::from(seen != truth);
    });
    assert!(spoiled_less > 1000, "most of what was spoiled should matter: {spoiled_less}");
}
