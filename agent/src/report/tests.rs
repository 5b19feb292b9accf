//! A report from samples made by hand: what it says, that it fits its schema, and goldens of its pages.
//!
//! `DROPCTL_BLESS=1 cargo test` (or `cargo xtask bless`) accepts new pages.

mod lives;
mod refused;
pub(super) mod scenarios;

use std::{fs, path::PathBuf};

use super::*;
use crate::{
    evidence::Evidence,
    golden::golden,
    sample::{
        Clock, Compared, Comparison, ConfigurationFacts, CounterLayout, Events, FalcoCounts, FalcoFacts,
        FalcoSample, KeyFacts, LosersSample, MetricsFacts, Node, Overrun, Overruns, OwnSample, PageFacts,
        PageStatus, PerfBuffersSample, ProbeSample, ProcessCount, RingOwner, RingSample, Sample,
        StreamSample, VersionFacts,
    },
    setup::{Hook, Mode, Naming, Request, Setup, Visibility},
    timeline::Timeline,
};

mod accounting;
mod consumers;
mod losses;
mod page;

const SECOND: u64 = 1_000_000_000;

fn node() -> Node {
    Node {
        kernel: Some("6.12.9-cloud-amd64".to_owned()),
        preemption: Some("lazy".to_owned()),
        architecture: "x86_64".to_owned(),
        os: Some("Debian GNU/Linux 13 (trixie)".to_owned()),
        cpus_possible: Some("0-7".to_owned()),
        cpus_online: Some("0-3".to_owned()),
        memory_bytes: Some(8 << 30),
        hardware: None,
    }
}

fn request(mode: Mode) -> Request {
    Request { mode, sample: 1, ring_bytes: 4096, processes: 10 }
}

fn visibility() -> Vec<Visibility> {
    let entry = |capability: &str, available, note: &str| Visibility {
        capability: capability.to_owned(),
        available,
        note: note.to_owned(),
    };
    vec![entry("btf", true, "kernel types known"), entry("cgroup_id", false, "no cgroups here")]
}

/// 1,000 events, 990 records kept, 10 refused in one overrun.
fn probe() -> ProbeSample {
    ProbeSample {
        since_ns: 100 * SECOND,
        events: Events { seen: 1000, own: 7, attempted: 1000, submitted: 990, dropped: 10, sampled_out: 0 },
        missed: Some(0),
        syscalls: vec![(0, 900), (1, 99), (575, 1)],
        stream: Some(StreamSample {
            capacity_bytes: 4096,
            producer_bytes: 990 * 40,
            consumer_bytes: 990 * 40,
            backlog_max_bytes: 4080,
            consumed: 990,
            foreign: 0,
            overruns: vec![Overrun { first_ns: 101 * SECOND, last_ns: 101 * SECOND + 5_000_000, drops: 10 }],
            overrun_count: 1,
            overrun_ns: 5_000_000,
            errors: vec![(1, 12)],
            processes: vec![
                ProcessCount { tgid: 42, cgroup_id: Some(7), records: 980, comm: Some("a|b".to_owned()) },
                ProcessCount { tgid: 43, cgroup_id: None, records: 8, comm: None },
            ],
            processes_other: 2,
            processes_beyond: 0,
            unsettled: 0,
        }),
    }
}

/// A falco with two rings, a nameless one of a process that dropctl does not know, an idle one and our own.
fn rings() -> Vec<RingSample> {
    let falco = || Some(RingOwner { tgid: 50, comm: "falco".to_owned(), tool: "falco".to_owned() });
    let ring = RingSample {
        map_id: 7,
        capacity_bytes: 8 << 20,
        backlog_bytes: 48,
        backlog_max_bytes: 8_388_576,
        produced_bytes: 96 << 20,
        consumed_bytes: 96 << 20,
        above_90_ns: 250_000_000,
        full_ns: 200_000_000,
        stalls: 1,
        stalled_ns: 230_000_000,
        looks: 400,
        interval_backlog_max_bytes: 8_388_576,
        interval_arrivals: vec![(8_000_000, 1 << 20), (16_000_000, 2 << 20)],
        overruns: Some(Overruns {
            listed: vec![Overrun {
                first_ns: 101 * SECOND,
                last_ns: 101 * SECOND + 200_000_000,
                drops: 9993,
            }],
            count: 1,
            total_ns: 200_000_000,
            ..Overruns::default()
        }),
        owner: falco(),
        places: vec![0],
        ..RingSample::default()
    };
    vec![
        RingSample { map_id: 9, name: Some("EVENTS".to_owned()), is_own: true, owner: None, ..ring.clone() },
        RingSample {
            map_id: 8,
            places: vec![1],
            stalls: 0,
            interval_backlog_max_bytes: 4096,
            overruns: Some(Overruns::default()),
            ..ring.clone()
        },
        RingSample {
            map_id: 3,
            places: Vec::new(),
            owner: None,
            overruns: None,
            refused: Some(refused::sample()),
            ..ring.clone()
        },
        RingSample {
            map_id: 4,
            produced_bytes: 0,
            interval_backlog_max_bytes: 0,
            backlog_bytes: 0,
            overruns: None,
            ..ring.clone()
        },
        ring,
    ]
}

