//! Pages rendered from samples made by hand.

use prometheus::{Encoder as _, Registry, TextEncoder};

use super::*;
use crate::{
    sample::{Clock, Events, OwnSample, ProbeSample},
    setup::{Mode, Naming, Request, Visibility},
};

fn collector(sample: Sample) -> (watch::Sender<Arc<Sample>>, SampleCollector) {
    let (sender, receiver) = watch::channel(Arc::new(sample));
    let setup = Setup {
        version: "0.1.0".to_owned(),
        hook: None,
        interval_ns: 1_000_000_000,
        names: Naming::Real,
        request: Request { mode: Mode::Stream, sample: 4, ring_bytes: 4096, processes: 0 },
        visibility: vec![Visibility { capability: "btf".to_owned(), available: true, note: String::new() }],
        revision: Some("abc".to_owned()),
    };
    let (_, standing) = watch::channel(Arc::default());
    (sender, SampleCollector::new(receiver, standing, setup).unwrap())
}

fn page(collector: &SampleCollector) -> String {
    let registry = Registry::new();
    registry.register(Box::new(collector.clone())).unwrap();
    let mut out = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn sample() -> Sample {
    let stream = StreamSample {
        capacity_bytes: 4096,
        producer_bytes: 400,
        consumer_bytes: 360,
        consumed: 9,
        ..StreamSample::default()
    };
    Sample {
        clock: Clock { real_ns: 1_500_000_000, ..Clock::default() },
        probe: Some(ProbeSample {
            since_ns: 0,
            events: Events { seen: 44, own: 3, attempted: 11, submitted: 10, dropped: 1, sampled_out: 33 },
            missed: Some(2),
            syscalls: vec![(0, 40), (575, 4)],
            stream: Some(stream),
        }),
        own: OwnSample { cpu_ns: 2_500_000_000, resident_bytes: None },
        ..Sample::default()
    }
}

#[test]
fn shows_what_the_sample_says() {
    let (_sender, collector) = collector(sample());
    let page = page(&collector);
    for line in [
        "dropctl_build_info{version=\"0.1.0\",revision=\"abc\"} 1",
        "dropctl_probe_events_seen_total 44",
        "dropctl_probe_events_missed_total 2",
        "dropctl_probe_events_sampled_out_total 33",
        "dropctl_probe_events_dropped_total 1",
        "dropctl_probe_ring_backlog_bytes 40",
        "dropctl_probe_sample_ratio 0.25",
        "dropctl_syscalls_total{syscall=\"read\"} 40",
        "dropctl_syscalls_total{syscall=\"other\"} 4",
        "dropctl_visibility{capability=\"btf\"} 1",
        "dropctl_agent_cpu_seconds_total 2.5",
        "dropctl_sample_timestamp_seconds 1.5",
        "# TYPE dropctl_probe_events_seen_total counter",
        "# TYPE dropctl_probe_ring_capacity_bytes gauge",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is missing from\n{page}");
    }
}

#[test]
fn the_unknown_is_absent() {
    let mut sample = sample();
    let probe = sample.probe.as_mut().unwrap();
    probe.missed = None;
    probe.stream = None;
    let (_sender, collector) = collector(sample);
    let page = page(&collector);
    for name in
        ["events_missed_total", "resident_bytes", "attempted_total", "ring_backlog", "scrape_duration"]
    {
        assert!(!page.contains(name), "{name} is in\n{page}");
    }
}

#[test]
fn without_a_probe_nothing_of_it_shows() {
    let (_sender, collector) = collector(Sample { probe: None, ..sample() });
    let page = page(&collector);
    assert!(!page.contains("dropctl_probe_events") && !page.contains("dropctl_syscalls"), "{page}");
    assert!(page.contains("dropctl_agent_cpu_seconds_total 2.5\n"), "{page}");
}

#[test]
fn a_new_sample_replaces_the_old() {
    let (sender, collector) = collector(sample());
    let mut later = sample();
    later.probe.as_mut().unwrap().events.seen = 45;
    sender.send(Arc::new(later)).unwrap();
    collector.scraped_in(Duration::from_millis(5));
    let page = page(&collector);
    assert!(
        page.contains("events_seen_total 45\n") && page.contains("scrape_duration_seconds 0.005\n"),
        "{page}"
    );
}

#[test]
fn a_number_that_nobody_named_gets_no_series() {
    let mut sample = sample();
    sample.probe.as_mut().unwrap().syscalls = vec![(0, 40), (573, 4)];
    let (_sender, collector) = collector(sample);
    let page = page(&collector);
    assert!(page.contains("syscall=\"other\"} 4\n") && !page.contains("syscall_"), "{page}");
}

#[test]
fn syscalls_past_the_limit_stay_in_other() {
    let mut sample = sample();
    let limit = u16::try_from(SYSCALL_SERIES).unwrap();
    sample.probe.as_mut().unwrap().syscalls = (1..=limit).map(|slot| (slot, 1)).collect();
    let (sender, collector) = collector(sample.clone());
    assert!(page(&collector).contains("syscall=\"other\"} 0\n"), "a known source starts at 0");
    let syscalls = &mut sample.probe.as_mut().unwrap().syscalls;
    syscalls.insert(0, (0, 7));
    syscalls[1].1 = 2;
    sender.send(Arc::new(sample)).unwrap();
    let page = page(&collector);
    assert!(page.contains("syscall=\"other\"} 7\n") && page.contains("syscall=\"write\"} 2\n"), "{page}");
    assert!(!page.contains("syscall=\"read\""), "admitted series keep their place");
}
