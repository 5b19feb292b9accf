//! For tests: a healthy node, to take one fact away from.
//!
//! A Falco with two rings of 8 MiB, one for each of two CPUs. Each second 100,000 events of 100 bytes come and go; its
//! thread runs for 100 ms of it, sleeps for the rest, and no ring is ever above half.

use super::{Finding, Verdict, case::Case, diagnose, losses};
use crate::{
    sample::{
        Clock, ConsumerSample, ConsumerStates, CpuLimit, Events, FalcoCounts, FalcoFacts, FalcoSample,
        KnownBy, LoserSample, LosersSample, MemoryGroup, Node, NodePressure, PressureSample, ProbeSample,
        RingOwner, RingSample, Sample, Stall, Stalls, ToolPressure, ToolSample,
    },
    setup::{Mode, Naming, Request, Setup},
    timeline::Timeline,
};

pub(super) const MS: u64 = 1_000_000;
pub(super) const SECOND: u64 = 1000 * MS;
pub(super) const MIB: u64 = 1 << 20;
pub(super) const TGID: u32 = 50;
/// Bytes of an event on the ring.
const EVENT_BYTES: u64 = 100;
/// Slot of openat, and of close.
pub(super) const OPENAT: u16 = 257;
pub(super) const CLOSE: u16 = 3;

/// One second.
#[derive(Clone, Debug)]
pub(super) struct Second {
    /// Events that were tried on each CPU, drops included.
    pub(super) events: [u64; 2],
    /// Of these, dropped for want of room.
    pub(super) drops: [u64; 2],
    /// Of these, too large.
    pub(super) oversized: u64,
    /// Events that were consumed, of both rings.
    pub(super) consumed: u64,
    /// Largest share of each ring, in percent.
    pub(super) fullest: [u64; 2],
    /// Running, waiting, throttled, blocked, idle: ms.
    pub(super) states: [u64; 5],
    /// The same while a ring was above half: ms.
    pub(super) pressed: [u64; 5],
    /// Major faults of the thread.
    pub(super) major_faults: u64,
    /// All threads of its cgroup waited for memory, ms.
    pub(super) stalled: u64,
}

/// What happened, by the second.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) seconds: Vec<Second>,
    pub(super) capacity_bytes: u64,
    pub(super) limit: Option<CpuLimit>,
    pub(super) is_thread_seen: bool,
    /// The kernel tells major faults of the thread.
    pub(super) are_faults_seen: bool,
    /// The kernel tells stalls.
    pub(super) are_stalls_seen: bool,
    pub(super) blocked_in: (char, Option<u32>, Option<&'static str>),
    pub(super) facts: Option<FalcoFacts>,
    pub(super) tool: Option<ToolSample>,
    pub(super) losers: Option<Vec<LoserSample>>,
    pub(super) exits: Vec<(u16, u64)>,
    pub(super) kernel: &'static str,
    /// Each sample sees both rings full, and the oldest record not committed.
    pub(super) is_pending: bool,
    /// Its rings were drained before, and not only since the first sample.
    pub(super) is_drained: bool,
    /// Its rings are others from the first loss on, which were full until they were drained for the first time; they
    /// stalled so often.
    pub(super) made_anew: Option<u64>,
}

impl Story {
    /// Ten seconds without anything wrong.
    pub(super) fn healthy() -> Self {
        let second = Second {
            events: [50_000; 2],
            drops: [0; 2],
            oversized: 0,
            consumed: 100_000,
            fullest: [10; 2],
            states: [100, 5, 0, 0, 895],
            pressed: [0; 5],
            major_faults: 0,
            stalled: 0,
        };
        Self {
            seconds: vec![second; 10],
            capacity_bytes: 8 * MIB,
            limit: Some(CpuLimit { cgroup: "/kubepods/pod1/c1".to_owned(), ..CpuLimit::default() }),
            is_thread_seen: true,
            are_faults_seen: true,
            are_stalls_seen: true,
            blocked_in: ('S', None, None),
            facts: None,
            tool: Some(ToolSample {
                tool: "falco".to_owned(),
                comm: "falco".to_owned(),
                tgid: TGID,
                is_running: true,
                start_ns: Some(0),
                ..ToolSample::default()
            }),
            losers: None,
            exits: vec![(OPENAT, 30_000), (CLOSE, 30_000)],
            kernel: "6.12.9",
            is_pending: false,
            is_drained: true,
            made_anew: None,
        }
    }