/// 2,000,000 events and 10,000 drops in the window, most of them on CPU 0, 6,000 in no category.
fn falco() -> FalcoSample {
    let counts = |n_evts, dropped: u64, open: u64| FalcoCounts {
        n_evts,
        n_drops_buffer: dropped,
        n_drops_max_event_size: Some(0),
        categories: vec![("open_exit".to_owned(), open), ("close_exit".to_owned(), 0)],
        cpus: vec![(n_evts - 500, dropped - 7), (500, 7)],
        ..FalcoCounts::default()
    };
    FalcoSample {
        facts: facts(),
        tgid: 50,
        comm: "falco".to_owned(),
        tool: "falco".to_owned(),
        map_id: 11,
        found_ns: 0,
        before: counts(1_000_000, 100, 10),
        now: counts(3_000_000, 10_100, 4010),
        traced_syscalls: Some(vec![0, 3, 257]),
        losers: Some(losses::losers()),
        overruns: None,
    }
}

/// A preset that was changed in a file of its own and not applied; a page that nobody answers.
fn facts() -> FalcoFacts {
    let key = |key: &str, value: &str, set_by: Option<&str>| KeyFacts {
        key: key.to_owned(),
        value: value.to_owned(),
        set_by: set_by.map(str::to_owned),
    };
    let preset = "engine.modern_ebpf.buf_size_preset";
    let changed = Some("/etc/falco/config.d/buffers.yaml");
    FalcoFacts {
        layout: CounterLayout::Names,
        program: Some("falco".to_owned()),
        version: Some(VersionFacts {
            falco: Some("0.44.1".to_owned()),
            libs: Some("0.25.4".to_owned()),
            ..VersionFacts::default()
        }),
        configuration: Some(ConfigurationFacts {
            files: vec!["/etc/falco/falco.yaml".to_owned(), "/etc/falco/config.d/buffers.yaml".to_owned()],
            keys: vec![key(preset, "5", changed), key("outputs_queue.capacity", "0", None)],
            ..ConfigurationFacts::default()
        }),
        comparison: Comparison {
            engine: Compared {
                key: "engine.kind".to_owned(),
                configured: None,
                effective: Some("modern_ebpf".to_owned()),
            },
            ring_bytes: Compared {
                key: preset.to_owned(),
                configured: Some(16 << 20),
                effective: Some(8 << 20),
            },
            excluded_but_traced: Some(vec!["close".to_owned()]),
            ..Comparison::default()
        },
        versions_page: Some(PageFacts { status: PageStatus::Answered, why: None }),
        metrics_page: Some(PageFacts {
            status: PageStatus::Unreachable,
            why: Some("no whole answer within a second".to_owned()),
        }),
        metrics: Some(MetricsFacts {
            n_evts: Some(17),
            agrees_with_maps: Some(false),
            ..MetricsFacts::default()
        }),
        not_visible: vec!["its configuration: ${NAME} is empty".to_owned()],
        ..FalcoFacts::default()
    }
}

/// A tool that stands still.
fn perf_buffers() -> PerfBuffersSample {
    PerfBuffersSample {
        tgid: 80,
        comm: "statsnoop-libbp".to_owned(),
        tool: "other".to_owned(),
        found_ns: 90 * SECOND,
        time_ns: 102 * SECOND,
        buffers: 2,
        capacity_bytes: 128 << 10,
        backlog_bytes: 65_360,
        fullest_permille: 997,
        lost: Some(0),
        ..PerfBuffersSample::default()
    }
}

