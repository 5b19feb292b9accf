//! Each fact about the time between two samples, and each source of counters that comes, goes or goes back.

use super::{
    example::{SECOND, at, falco, ring, sample, timeline},
    *,
};
use crate::sample::{Events, FalcoSample, LoserSample, LosersSample, ProbeSample, RingSample};

fn with_rings(ns: u64, rings: Vec<RingSample>) -> Sample {
    Sample { rings: Some(rings), ..sample(ns) }
}

fn with_probe(ns: u64, since_ns: u64, seen: u64) -> Sample {
    let events = Events { seen, ..Events::default() };
    Sample { probe: Some(ProbeSample { since_ns, events, ..ProbeSample::default() }), ..sample(ns) }
}

fn flags(later: impl FnOnce(&mut Sample)) -> Flags {
    let mut to = sample(2 * SECOND);
    later(&mut to);
    let timeline = timeline([sample(SECOND), to]);
    timeline.all().steps().next().unwrap().flags()
}

#[test]
fn a_quiet_second_has_nothing_odd() {
    assert_eq!(flags(|_| ()), Flags::default());
    assert_eq!(flags(|to| to.clock.real_ns += 5_000_000), Flags::default(), "a clock that is slewed");
}

#[test]
fn what_is_odd_is_told_apart() {
    let odd = Flags::default();
    assert_eq!(flags(|to| to.clock = at(4 * SECOND)), Flags { gap: true, ..odd });
    assert_eq!(
        flags(|to| to.interval_ns = SECOND / 2),
        Flags { gap: true, ..odd },
        "samples between were lost"
    );
    assert_eq!(
        flags(|to| {
            to.clock.boot_ns += 60 * SECOND;
            to.clock.real_ns += 60 * SECOND;
        }),
        Flags { suspended: true, ..odd }
    );
    assert_eq!(flags(|to| to.clock.real_ns -= 3600 * SECOND), Flags { clock_step: true, ..odd });
    assert_eq!(flags(|to| to.cpus_online = Some("0-2".to_owned())), Flags { hotplug: true, ..odd });
    assert_eq!(flags(|to| to.cpus_online = None), odd, "unknown is no change");
}

#[test]
fn a_suspend_and_a_clock_step_have_a_size() {
    let mut to = sample(2 * SECOND);
    to.clock.boot_ns += 60 * SECOND;
    to.clock.real_ns += 50 * SECOND;
    let timeline = timeline([sample(SECOND), to]);
    let step = timeline.all().steps().next().unwrap();
    assert_eq!(step.suspended_ns(), 60 * SECOND);
    assert_eq!(step.clock_step_ns(), -10_000_000_000);
    assert_eq!(timeline.all().suspended_ns(), 60 * SECOND);
}

#[test]
fn a_tool_that_comes_again_restarts() {
    let later = |map_id, tool: &str| {
        let mut ring = ring(map_id, 0, 0);
        ring.owner.as_mut().unwrap().tool = tool.to_owned();
        let timeline = timeline([
            with_rings(SECOND, vec![super::example::ring(1, 0, 0)]),
            with_rings(2 * SECOND, vec![ring]),
        ]);
        let step = timeline.all().steps().next().unwrap();
        step.flags().restart
    };
    assert!(later(2, "falco"));
    assert!(!later(2, "tetragon"), "another tool");
    assert!(!later(1, "falco"), "the same process");
}

#[test]
fn a_ring_counts_from_the_moment_it_was_found() {
    let timeline = timeline([
        with_rings(SECOND, vec![ring(1, 0, 500)]),
        with_rings(2 * SECOND, vec![ring(1, 0, 700), ring(2, SECOND + 5, 40)]),
        with_rings(3 * SECOND, vec![ring(2, SECOND + 5, 60)]),
    ]);
    let of = |map_id: u32| timeline.all().ring(map_id).unwrap();
    assert_eq!((of(1).produced_bytes, of(1).known_ns, of(1).is_gone), (200, SECOND, true));
    assert_eq!((of(2).produced_bytes, of(2).known_ns, of(2).is_gone), (60, 2 * SECOND - 5, false));
    assert_eq!(timeline.all().ring(3), None);
}

#[test]
fn what_was_not_seen_is_not_made_up() {
    let timeline = timeline([
        with_rings(SECOND, vec![ring(1, 0, 500)]),
        sample(2 * SECOND),
        with_rings(3 * SECOND, vec![ring(1, 0, 900)]),
        with_rings(4 * SECOND, vec![ring(1, 0, 1000)]),
    ]);
    let ring = timeline.all().ring(1).unwrap();
    assert_eq!((ring.produced_bytes, ring.known_ns, ring.is_gone), (100, SECOND, false));
}

#[test]
fn a_counter_that_went_back_is_a_reset() {
    let timeline = timeline([
        with_rings(SECOND, vec![ring(1, 0, 500)]),
        with_rings(2 * SECOND, vec![ring(1, 0, 30)]),
        with_rings(3 * SECOND, vec![ring(1, 0, 50)]),
        with_rings(4 * SECOND, vec![ring(1, 3 * SECOND + 1, 7)]),
    ]);
    let rings = timeline.all().rings();
    assert_eq!((rings[0].produced_bytes, rings[0].resets, rings[0].known_ns), (20, 1, SECOND));
    assert_eq!((rings[1].produced_bytes, rings[1].resets), (7, 0), "it says since when it counts");
    assert!(timeline.all().steps().next().unwrap().flags().reset);
}

