//! Each answer, from timelines made by hand, and the page of one.

use super::*;
use crate::{
    golden::golden,
    report,
    sample::{
        ConfigurationFacts, FalcoCounts, FalcoSample, KeyFacts, LoserSample, LosersSample, RingOwner,
        RingSample, Sample, Workload, WorkloadDrops,
    },
    timeline::{
        Timeline,
        example::{SECOND, ring, sample, timeline},
    },
};

/// What comes and is dropped in each second.
struct Load {
    tool: &'static str,
    arrivals: fn(u64) -> u64,
    drops: fn(u64) -> u64,
    seconds: u64,
    preset: &'static str,
}

/// Four minutes of 1,000 events a second, a tenth of them dropped, more or less.
const STEADY: Load = Load {
    tool: "falco",
    arrivals: |_| 1000,
    drops: |second| 90 + second % 3 * 10,
    seconds: 60,
    preset: "4",
};

/// From so many seconds on, so that A and B are not the same.
fn made(load: &Load, from: u64) -> Timeline {
    let counts = |n_evts, drops| FalcoCounts {
        n_evts,
        n_drops_buffer: drops,
        n_drops_max_event_size: Some(0),
        categories: vec![("open_exit".to_owned(), drops / 2)],
        cpus: vec![(n_evts, drops)],
        ..FalcoCounts::default()
    };
    let of = |count: fn(u64) -> u64, second: u64| (0..second).map(count).sum::<u64>();
    let samples = (0..=load.seconds).map(|second| {
        let (arrivals, drops) = (of(load.arrivals, second), of(load.drops, second));
        let mut falco = FalcoSample {
            tgid: 1007,
            map_id: 7,
            comm: load.tool.to_owned(),
            tool: load.tool.to_owned(),
            found_ns: 1,
            before: counts(0, 0),
            now: counts(arrivals, drops),
            ..FalcoSample::default()
        };
        let workload = Some(Workload { container: Some("nginx.service".to_owned()), ..Workload::default() });
        falco.losers = Some(LosersSample {
            top: vec![LoserSample { tgid: 9, drops, ..LoserSample::default() }],
            workloads: vec![WorkloadDrops { workload, drops }],
            ..LosersSample::default()
        });
        let key = KeyFacts {
            key: "engine.modern_ebpf.buf_size_preset".to_owned(),
            value: load.preset.to_owned(),
            set_by: None,
        };
        falco.facts.configuration =
            Some(ConfigurationFacts { keys: vec![key], ..ConfigurationFacts::default() });
        let owner = RingOwner { tgid: 1007, comm: load.tool.to_owned(), tool: load.tool.to_owned() };
        let its_ring = RingSample {
            owner: Some(owner),
            places: vec![0],
            ..ring(7, 1, arrivals.saturating_sub(drops) * 64)
        };
        Sample { falcos: Some(vec![falco]), rings: Some(vec![its_ring]), ..sample((from + second) * SECOND) }
    });
    timeline(samples)
}

fn given<'a>(name: &str, timeline: &'a Timeline) -> Given<'a> {
    let slice = timeline.all();
    Given { source: name.to_owned(), slice, report: report::build(&slice).unwrap() }
}

fn diff(a: &Load, b: &Load) -> Diff {
    let (before, after) = (made(a, 10), made(b, 1000));
    compare(&given("a.jsonl", &before), &given("b.jsonl", &after))
}

/// The answer, and how sure it is.
fn answer(a: &Load, b: &Load) -> (Outcome, Option<Confidence>) {
    let diff = diff(a, b);
    assert_eq!(diff.outcome, diff.tools[0].outcome, "{}", diff.verdict);
    (diff.outcome, diff.tools[0].confidence)
}

fn why(a: &Load, b: &Load) -> String {
    let diff = diff(a, b);
    assert_eq!(diff.outcome, Outcome::CannotTell, "{}", diff.verdict);
    diff.verdict
}

#[test]
fn less_is_improved_and_more_is_worse() {
    let half = Load { drops: |second| 45 + second % 3 * 5, ..STEADY };
    assert_eq!(answer(&STEADY, &half), (Outcome::Improved, Some(Confidence::High)));
    assert_eq!(answer(&half, &STEADY), (Outcome::Worse, Some(Confidence::High)));
    let none = Load { drops: |_| 0, ..STEADY };
    assert_eq!(answer(&STEADY, &none), (Outcome::Improved, Some(Confidence::High)));
    assert_eq!(answer(&none, &STEADY), (Outcome::Worse, Some(Confidence::High)));
}