fn timeline(setup: Setup, probe: Option<ProbeSample>) -> Timeline {
    let at = |second: u64| Clock {
        monotonic_ns: second * SECOND,
        boot_ns: second * SECOND,
        real_ns: (1_789_999_900 + second) * SECOND,
    };
    let own = OwnSample { cpu_ns: 2_000_000, resident_bytes: Some(5 << 20) };
    let last = Sample {
        clock: at(102),
        probe,
        rings: Some(rings()),
        rings_left_out: Some(0),
        falcos: Some(vec![falco()]),
        tools: Some(lives::tools()),
        perf_buffers: Some(vec![PerfBuffersSample {
            lost: Some(4785),
            produced_bytes: 65_360,
            ..perf_buffers()
        }]),
        consumers: Some(consumers::sample()),
        own,
        ..Sample::default()
    };
    let quiet = |ring: &RingSample| RingSample {
        map_id: ring.map_id,
        owner: ring.owner.clone(),
        overruns: ring.overruns.as_ref().map(|_| Overruns::default()),
        is_own: ring.is_own,
        ..RingSample::default()
    };
    let falco = FalcoSample {
        now: falco().before,
        losers: Some(LosersSample { unattributed: 100, missed: Some(0), ..LosersSample::default() }),
        ..falco()
    };
    let mut timeline = Timeline::new(node(), setup);
    timeline.push(Sample {
        clock: at(100),
        probe: last.probe.as_ref().map(ProbeSample::at_its_start),
        rings: Some(rings().iter().map(quiet).collect()),
        falcos: Some(vec![falco]),
        perf_buffers: Some(vec![perf_buffers()]),
        ..Sample::default()
    });
    timeline.push(last);
    timeline
}

fn passive() -> Report {
    report_of(Mode::Passive, None)
}

fn report(mode: Mode, probe: ProbeSample) -> Report {
    report_of(mode, Some(probe))
}

fn report_of(mode: Mode, probe: Option<ProbeSample>) -> Report {
    let setup = Setup { hook: probe.is_some().then_some(Hook::Btf), ..example_setup(mode) };
    build(&timeline(setup, probe).all()).unwrap()
}

fn example_setup(mode: Mode) -> Setup {
    Setup {
        version: "0.1.0".to_owned(),
        revision: Some("0123456".to_owned()),
        request: request(mode),
        hook: Some(Hook::Btf),
        visibility: visibility(),
        interval_ns: SECOND,
        names: Naming::Real,
    }
}

/// The verdict, and what is said after it.
fn said(report: &Report) -> String {
    [std::slice::from_ref(&report.verdict), &report.also].concat().join(" ")
}

fn count_only() -> ProbeSample {
    let events = Events { seen: 1000, own: 7, ..Events::default() };
    ProbeSample { events, stream: None, missed: None, ..probe() }
}

#[test]
fn missed_runs_are_due() {
    let report = report(Mode::Stream, ProbeSample { missed: Some(5), ..probe() });
    assert_eq!(report.own.accounting.as_ref().unwrap().due, Some(1005));
    assert!(said(&report).contains("skipped its program 5 more times"), "{}", said(&report));
}

#[test]
fn the_unknown_is_absent() {
    let report = report(Mode::Count, count_only());
    let (loss, accounting) = (report.loss.unwrap(), report.own.accounting.unwrap());
    assert_eq!((loss.missed, accounting.due), (None, None));
    assert!(
        report.processes.is_none() && report.throughput.unwrap().consumed.is_none() && loss.dropped.is_none()
    );
    assert_eq!((loss.overrun_count, loss.overrun_seconds), (None, None));
    assert!(report.syscalls.unwrap().iter().all(|syscall| syscall.errors.is_none()));
    assert!(accounting.holds);
}

#[test]
fn processes_are_exact_only_if_each_was_counted() {
    let lossless = || {
        let mut probe = probe();
        probe.events.dropped = 0;
        probe
    };
    let evidence = |probe| report(Mode::Stream, probe).processes.unwrap().evidence;
    assert_eq!(evidence(lossless()), Evidence::Exact);
    assert_eq!(evidence(probe()), Evidence::Estimated, "records were dropped");
    let mut crowded = lossless();
    crowded.stream.as_mut().unwrap().processes_beyond = 1;
    assert_eq!(evidence(crowded), Evidence::Estimated, "a process found no place");
}

#[test]
fn a_report_comes_back_the_same() {
    for report in [report(Mode::Stream, probe()), report(Mode::Count, count_only()), passive()] {
        assert_eq!(serde_json::from_str::<Report>(&json(&report).unwrap()).unwrap(), report);
    }
}

#[test]
fn the_schema_in_docs_is_the_one_of_the_types() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/report.schema.json");
    // Not assert_eq: nobody reads 2 x 800 lines.
    assert!(fs::read_to_string(path).unwrap() == schema().unwrap(), "run `cargo xtask docs`");
}

#[test]
fn pages_are_as_accepted() {
    let stream = report(Mode::Stream, probe());
    let count = report(Mode::Count, count_only());
    golden("stream.md", &markdown(&stream));
    golden("stream.txt", &text(&stream));
    golden("stream.json", &json(&stream).unwrap());
    golden("count.md", &markdown(&count));
    // Compared with docs/report.schema.json by xtask.
    golden("count.json", &json(&count).unwrap());
    golden("passive.json", &json(&passive()).unwrap());
    golden("passive.md", &markdown(&passive()));
}