    /// The same with loss from the fourth to the sixth second, which `change` describes.
    pub(super) fn lossy(change: impl Fn(&mut Second)) -> Self {
        let mut story = Self::healthy();
        for second in &mut story.seconds[3..6] {
            second.drops = [10_000; 2];
            second.consumed = 80_000;
            second.fullest = [100; 2];
            change(second);
        }
        story
    }

    pub(super) fn timeline(&self) -> Timeline {
        let setup = Setup {
            version: "0.1.0".to_owned(),
            revision: None,
            request: Request { mode: Mode::Count, sample: 1, ring_bytes: 4096, processes: 10 },
            hook: None,
            visibility: Vec::new(),
            interval_ns: SECOND,
            names: Naming::Real,
        };
        let node = Node { kernel: Some(self.kernel.to_owned()), ..Node::default() };
        let mut timeline = Timeline::new(node, setup);
        for count in 0..=self.seconds.len() {
            timeline.push(self.sample(count));
        }
        timeline
    }

    /// All findings.
    pub(super) fn findings(&self) -> Vec<Finding> {
        diagnose(&self.timeline().all(), &[])
    }

    /// What a rule says of the first loss.
    pub(super) fn verdict(&self, rule: fn(&Case<'_>) -> Verdict) -> Verdict {
        let timeline = self.timeline();
        let losses = losses::find(&timeline.all());
        rule(&Case::new(losses.first().expect("a loss"), timeline.all()))
    }

    /// The codes of causes.
    pub(super) fn causes(&self) -> Vec<&'static str> {
        let findings = self.findings();
        let codes = findings.iter().map(|finding| finding.code.as_str());
        codes.filter(|code| code.starts_with("DC1")).collect()
    }

    /// After so many seconds, at 1,000 s of uptime and more.
    fn sample(&self, count: usize) -> Sample {
        let now_ns = (1_000 + count as u64) * SECOND;
        let past = &self.seconds[..count];
        let sum = |value: &dyn Fn(&Second) -> u64| past.iter().map(value).sum::<u64>();
        let states = |of: fn(&Second) -> [u64; 5]| ConsumerStates {
            running_ns: MS * sum(&|second| of(second)[0]),
            waiting_ns: MS * sum(&|second| of(second)[1]),
            throttled_ns: MS * sum(&|second| of(second)[2]),
            blocked_ns: MS * sum(&|second| of(second)[3]),
            idle_ns: MS * sum(&|second| of(second)[4]),
        };
        let cpus: Vec<(u64, u64)> =
            (0..2).map(|cpu| (sum(&|second| second.events[cpu]), sum(&|second| second.drops[cpu]))).collect();
        let counts = FalcoCounts {
            n_evts: cpus.iter().map(|(events, _)| events).sum(),
            n_drops_buffer: cpus.iter().map(|(_, drops)| drops).sum(),
            n_drops_max_event_size: Some(sum(&|second| second.oversized)),
            categories: Vec::new(),
            others: Vec::new(),
            cpus,
        };
        let throttled_ns = states(|second| second.states).throttled_ns;
        let (state, syscall, wchan) = self.blocked_in;
        let blocked = crate::sample::BlockedIn {
            state,
            syscall,
            wchan: wchan.map(str::to_owned),
            time_ns: states(|second| second.states).blocked_ns,
        };
        let consumer = ConsumerSample {
            tgid: TGID,
            tid: TGID,
            comm: "falco".to_owned(),
            tool: "falco".to_owned(),
            known_by: KnownBy::Settings,
            candidates: 1,
            since_ns: 1,
            time_ns: now_ns,
            states: states(|second| second.states),
            pressed: states(|second| second.pressed),
            blocked_in: vec![blocked],
            major_faults: self.are_faults_seen.then(|| sum(&|second| second.major_faults)),
            limits: self.limit.clone().map(|limit| {
                let periods = throttled_ns / (50 * MS);
                vec![CpuLimit { throttled_ns, throttled_periods: periods, ..limit }]
            }),
            ..ConsumerSample::default()
        };
        let falco = FalcoSample {
            tgid: TGID,
            comm: "falco".to_owned(),
            tool: "falco".to_owned(),
            map_id: 1,
            found_ns: 1,
            now: counts,
            traced_syscalls: Some(vec![OPENAT.into(), CLOSE.into()]),
            losers: self.losers.clone().map(|losers| {
                let after = |loser: LoserSample| LoserSample { drops: loser.drops * count as u64, ..loser };
                LosersSample { top: losers.into_iter().map(after).collect(), ..LosersSample::default() }
            }),
            facts: self.facts.clone().unwrap_or_default(),
            ..FalcoSample::default()
        };
        let probe = ProbeSample {
            since_ns: 1,
            events: Events { seen: sum(&|_| 100_000), ..Events::default() },
            missed: Some(0),
            syscalls: self.exits.iter().map(|(slot, exits)| (*slot, exits * count as u64)).collect(),
            stream: None,
        };
        Sample {
            clock: Clock { monotonic_ns: now_ns, boot_ns: now_ns, real_ns: now_ns },
            interval_ns: SECOND,
            probe: Some(probe),
            rings: Some(vec![self.ring(0, past, now_ns), self.ring(1, past, now_ns)]),
            falcos: Some(vec![falco]),
            consumers: self.is_thread_seen.then(|| vec![consumer]),
            tools: self.tool.clone().map(|tool| vec![tool]),
            pressure: Some(self.pressure(MS * sum(&|second| second.stalled))),
            ..Sample::default()
        }
    }

