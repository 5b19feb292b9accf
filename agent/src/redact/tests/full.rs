//! A timeline in which every text that a sample can have is there: a throttled Falco in a pod that lost events of others.

use crate::{
    sample::{
        BaseSyscallsFacts, BlockedIn, Compared, Comparison, ConfigurationFacts, ConsumerSample,
        ConsumerStates, CounterLayout, CpuLimit, EstimateSample, FalcoCounts, FalcoFacts, FalcoSample,
        HookProgram, HookSample, KeyFacts, LoserSample, LosersSample, MemoryGroup, MetricsFacts, Node,
        Overruns, PageFacts, PageStatus, PerfBuffersSample, PressureSample, ProbeSample, ProcessCount,
        ProgramSample, RefusalClass, RefusedSample, RingOwner, RingSample, Sample, StreamSample,
        ToolPressure, ToolPrograms, ToolSample, VersionFacts, Workload, WorkloadDrops,
    },
    setup::{Setup, Visibility},
    timeline::{
        Timeline,
        example::{SECOND, at, setup},
    },
};

const UID: &str = "0f3c5d9a-1b2c-4d5e-8f90-123456789abd";
const ID: &str = "5e0c6a7b8d9e0123456789abcdef0123456789abcdef0123456789abcdef0123";
const TGID: u32 = 50;

