//! Samples of a node that nobody has: as many rings, workloads and losers as asked for, and each count moves at random.

use dropctl::{
    sample::{
        BlockedIn, Clock, ConsumerSample, ConsumerStates, CpuLimit, Events, FalcoCounts, FalcoSample,
        HookProgram, HookSample, LoserSample, LosersSample, MemoryGroup, NodePressure, OwnSample,
        PressureSample, ProbeSample, RingOwner, RingSample, RunCost, Sample, Stall, Stalls, StreamSample,
        ToolPressure, ToolSample, Workload, WorkloadDrops,
    },
    setup::{Mode, Naming, Request, Setup},
};

pub(crate) const SECOND: u64 = 1_000_000_000;

/// How much there is.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) rings: u32,
    pub(crate) workloads: u64,
    pub(crate) losers: u64,
    pub(crate) syscalls: u16,
    pub(crate) drops: bool,
}

pub(crate) fn setup() -> Setup {
    Setup {
        version: "0.1.0".to_owned(),
        revision: None,
        request: Request { mode: Mode::Stream, sample: 64, ring_bytes: 8 << 20, processes: 0 },
        hook: None,
        visibility: Vec::new(),
        interval_ns: SECOND,
        names: Naming::Real,
    }
}

/// A number that goes up by about `step` each second, differently for each `seed` (SplitMix64).
fn grown(seed: u64, second: u64, step: u64) -> u64 {
    let mut mixed = (seed << 32 | second).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    second * step + (mixed ^ (mixed >> 31)) % step.max(1)
}

impl Shape {
    /// The sample after so many seconds.
    pub(crate) fn at(&self, second: u64) -> Sample {
        let now_ns = (10_000 + second) * SECOND + grown(1, second, 90_000) % 90_000;
        let clock =
            Clock { monotonic_ns: now_ns, boot_ns: now_ns + 17, real_ns: 1_790_000_000 * SECOND + now_ns };
        Sample {
            clock,
            interval_ns: SECOND,
            folded: 0,
            cpus_online: Some("0-7".to_owned()),
            probe: Some(self.probe(second)),
            rings: Some((0..self.rings).map(|ring| self.ring(ring, second, now_ns)).collect()),
            falcos: Some(vec![self.falco(second)]),
            tools: Some(vec![ToolSample {
                tool: "falco".to_owned(),
                comm: "falco".to_owned(),
                tgid: 4711,
                is_service: true,
                is_running: true,
                start_ns: Some(77_000_000_000),
                cgroup: Some(
                    "/kubepods.slice/kubepods-burstable.slice/cri-containerd-0123456789abcdef.scope"
                        .to_owned(),
                ),
                has_rings: true,
                engine: Some("modern_ebpf".to_owned()),
                starts_ns: vec![77_000_000_000],
                ..ToolSample::default()
            }]),
            consumers: Some(vec![consumer(second, now_ns)]),
            pressure: Some(pressure(second)),
            hook: Some(HookSample {
                programs: ["falco", "dropctl"].map(|name| on_the_hook(name, second)).to_vec(),
                looked_at: 300,
                is_timed: Some(true),
                ..HookSample::default()
            }),
            rings_left_out: None,
            perf_buffers: Some(Vec::new()),
            own: OwnSample { cpu_ns: grown(2, second, 9_000_000), resident_bytes: Some(30 << 20) },
        }
    }

    fn probe(&self, second: u64) -> ProbeSample {
        let submitted = grown(3, second, 2_000);
        ProbeSample {
            since_ns: 10_000 * SECOND,
            events: Events {
                seen: grown(4, second, 128_000),
                own: grown(5, second, 900),
                attempted: submitted,
                submitted,
                dropped: 0,
                sampled_out: grown(6, second, 126_000),
            },
            missed: Some(0),
            syscalls: (0..self.syscalls)
                .map(|slot| (slot, grown(100 + u64::from(slot), second, 1_000)))
                .collect(),
            stream: Some(StreamSample {
                capacity_bytes: 8 << 20,
                producer_bytes: 40 * submitted,
                consumer_bytes: 40 * submitted - 40 * (second % 7),
                consumed: submitted - second % 7,
                errors: (0..40).map(|slot| (slot, grown(300 + u64::from(slot), second, 5))).collect(),
                unsettled: 9,
                ..StreamSample::default()
            }),
        }
    }

    fn ring(&self, ring: u32, second: u64, now_ns: u64) -> RingSample {
        let seed = 1_000 + u64::from(ring) * 100;
        let produced = grown(seed, second, 3_000_000);
        let burst =
            |power: u64| (1_000_000 << power, grown(seed + power, second, 4_000 << power) % (8_000 << power));
        RingSample {
            map_id: 70 + ring,
            found_ns: 10_000 * SECOND,
            time_ns: now_ns,
            capacity_bytes: 8 << 20,
            producer_bytes: (1 << 40) + produced,
            consumer_bytes: (1 << 40) + produced - grown(seed + 30, second, 9_999) % 9_999,
            pending_bytes: Some(0),
            backlog_bytes: grown(seed + 30, second, 9_999) % 9_999,
            backlog_max_bytes: 8 << 20,
            interval_backlog_max_bytes: grown(seed + 31, second, 99_999) % 99_999,
            produced_bytes: produced,
            consumed_bytes: produced - grown(seed + 30, second, 9_999) % 9_999,
            above_90_ns: if self.drops { grown(seed + 32, second, 400_000_000) } else { 0 },
            full_ns: if self.drops { grown(seed + 33, second, 300_000_000) } else { 0 },
            looks: grown(seed + 34, second, 200),
            interval_arrivals: (0..14).map(burst).collect(),
            owner: Some(RingOwner { tgid: 4711, comm: "falco".to_owned(), tool: "falco".to_owned() }),
            places: vec![ring],
            ..RingSample::default()
        }
    }

