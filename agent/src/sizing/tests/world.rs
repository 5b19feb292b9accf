//! A small world with rings and a consumer, in steps of a millisecond, which knows what any ring size would have lost. What
//! dropctl would have seen of it is made by the code that looks at real rings.

use crate::{
    observe::rings::statistics::Statistics,
    sample::{
        ConsumerSample, ConsumerStates, FalcoCounts, FalcoSample, ProbeSample, RingOwner, RingSample, Sample,
    },
    sys::ring::Positions,
    timeline::{
        Timeline,
        example::{at, timeline},
        overruns::growth::Growth,
    },
};

pub(super) const TGID: u32 = 50;
pub(super) const MIB: u64 = 1 << 20;
const RECORD: u64 = 48;
const MS: u64 = 1_000_000;
/// Time between two looks, ms.
const LOOK: u64 = 5;
/// Time between two looks at the thread that drains, ms: while a ring is above half each millisecond.
const THREAD_LOOK: u64 = 1000;
/// Samples do not wait for them.
const THREAD_PHASE: u64 = 600;
/// Falco's longest pause, ms.
pub(super) const PAUSE: u64 = 30;

/// Load: from, to (ms), CPU, records a ms.
pub(super) type Load = (u64, u64, u32, u64);

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) seconds: u64,
    /// CPUs of each ring.
    pub(super) rings: Vec<Vec<u32>>,
    pub(super) ring_bytes: u64,
    /// Records that the consumer does in a ms.
    pub(super) speed: u64,
    /// Longest pause when it found nothing, ms. How far one is when a burst comes is chance, and no prediction.
    pub(super) pause: u64,
    pub(super) loads: Vec<Load>,
    /// It may run for so many of each 100 ms.
    pub(super) quota: Option<u64>,
    /// From, to (ms): it is blocked.
    pub(super) blocked: Option<(u64, u64)>,
    pub(super) sees_consumer: bool,
}

impl World {
    pub(super) fn new(loads: &[Load]) -> Self {
        Self {
            seconds: 20,
            rings: vec![vec![0, 1]],
            ring_bytes: MIB,
            speed: 100,
            pause: 1,
            loads: loads.to_vec(),
            quota: None,
            blocked: None,
            sees_consumer: true,
        }
    }

    /// What dropctl sees of it.
    pub(super) fn timeline(&self) -> Timeline {
        timeline(self.run().0)
    }

    /// The share of events that rings of that size lose.
    pub(super) fn loss(&self, ring_bytes: u64) -> f64 {
        self.loss_of(ring_bytes, &self.rings)
    }

    /// The same with other rings.
    pub(super) fn loss_of(&self, ring_bytes: u64, rings: &[Vec<u32>]) -> f64 {
        let (_, events, drops) = Self { ring_bytes, rings: rings.to_vec(), ..self.clone() }.run();
        drops as f64 / events.max(1) as f64
    }

    fn run(&self) -> (Vec<Sample>, u64, u64) {
        let mut rings: Vec<Ring> = self.rings.iter().map(|_| Ring::new(self.ring_bytes)).collect();
        let mut counts = [(0, 0); 2];
        let (mut states, mut pressed) = (ConsumerStates::default(), ConsumerStates::default());
        let mut seen = (0, states, pressed);
        // When it looks again, and how long it will pause if there is nothing then.
        let (mut asleep_to, mut pause) = (0, 1);
        let mut samples = vec![self.sample(0, &mut rings, &counts, seen)];
        for ms in 0..self.seconds * 1000 {
            for (from, to, cpu, records) in &self.loads {
                if (*from..*to).contains(&ms) {
                    let of = self.rings.iter().position(|cpus| cpus.contains(cpu)).unwrap();
                    let kept = rings[of].take(*records);
                    counts[*cpu as usize].0 += records;
                    counts[*cpu as usize].1 += records - kept;
                }
            }
            let mut one = ConsumerStates::default();
            let is_throttled = self.quota.is_some_and(|quota| ms % 100 >= quota);
            let is_blocked = self.blocked.is_some_and(|(from, to)| (from..to).contains(&ms));
            let held: u64 = rings.iter().map(Ring::held).sum();
            match () {
                () if is_blocked && held > 0 => one.blocked_ns = MS,
                () if ms < asleep_to => one.idle_ns = MS,
                () if held == 0 => {
                    asleep_to = ms + pause;
                    pause = self.pause.min(2 * pause);
                    one.idle_ns = MS;
                }
                () if is_throttled => one.throttled_ns = MS,
                () => {
                    pause = 1;
                    let done = self.speed.min(held);
                    give(&mut rings, done);
                    one.running_ns = MS * done / self.speed;
                    one.idle_ns = MS - one.running_ns;
                }
            }
            states.add(&one);
            let is_pressed = rings.iter().any(|ring| 2 * ring.held() * RECORD > self.ring_bytes);
            if is_pressed {
                pressed.add(&one);
            }
            if is_pressed || (ms + 1) % THREAD_LOOK == THREAD_PHASE {
                seen = (ms + 1, states, pressed);
            }
            if (ms + 1) % LOOK == 0 {
                rings.iter_mut().for_each(|ring| ring.look((ms + 1) * MS));
            }
            if (ms + 1) % 1000 == 0 {
                samples.push(self.sample(ms + 1, &mut rings, &counts, seen));
            }
        }
        let sums = counts.iter().fold((0, 0), |(events, drops), (more, lost)| (events + more, drops + lost));
        (samples, sums.0, sums.1)
    }