pub(super) fn timeline() -> Timeline {
    let node = Node {
        kernel: Some("6.12.9-cloud-amd64".to_owned()),
        preemption: Some("lazy".to_owned()),
        architecture: "x86_64".to_owned(),
        os: Some("Debian GNU/Linux 13 (trixie)".to_owned()),
        cpus_possible: Some("0-7".to_owned()),
        cpus_online: Some("0-3".to_owned()),
        memory_bytes: Some(8 << 30),
        hardware: Some("Amazon EC2 m5.large".to_owned()),
    };
    let hidden = Visibility {
        capability: "cgroup_id".to_owned(),
        available: false,
        note: "/srv/acme/cgroup is not mounted on node7".to_owned(),
    };
    let setup = Setup { revision: Some("0123456".to_owned()), visibility: vec![hidden], ..setup() };
    let mut timeline = Timeline::new(node, setup);
    [100, 102].into_iter().for_each(|second| timeline.push(sample(second)));
    timeline
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn cgroup() -> String {
    let slice = UID.replace('-', "_");
    format!(
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{slice}.slice/cri-containerd-{ID}.scope"
    )
}

/// So many of what grows by one each second.
fn sample(second: u64) -> Sample {
    let past = second - 100;
    let owner = |comm: &str| Some(RingOwner { tgid: TGID, comm: comm.to_owned(), tool: "falco".to_owned() });
    let ring = RingSample {
        map_id: 7,
        name: text("ringbuf_map"),
        capacity_bytes: 8 << 20,
        produced_bytes: past << 20,
        consumed_bytes: past << 20,
        interval_backlog_max_bytes: 8 << 20,
        full_ns: past * SECOND / 2,
        overruns: Some(Overruns::default()),
        refused: Some(RefusedSample {
            losers: losers(past),
            classes: vec![(RefusalClass::Behind, 60 * past)],
            ..RefusedSample::default()
        }),
        estimated: Some(EstimateSample::default()),
        owner: owner("falco"),
        places: vec![0],
        ..RingSample::default()
    };
    Sample {
        clock: at(second * SECOND),
        interval_ns: 2 * SECOND,
        cpus_online: text("0-3"),
        probe: Some(ProbeSample {
            since_ns: SECOND,
            stream: Some(StreamSample {
                processes: vec![ProcessCount {
                    tgid: 9,
                    comm: text("worker"),
                    records: 4,
                    cgroup_id: Some(3),
                }],
                ..StreamSample::default()
            }),
            ..ProbeSample::default()
        }),
        rings: Some(vec![ring]),
        rings_left_out: Some(0),
        perf_buffers: Some(vec![PerfBuffersSample {
            tgid: 80,
            comm: "statsnoop".to_owned(),
            tool: "other".to_owned(),
            buffers: 1,
            capacity_bytes: 4096,
            ..PerfBuffersSample::default()
        }]),
        falcos: Some(vec![falco(past)]),
        tools: Some(vec![ToolSample {
            tool: "falco".to_owned(),
            comm: "falco".to_owned(),
            tgid: TGID,
            is_service: true,
            is_running: true,
            start_ns: Some(SECOND),
            cgroup: Some(cgroup()),
            container_id: text(ID),
            engine: text("modern_ebpf"),
            programs: Some(ToolPrograms {
                count: 1,
                missed: Some(past),
                with_misses: vec![ProgramSample {
                    name: "sys_exit".to_owned(),
                    missed: past,
                    ..ProgramSample::default()
                }],
            }),
            ..ToolSample::default()
        }]),
        consumers: Some(vec![consumer(second)]),
        hook: Some(HookSample {
            programs: vec![HookProgram {
                program: 41,
                tracepoint: "sys_exit".to_owned(),
                tgid: 81,
                comm: "tracer".to_owned(),
                tool: "other".to_owned(),
                ..HookProgram::default()
            }],
            ..HookSample::default()
        }),
        pressure: Some(PressureSample {
            tools: vec![ToolPressure {
                tgid: TGID,
                memory: Some(vec![MemoryGroup { cgroup: cgroup(), ..MemoryGroup::default() }]),
                stalls: None,
            }],
            ..PressureSample::default()
        }),
        ..Sample::default()
    }
}

fn consumer(second: u64) -> ConsumerSample {
    let past = second - 100;
    let states = ConsumerStates {
        running_ns: past * SECOND / 5,
        throttled_ns: past * SECOND / 5 * 3,
        blocked_ns: past * SECOND / 5,
        ..ConsumerStates::default()
    };
    ConsumerSample {
        tgid: TGID,
        tid: TGID + 1,
        comm: "falco".to_owned(),
        tool: "falco".to_owned(),
        candidates: 1,
        since_ns: 100 * SECOND,
        time_ns: second * SECOND,
        states,
        pressed: states,
        blocked_in: vec![BlockedIn {
            state: 'D',
            wchan: text("folio_wait_bit_common"),
            syscall: Some(74),
            time_ns: states.blocked_ns,
        }],
        limits: Some(vec![CpuLimit {
            cgroup: cgroup(),
            quota_ns: Some(20_000_000),
            period_ns: Some(100_000_000),
            throttled_periods: 10 * past,
            throttled_ns: states.throttled_ns,
        }]),
        ..ConsumerSample::default()
    }
}

fn losers(past: u64) -> LosersSample {
    let workload = |pod: &str, container: &str| {
        Some(Workload { namespace: text("acme-payments"), pod: text(pod), container: text(container) })
    };
    LosersSample {
        is_watched: true,
        top: vec![LoserSample {
            tgid: 9,
            comm: text("worker"),
            cgroup_id: Some(3),
            workload: workload("acme-payments-0", "acme-app"),
            slot: 257,
            drops: 60 * past,
        }],
        workloads: vec![WorkloadDrops {
            workload: workload("acme-payments-0", "acme-app"),
            drops: 60 * past,
        }],
        ..LosersSample::default()
    }
}

fn falco(past: u64) -> FalcoSample {
    let now = FalcoCounts {
        n_evts: 1000 * past,
        n_drops_buffer: 100 * past,
        n_drops_max_event_size: Some(0),
        categories: vec![("open_exit".to_owned(), 60 * past)],
        others: vec![("n_drops_new".to_owned(), past)],
        cpus: vec![(1000 * past, 100 * past)],
    };
    FalcoSample {
        tgid: TGID,
        comm: "falco".to_owned(),
        tool: "falco".to_owned(),
        map_id: 3,
        found_ns: SECOND,
        before: FalcoCounts { categories: vec![("open_exit".to_owned(), 0)], ..FalcoCounts::default() },
        now,
        traced_syscalls: Some(vec![257]),
        losers: Some(losers(past)),
        overruns: None,
        facts: facts(),
    }
}

fn facts() -> FalcoFacts {
    let preset = "engine.modern_ebpf.buf_size_preset";
    let own = "/etc/falco/config.d/acme-buffers.yaml";
    let key = |key: &str, value: &str, set_by: Option<&str>| KeyFacts {
        key: key.to_owned(),
        value: value.to_owned(),
        set_by: set_by.map(str::to_owned),
    };
    let page = |why: &str| Some(PageFacts { status: PageStatus::Unreachable, why: text(why) });
    FalcoFacts {
        layout: CounterLayout::Names,
        program: text("falco"),
        version: Some(VersionFacts {
            falco: text("0.44.1"),
            libs: text("0.25.4"),
            driver_api: text("9.1.0"),
            driver_schema: text("4.3.0"),
            default_driver: text("9.1.0+driver"),
            rules_engine: text("0.57.0"),
            plugins: vec![("container".to_owned(), "0.4.1".to_owned())],
        }),
        configuration: Some(ConfigurationFacts {
            files: vec!["/etc/falco/falco.yaml".to_owned(), own.to_owned()],
            keys: vec![key(preset, "5", Some(own)), key("outputs_queue.capacity", "0", None)],
            base_syscalls: BaseSyscallsFacts {
                included: vec!["openat".to_owned()],
                excluded: vec!["close".to_owned()],
                ..BaseSyscallsFacts::default()
            },
            last_folder: text("/srv/acme/config.d"),
        }),
        comparison: Comparison {
            engine: Compared {
                key: "engine.kind".to_owned(),
                configured: text("modern_ebpf"),
                effective: text("modern_ebpf"),
            },
            ring_bytes: Compared {
                key: preset.to_owned(),
                configured: Some(16 << 20),
                effective: Some(8 << 20),
            },
            ring_count: Compared {
                key: "engine.modern_ebpf.cpus_for_each_buffer".to_owned(),
                ..Compared::default()
            },
            drop_failed: Compared {
                key: "engine.modern_ebpf.drop_failed_exit".to_owned(),
                ..Compared::default()
            },
            excluded_but_traced: Some(vec!["close".to_owned()]),
            included_but_not_traced: Some(vec!["openat".to_owned()]),
        },
        versions_page: page("no connection to 10.20.30.40"),
        metrics_page: page("no whole answer within a second"),
        metrics: Some(MetricsFacts::default()),
        not_visible: vec!["its configuration: /srv/acme/falco.yaml cannot be read".to_owned()],
        ..FalcoFacts::default()
    }
}