    fn falco(&self, second: u64) -> FalcoSample {
        let lost = |seed: u64, step: u64| if self.drops { grown(seed, second, step) } else { 0 };
        let workload = |number: u64| Workload {
            namespace: None,
            pod: Some(format!("{number:08x}-aaaa-bbbb-cccc-{:012x}", number * 48_271)),
            container: Some(format!("{:012x}", number * 69_621)),
        };
        let loser = |number: u64| LoserSample {
            tgid: 20_000 + u32::try_from(number).unwrap_or(0),
            comm: Some(format!("worker-{number}")),
            cgroup_id: Some(5_000 + number % self.workloads),
            workload: Some(workload(number % self.workloads)),
            slot: u16::try_from(number % 40).unwrap_or(0),
            drops: lost(50_000 + number, 40_000 / (1 + number)),
        };
        let mut top: Vec<LoserSample> = (0..self.losers).map(loser).collect();
        top.sort_by_key(|loser| std::cmp::Reverse(loser.drops));
        let now = FalcoCounts {
            n_evts: grown(7, second, 100_000),
            n_drops_buffer: lost(8, 50_000),
            n_drops_max_event_size: Some(0),
            categories: ["clone_fork", "execve", "connect", "open", "dir_file", "other", "close", "proc"]
                .iter()
                .enumerate()
                .map(|(index, name)| (format!("{name}_exit"), lost(500 + index as u64, 4_000)))
                .collect(),
            others: Vec::new(),
            cpus: (0..u64::from(self.rings))
                .map(|cpu| (grown(600 + cpu, second, 12_000), lost(900 + cpu, 6_000)))
                .collect(),
        };
        FalcoSample {
            tgid: 4711,
            comm: "falco".to_owned(),
            tool: "falco".to_owned(),
            map_id: 60,
            found_ns: 10_000 * SECOND,
            now,
            traced_syscalls: Some((0..200).collect()),
            losers: Some(LosersSample {
                is_watched: true,
                top,
                workloads: (0..self.workloads)
                    .map(|number| WorkloadDrops {
                        workload: Some(workload(number)),
                        drops: lost(40_000 + number, 20_000 / (1 + number)),
                    })
                    .collect(),
                missed: Some(0),
                ..LosersSample::default()
            }),
            ..FalcoSample::default()
        }
    }
}

fn consumer(second: u64, now_ns: u64) -> ConsumerSample {
    let states = |seed: u64| ConsumerStates {
        running_ns: grown(seed, second, 500_000_000),
        waiting_ns: grown(seed + 1, second, 10_000_000),
        throttled_ns: grown(seed + 2, second, 200_000_000),
        blocked_ns: grown(seed + 3, second, 1_000_000),
        idle_ns: grown(seed + 4, second, 200_000_000),
    };
    ConsumerSample {
        tgid: 4711,
        tid: 4720,
        comm: "falco".to_owned(),
        tool: "falco".to_owned(),
        candidates: 1,
        since_ns: 10_000 * SECOND,
        time_ns: now_ns,
        states: states(10),
        pressed: states(20),
        blocked_in: vec![BlockedIn {
            state: 'D',
            wchan: Some("folio_wait_bit_common".to_owned()),
            syscall: Some(74),
            time_ns: grown(30, second, 1_000_000),
        }],
        voluntary_switches: Some(grown(31, second, 70)),
        involuntary_switches: Some(grown(32, second, 40)),
        limits: Some(
            (0..3)
                .map(|depth| CpuLimit {
                    cgroup: format!("/kubepods.slice/{depth}"),
                    quota_ns: Some(50_000_000),
                    period_ns: Some(100_000_000),
                    throttled_periods: grown(33 + depth, second, 9),
                    throttled_ns: grown(36 + depth, second, 300_000_000),
                })
                .collect(),
        ),
        ..ConsumerSample::default()
    }
}

fn on_the_hook(name: &str, second: u64) -> HookProgram {
    HookProgram {
        program: 4712,
        tracepoint: "sys_exit".to_owned(),
        tgid: 4711,
        comm: name.to_owned(),
        tool: name.to_owned(),
        cost: Some(RunCost { runs: grown(70, second, 90_000), run_ns: grown(71, second, 9_000_000) }),
        ..HookProgram::default()
    }
}

fn pressure(second: u64) -> PressureSample {
    let stall = |seed: u64| {
        Some(Stall {
            some_ns: grown(seed, second, 9_000_000),
            full_ns: Some(grown(seed + 1, second, 1_000_000)),
        })
    };
    let stalls = |seed: u64| Some(Stalls { cpu: stall(seed), memory: stall(seed + 2), io: stall(seed + 4) });
    PressureSample {
        node: NodePressure {
            stalls: stalls(40),
            steal_ns: Some(grown(46, second, 1_000)),
            busy_ns: Some(grown(47, second, 3_000_000_000)),
            load_1_milli: Some(grown(48, second, 50) % 5_000),
            runnable: Some(second % 9),
            blocked: Some(0),
            cpus_online: Some(8),
            available_bytes: Some((4 << 30) + grown(49, second, 4_096)),
        },
        tools: vec![ToolPressure {
            tgid: 4711,
            memory: Some(
                (0..3)
                    .map(|depth| MemoryGroup {
                        cgroup: format!("/kubepods.slice/{depth}"),
                        current_bytes: Some((100 << 20) + grown(60 + depth, second, 4_096)),
                        limit_bytes: Some(1 << 30),
                        ..MemoryGroup::default()
                    })
                    .collect(),
            ),
            stalls: stalls(70),
        }],
    }
}