#[test]
fn the_same_is_no_change() {
    let other = Load { drops: |second| 91 + second % 3 * 10, ..STEADY };
    assert_eq!(answer(&STEADY, &other), (Outcome::NoChange, Some(Confidence::Medium)));
    let none = Load { drops: |_| 0, ..STEADY };
    let also = Load { arrivals: |_| 1001, ..none };
    assert_eq!(answer(&none, &also), (Outcome::NoChange, None));
}

#[test]
fn a_share_counts_and_not_a_number() {
    // A fifth more load, and a fifth more drops.
    let more = Load { arrivals: |_| 1200, drops: |second| 108 + second % 3 * 12, ..STEADY };
    assert_eq!(answer(&STEADY, &more), (Outcome::NoChange, Some(Confidence::Medium)));
}

#[test]
fn another_load_explains_it_as_well() {
    let lighter = Load { arrivals: |_| 500, drops: |_| 1, ..STEADY };
    assert!(
        why(&STEADY, &lighter).contains("lighter in B: 50.0 % of the mean"),
        "{}",
        why(&STEADY, &lighter)
    );
    assert!(
        why(&lighter, &STEADY).contains("heavier in B: 200.0 % of the mean"),
        "{}",
        why(&lighter, &STEADY)
    );
    // And what it does not explain.
    let lighter_and_worse = Load { arrivals: |_| 500, drops: |_| 200, ..STEADY };
    assert_eq!(answer(&STEADY, &lighter_and_worse).0, Outcome::Worse);
    assert_eq!(answer(&lighter_and_worse, &STEADY).0, Outcome::Improved);
}

#[test]
fn one_burst_is_not_enough() {
    let once = Load { drops: |second| if second == 30 { 900 } else { 0 }, ..STEADY };
    let none = Load { drops: |_| 0, ..STEADY };
    assert!(why(&once, &none).contains("too few bursts"), "{}", why(&once, &none));
    assert!(why(&none, &once).contains("too few bursts"));
}

#[test]
fn too_little_was_seen() {
    let short = Load { seconds: 5, ..STEADY };
    assert!(why(&STEADY, &short).contains("B shows 5.0 s of it in 5 intervals"), "{}", why(&STEADY, &short));
    assert!(why(&short, &STEADY).contains("A shows 5.0 s"));
    let idle = Load { arrivals: |_| 0, drops: |_| 0, ..STEADY };
    assert!(why(&STEADY, &idle).contains("nothing arrived in B"));
}

#[test]
fn other_tools_are_not_compared() {
    let sysdig = Load { tool: "sysdig", ..STEADY };
    let (before, after) = (made(&STEADY, 10), made(&sysdig, 1000));
    let diff = compare(&given("a", &before), &given("b", &after));
    assert_eq!(diff.verdict, "Cannot tell: no tool is in both. Tools of A: falco; of B: sysdig.");
    assert_eq!(diff.notes, ["only in A: falco", "only in B: sysdig"]);
}

#[test]
fn times_in_the_wrong_order_are_noted() {
    let (before, after) = (made(&STEADY, 1000), made(&STEADY, 10));
    let notes = |a: &Timeline, b: &Timeline| compare(&given("a", a), &given("b", b)).notes;
    assert_eq!(notes(&before, &after), ["B begins before A: \"after\" is B all the same"]);
    let overlap = "A and B overlap in time: what is in both does not tell them apart";
    assert_eq!(notes(&after, &made(&STEADY, 40)), [overlap]);
    assert_eq!(notes(&after, &before), [] as [&str; 0]);
}

/// Without a count of its drops.
fn uncounted(from: u64) -> Timeline {
    let owner = RingOwner { tgid: 8, comm: "mine".to_owned(), tool: "other".to_owned() };
    timeline((0..=20).map(|second| {
        let mine = RingSample { owner: Some(owner.clone()), ..ring(8, 1, second * 4096) };
        Sample { rings: Some(vec![mine]), ..sample((from + second) * SECOND) }
    }))
}