#[test]
fn maxima_are_those_of_the_slice() {
    let with_max = |ns: u64, max: u64, arrivals: Vec<(u64, u64)>| {
        let ring = RingSample {
            interval_backlog_max_bytes: max,
            interval_arrivals: arrivals,
            backlog_max_bytes: 999,
            ..ring(1, 0, 0)
        };
        with_rings(ns, vec![ring])
    };
    let timeline = timeline([
        with_max(SECOND, 900, vec![(SECOND, 90)]),
        with_max(2 * SECOND, 10, vec![(SECOND / 2, 5), (2 * SECOND, 80)]),
        with_max(3 * SECOND, 20, vec![(SECOND / 2, 4), (2 * SECOND, 8)]),
    ]);
    let ring = timeline.all().ring(1).unwrap();
    assert_eq!(ring.backlog_max_bytes, 20);
    assert_eq!(ring.arrivals, [(SECOND / 2, 5), (2 * SECOND, 8)], "not what came before the start, too");
}

#[test]
fn a_falco_made_while_we_watched_has_lost_what_it_says() {
    let with = |ns: u64, falcos: Vec<_>| Sample { falcos: Some(falcos), ..sample(ns) };
    let timeline = timeline([
        with(SECOND, vec![falco(1, 0, 1000)]),
        with(2 * SECOND, vec![falco(1, 0, 1200), falco(2, SECOND + 1, 300)]),
        with(3 * SECOND, vec![falco(2, SECOND + 1, 500)]),
    ]);
    let falcos = timeline.all().falcos();
    assert_eq!(
        (falcos[0].counts.n_evts, falcos[0].counts.n_drops_buffer, falcos[0].is_gone),
        (200, 20, true)
    );
    assert_eq!((falcos[1].counts.n_evts, falcos[1].counts.n_drops_buffer), (500, 50));
    assert_eq!(falcos[1].counts.cpus, [(500, 50)]);
    assert_eq!(falcos[1].counts.categories, [("open_exit".to_owned(), 25)]);
    assert_eq!(falcos[1].losers, None, "nobody followed it");
}

#[test]
fn losers_are_told_apart() {
    let loser = |tgid, drops| LoserSample { tgid, drops, ..LoserSample::default() };
    let with = |ns: u64, n_evts, losers| Sample {
        falcos: Some(vec![FalcoSample {
            losers: Some(LosersSample { top: losers, ..LosersSample::default() }),
            ..falco(1, 0, n_evts)
        }]),
        ..sample(ns)
    };
    let timeline = timeline([
        with(SECOND, 1000, vec![loser(7, 100)]),
        with(2 * SECOND, 1100, vec![loser(7, 104), loser(8, 6)]),
        with(3 * SECOND, 1200, vec![loser(8, 15), loser(7, 104)]),
    ]);
    let falcos = timeline.all().falcos();
    let losers = falcos[0].losers.as_ref().unwrap();
    assert_eq!(losers.top, [loser(8, 15), loser(7, 4)]);
    assert_eq!((losers.attributed(), losers.unattributed), (19, 1), "of 20 drops");
}

#[test]
fn rates_are_those_of_the_slice() {
    let seen = [(1000, 0), (2000, 100), (3000, 900), (3010, 990), (4000, 1000)];
    let timeline = timeline(seen.map(|(ms, seen)| with_probe(ms * 1_000_000, 0, seen)));
    let rate = timeline.all().rate(|events| events.seen).unwrap();
    assert!((rate.mean - 1000.0 / 3.0).abs() < 1e-9);
    assert_eq!(rate.peak, Some(800.0));
    let short = timeline.between(3_000_000_000, 3_010_000_000);
    assert_eq!(short.rate(|events| events.seen).unwrap().peak, None, "too short to tell");
    assert_eq!(timeline.between(0, 0).rate(|events| events.seen), None);
}

#[test]
fn a_probe_that_began_again_counts_from_zero() {
    let timeline = timeline([
        with_probe(SECOND, 0, 500),
        with_probe(2 * SECOND, SECOND + 1, 70),
        with_probe(3 * SECOND, 0, 60),
    ]);
    assert_eq!(timeline.all().probe().unwrap().events.seen, 70);
    assert_eq!(timeline.all().probe_resets(), 0);
    let back = super::example::timeline([with_probe(SECOND, 0, 500), with_probe(2 * SECOND, 0, 499)]);
    assert_eq!((back.all().probe(), back.all().probe_resets()), (None, 1));
}

#[test]
fn an_episode_is_enclosed() {
    let timeline = timeline((1..=9).map(|second| sample(second * SECOND)));
    let ends = |slice: Slice<'_>| (slice.start_ns() / SECOND, slice.end_ns() / SECOND);
    let half = SECOND / 2;
    assert_eq!(ends(timeline.between(3 * SECOND + half, 5 * SECOND + half)), (3, 5));
    assert_eq!(ends(timeline.all().around(3 * SECOND + half, 5 * SECOND + half)), (3, 6));
    assert_eq!(ends(timeline.all().around(3 * SECOND, 5 * SECOND)), (3, 5));
    assert_eq!(ends(timeline.all().around(0, u64::MAX)), (1, 9));
    assert_eq!(ends(timeline.all().tail(2 * SECOND)), (7, 9));
    assert_eq!(ends(timeline.between(20 * SECOND, 5 * SECOND)), (0, 0), "the wrong way round");
}