    fn sample(
        &self,
        ms: u64,
        rings: &mut [Ring],
        counts: &[(u64, u64); 2],
        (seen_ms, states, pressed): (u64, ConsumerStates, ConsumerStates),
    ) -> Sample {
        let owner = RingOwner { tgid: TGID, comm: "falco".to_owned(), tool: "falco".to_owned() };
        let each = rings.iter_mut().zip(&self.rings).enumerate();
        let rings = each
            .map(|(index, (ring, cpus))| ring.sample(u32::try_from(index).unwrap() + 1, cpus, &owner))
            .collect();
        let sum = |of: fn(&(u64, u64)) -> u64| counts.iter().map(of).sum();
        let now = FalcoCounts {
            n_evts: sum(|(events, _)| *events),
            n_drops_buffer: sum(|(_, drops)| *drops),
            n_drops_max_event_size: Some(0),
            cpus: counts.to_vec(),
            ..FalcoCounts::default()
        };
        let before = FalcoCounts { n_drops_max_event_size: Some(0), ..FalcoCounts::default() };
        let falco = FalcoSample {
            tgid: TGID,
            comm: "falco".to_owned(),
            tool: "falco".to_owned(),
            map_id: 9,
            found_ns: 1,
            before: FalcoCounts { cpus: vec![(0, 0); 2], ..before },
            now,
            traced_syscalls: Some(vec![3, 257]),
            ..FalcoSample::default()
        };
        let consumer = ConsumerSample {
            tgid: TGID,
            tid: TGID,
            tool: "falco".to_owned(),
            since_ns: 1,
            time_ns: 1 + seen_ms * MS,
            states,
            pressed,
            ..ConsumerSample::default()
        };
        // Three quarters of what comes are openat.
        let exits = vec![(3, counts[0].0 / 4), (257, counts[0].0 - counts[0].0 / 4)];
        let probe = ProbeSample { since_ns: 1, syscalls: exits, ..ProbeSample::default() };
        Sample {
            clock: at(1 + ms * MS),
            interval_ns: if ms == 0 { 0 } else { 1000 * MS },
            rings: Some(rings),
            falcos: Some(vec![falco]),
            consumers: Some(vec![consumer]).filter(|_| self.sees_consumer),
            probe: Some(probe),
            ..Sample::default()
        }
    }
}

/// The oldest first: near enough, each ring gives in proportion to what it holds.
fn give(rings: &mut [Ring], records: u64) {
    let held: u64 = rings.iter().map(Ring::held).sum();
    let mut left = records;
    for ring in rings.iter_mut() {
        let part = (records * ring.held() / held).min(left);
        ring.given += part;
        left -= part;
    }
    for ring in rings.iter_mut() {
        let part = left.min(ring.held());
        ring.given += part;
        left -= part;
    }
}

struct Ring {
    bytes: u64,
    taken: u64,
    given: u64,
    drops: u64,
    statistics: Statistics,
    growth: Growth,
    time_ns: u64,
}

impl Ring {
    fn new(bytes: u64) -> Self {
        let none = Positions { producer: 0, consumer: 0 };
        Self {
            bytes,
            taken: 0,
            given: 0,
            drops: 0,
            statistics: Statistics::new(bytes, 1, none, none),
            growth: Growth::default(),
            time_ns: 1,
        }
    }

    fn held(&self) -> u64 {
        self.taken - self.given
    }

    fn take(&mut self, records: u64) -> u64 {
        let kept = records.min((self.bytes - 1) / RECORD - self.held());
        self.taken += kept;
        self.drops += records - kept;
        kept
    }

    fn look(&mut self, now_ns: u64) {
        self.time_ns = now_ns;
        self.statistics
            .add(now_ns, Positions { producer: self.taken * RECORD, consumer: self.given * RECORD });
        self.growth.add(now_ns, self.drops);
    }

    fn sample(&mut self, map_id: u32, cpus: &[u32], owner: &RingOwner) -> RingSample {
        let sample = RingSample {
            map_id,
            found_ns: 1,
            time_ns: self.time_ns,
            capacity_bytes: self.bytes,
            backlog_bytes: self.held() * RECORD,
            backlog_max_bytes: self.statistics.backlog_max_bytes,
            interval_backlog_max_bytes: self.statistics.interval_backlog_max_bytes,
            produced_bytes: self.taken * RECORD,
            consumed_bytes: self.given * RECORD,
            above_90_ns: self.statistics.above_90_ns,
            full_ns: self.statistics.full_ns,
            looks: self.statistics.looks,
            interval_arrivals: self.statistics.arrivals.maxima(),
            overruns: Some(self.growth.sample()),
            owner: Some(owner.clone()),
            places: cpus.to_vec(),
            ..RingSample::default()
        };
        self.statistics.begin_interval();
        sample
    }
}