#[test]
fn drops_that_nobody_counts_are_unknown() {
    let (before, after) = (uncounted(10), uncounted(500));
    let diff = compare(&given("a", &before), &given("b", &after));
    assert_eq!(diff.verdict, "Cannot tell: mine: its drops were not counted in A.");
    assert_eq!((diff.tools[0].unit, diff.tools[0].a.drops, diff.tools[0].a.loss), (Unit::Bytes, None, None));
    assert_eq!(diff.tools[0].a.arrivals, 20 * 4096);
}

#[test]
fn one_that_got_worse_decides() {
    let tool = |outcome| {
        let mut tool = diff(&STEADY, &STEADY).tools.remove(0);
        tool.outcome = outcome;
        tool
    };
    use Outcome::{CannotTell, Improved, NoChange, Worse};
    let of = |outcomes: &[Outcome]| {
        compare::overall(&outcomes.iter().map(|outcome| tool(*outcome)).collect::<Vec<_>>())
    };
    assert_eq!(of(&[Improved, Worse, CannotTell]), Worse);
    assert_eq!(of(&[Improved, CannotTell, NoChange]), CannotTell);
    assert_eq!(of(&[Improved, NoChange]), Improved);
    assert_eq!(of(&[NoChange]), NoChange);
    assert_eq!(of(&[]), CannotTell);
}

#[test]
fn what_is_set_otherwise_is_named_and_nothing_else() {
    let other = Load { preset: "6", ..STEADY };
    let changes = diff(&STEADY, &other).configuration;
    let key = "falco: engine.modern_ebpf.buf_size_preset".to_owned();
    assert_eq!(changes, [Change { what: key, a: Some("4".to_owned()), b: Some("6".to_owned()) }]);
}

#[test]
fn findings_go_and_come() {
    let none = Load { drops: |_| 0, ..STEADY };
    let of = |a: &Load, b: &Load| {
        let causes = diff(a, b).findings.into_iter().filter(|finding| finding.role == Role::Cause);
        causes.map(|finding| (finding.a.is_some(), finding.b.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(of(&STEADY, &none), [(true, false)]);
    assert_eq!(of(&none, &STEADY), [(false, true)]);
    assert_eq!(of(&STEADY, &STEADY), [(true, true)]);
}

/// Of the stand-in for Falco, with a ring of 64 KiB, and of 8 MiB: tests/data/diff/README.md.
const BEFORE: &[u8] = include_bytes!("../../tests/data/diff/before.jsonl.gz");
const AFTER: &[u8] = include_bytes!("../../tests/data/diff/after.jsonl.gz");
/// The small ring, under a twentieth of the load.
const LIGHTER: &[u8] = include_bytes!("../../tests/data/diff/lighter.jsonl.gz");

fn recorded(a: &[u8], b: &[u8]) -> Diff {
    let [a, b] = [a, b].map(|bytes| crate::recording::read(bytes).unwrap().timeline);
    compare(&given("before.jsonl.gz", &a), &given("after.jsonl.gz", &b))
}

#[test]
fn real_drops_that_a_larger_ring_ended() {
    let diff = recorded(BEFORE, AFTER);
    assert_eq!((diff.outcome, diff.tools[0].confidence), (Outcome::Improved, Some(Confidence::High)));
    let causes = diff.findings.iter().filter(|finding| finding.role == Role::Cause);
    let gone: Vec<_> = causes.map(|finding| (finding.code, finding.b.is_some())).collect();
    assert_eq!(gone, [(Code::BurstExceedsBuffer, false)]);
    golden("diff/recorded.md", &markdown(&diff));
    golden("diff/recorded.txt", &text(&diff));
    golden("diff/recorded.html", &html(&diff));
    assert_eq!(recorded(AFTER, BEFORE).outcome, Outcome::Worse);
    let lighter = recorded(BEFORE, LIGHTER);
    assert!(lighter.verdict.contains("its load is lighter in B"), "{}", lighter.verdict);
    assert_eq!(recorded(LIGHTER, AFTER).verdict, "No change: dropctl-lab: it lost nothing in either.");
}

#[test]
fn the_page() {
    let better = Load { drops: |second| second % 3, preset: "6", ..STEADY };
    let diff = diff(&STEADY, &better);
    golden("diff/improved.md", &markdown(&diff));
    golden("diff/improved.txt", &text(&diff));
    golden("diff/improved.json", &json(&diff).unwrap());
}