    fn pressure(&self, stalled_ns: u64) -> PressureSample {
        let memory = Some(Stall { some_ns: stalled_ns, full_ns: Some(stalled_ns) });
        let stalls = self.are_stalls_seen.then(|| Stalls { memory, ..Stalls::default() });
        let group = MemoryGroup {
            cgroup: "/kubepods/pod1/c1".to_owned(),
            limit_bytes: Some(64 * MIB),
            max_events: Some(1_000 + stalled_ns / MS),
            ..MemoryGroup::default()
        };
        let tool = ToolPressure { tgid: TGID, memory: Some(vec![group]), stalls };
        PressureSample { node: NodePressure { stalls, ..NodePressure::default() }, tools: vec![tool] }
    }

    fn ring(&self, cpu: usize, past: &[Second], now_ns: u64) -> RingSample {
        let kept = |second: &Second| second.events[cpu].saturating_sub(second.drops[cpu]);
        let produced = EVENT_BYTES * past.iter().map(kept).sum::<u64>();
        let fullest = past.last().map_or(0, |second| second.fullest[cpu]);
        let full_ns = past.iter().filter(|second| second.fullest[cpu] >= 100).count() as u64 * SECOND / 2;
        let stalls = self.made_anew.filter(|_| full_ns > 0);
        RingSample {
            map_id: 10 + 10 * u32::from(stalls.is_some()) + u32::try_from(cpu).unwrap(),
            found_ns: 1,
            time_ns: now_ns,
            capacity_bytes: self.capacity_bytes,
            producer_bytes: produced,
            consumer_bytes: if self.is_drained { produced } else { 0 },
            produced_bytes: produced,
            consumed_bytes: EVENT_BYTES * past.iter().map(|second| second.consumed / 2).sum::<u64>(),
            backlog_bytes: if self.is_pending { self.capacity_bytes - 8 } else { 0 },
            pending_bytes: Some(if self.is_pending { self.capacity_bytes - 8 } else { 0 }),
            interval_backlog_max_bytes: self.capacity_bytes * fullest / 100,
            full_ns,
            stalls: stalls.unwrap_or(0),
            stalled_ns: if stalls.is_some() { full_ns } else { 0 },
            owner: Some(RingOwner { tgid: TGID, comm: "falco".to_owned(), tool: "falco".to_owned() }),
            places: vec![u32::try_from(cpu).unwrap()],
            ..RingSample::default()
        }
    }
}
