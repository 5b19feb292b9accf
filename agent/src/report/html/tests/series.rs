//! Series of the lab's scenarios: the same sums as the tables, and the shape of what was done.

use super::*;
use crate::{
    number::{float, seconds},
    report::{
        html::series::{
            Band, Point, bands,
            drops::{self, Whose},
            flow::{self, Refused},
            mean, peak,
            rings::{self, Fullest},
            states::{self, STATES, Thread},
        },
        model::{Counters, Tool},
    },
};

fn built(name: &str) -> (Timeline, Report) {
    let timeline = scenario(name);
    let report = build(&timeline.all()).unwrap();
    (timeline, report)
}

fn falco(report: &Report) -> (&Tool, &Counters) {
    let mut tools = report.tools.iter().flatten();
    tools.find_map(|tool| Some((tool, tool.counters.as_ref()?))).unwrap()
}

fn sum(points: &[Point]) -> f64 {
    points.iter().filter_map(|point| Some(point.value? * (point.to - point.from))).sum()
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * other.abs().max(1.0)
}

/// The share that a thread was in a state while a band lasted; bars that begin in it count.
fn within(thread: &Thread, state: &str, band: Band) -> f64 {
    let place = STATES.iter().position(|name| *name == state).unwrap();
    let bars = thread.bars.iter().filter(|bar| bar.from >= band.from - 0.5 && bar.from < band.to);
    let (length, part) = bars.fold((0.0, 0.0), |(length, part), bar| {
        (length + bar.to - bar.from, part + bar.shares()[place] * (bar.to - bar.from))
    });
    part / length
}

#[test]
fn series_of_every_scenario_add_up_to_the_tables() {
    for (name, _) in SCENARIOS {
        let (timeline, report) = built(name);
        let slice = timeline.all();
        for tool in rings::tools(&report) {
            let tgid = tool.tgid.unwrap();
            let flow = flow::of(&slice, tgid);
            let consumed: u64 = tool.rings.iter().map(|ring| ring.consumed_bytes).sum();
            let produced: u64 = tool.rings.iter().map(|ring| ring.produced_bytes).sum();
            assert!(
                is_near(sum(&flow.drained), float(consumed)),
                "{name}: {} {consumed}",
                sum(&flow.drained)
            );
            let counters = tool.counters.as_ref().unwrap();
            let refused = sum(&flow.due) - float(produced);
            match flow.refused {
                Refused::Nothing => {
                    assert!(is_near(refused + 1.0, 1.0) && counters.n_drops_buffer == 0, "{name}")
                }
                kind => {
                    assert!(kind == Refused::Estimated && counters.n_drops_buffer > 0, "{name}: {kind:?}");
                    // Records of the lab have at least a header and eight bytes.
                    assert!(refused > 16.0 * float(counters.n_drops_buffer), "{name}: {refused}");
                }
            }
            let lost = drops::of(&slice, tgid);
            let drops: u64 = lost.iter().map(|row| row.drops).sum();
            assert_eq!(drops, counters.n_drops_buffer, "{name}");
            for row in &lost {
                assert!(is_near(sum(&row.points), float(row.drops)), "{name}: {:?}", row.whose);
            }
            for thread in states::of(&slice, tgid) {
                assert!(thread.bars.windows(2).all(|pair| pair[0].to <= pair[1].from + 1e-9), "{name}");
                assert!(thread.bars.iter().all(|bar| is_near(bar.shares().iter().sum(), 1.0)), "{name}");
            }
        }
    }
}

#[test]
fn a_throttled_consumer() {
    let (timeline, report) = built("throttled");
    let slice = timeline.all();
    let Fullest { rings, left_out, empty } = rings::fullest(&report, &slice);
    assert_eq!((rings.len(), left_out, empty), (1, None, 0));
    let ring = &rings[0];
    assert_eq!(ring.name, "falco (pid 18082), CPU 0-1");
    assert_eq!(ring.points.len(), slice.steps().count());
    let filled: Vec<bool> = ring.points.iter().map(|point| point.value.unwrap() > 0.99).collect();
    assert_eq!(filled, [false, true, true, true, true, true, false, false]);
    let shown = |band: &Band| (seconds(band.from), seconds(band.to - band.from));
    let shown: Vec<(String, String)> = ring.bands.iter().map(shown).collect();
    assert_eq!(shown, [("1.22 s".to_owned(), "4.74 s".to_owned())], "as in the table");
    let (tool, _) = falco(&report);
    let band = bands(tool.overruns.iter().flatten(), report.window.seconds)[0];
    let threads = states::of(&slice, 18082);
    assert_eq!(threads.len(), 1);
    assert!(within(&threads[0], "throttled", band) > 0.6, "{}", within(&threads[0], "throttled", band));
    assert!(within(&threads[0], "blocked", band) < 0.01);
    let flow = flow::of(&slice, 18082);
    let (due, drained) = (peak(&flow.due).unwrap(), peak(&flow.drained).unwrap());
    assert!(due > 3.0 * drained, "{due} {drained}");
    let lost = drops::of(&slice, 18082);
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].whose, Whose::Workload("container-88997c1804/container-8c1f1230ce".to_owned()));
    assert_eq!(lost[0].drops, 488_942);
}

#[test]
fn bursts_fill_and_empty_the_ring_again_and_again() {
    let (timeline, report) = built("burst");
    let slice = timeline.all();
    let (tool, _) = falco(&report);
    let ring = &rings::fullest(&report, &slice).rings[0];
    assert_eq!(ring.bands.len(), 4, "{:?}", ring.bands);
    let flow = flow::of(&slice, tool.tgid.unwrap());
    assert!(peak(&flow.due).unwrap() > 1.5 * mean(&flow.due).unwrap());
    let threads = states::of(&slice, tool.tgid.unwrap());
    assert!(threads[0].shares()[STATES.iter().position(|state| *state == "idle").unwrap()] > 0.4);
}

#[test]
fn a_pending_record_holds_the_ring_and_blocks_the_thread() {
    let (timeline, report) = built("pending");
    let slice = timeline.all();
    let (tool, _) = falco(&report);
    let flow = flow::of(&slice, tool.tgid.unwrap());
    let values: Vec<f64> = flow.drained.iter().filter_map(|point| point.value).collect();
    assert!(values[1] == 0.0 && values[3] > 1e6, "nothing went out while it was pending: {values:?}");
    let threads = states::of(&slice, tool.tgid.unwrap());
    let band = rings::fullest(&report, &slice).rings[0].bands[0];
    assert!(within(&threads[0], "blocked", band) > 0.5, "{:?}", threads[0].bars);
}

#[test]
fn only_the_busy_ring_of_uneven_ones_has_overruns() {
    let (timeline, report) = built("uneven");
    let rings = rings::fullest(&report, &timeline.all()).rings;
    let of = |place: &str| rings.iter().find(|ring| ring.name.ends_with(place)).unwrap();
    assert!(of("CPU 0").bands.is_empty() && of("CPU 0").fullest < 0.05);
    assert!(of("CPU 1").bands.len() == 4 && of("CPU 1").fullest > 0.99, "{:?}", of("CPU 1").bands);
}

#[test]
fn what_ends_and_begins_again_has_gaps() {
    let (timeline, report) = built("crash-loop");
    let rings = rings::fullest(&report, &timeline.all());
    assert_eq!(
        rings.rings.len() + rings.empty,
        report.tools.iter().flatten().map(|tool| tool.rings.len()).sum::<usize>()
    );
    for ring in &rings.rings {
        let time: f64 = ring.points.iter().map(|point| point.to - point.from).sum();
        assert!(time < 1.5, "{}: {time}", ring.name);
    }
}

#[test]
fn workloads_that_are_too_many_are_one_row_and_who_is_not_told_is_no_workload() {
    let mut timeline = scenario("throttled");
    let last = timeline.samples().len() as u64 - 1;
    for (step, sample) in timeline.samples_mut().iter_mut().enumerate() {
        for falco in sample.falcos.iter_mut().flatten() {
            let Some(losers) = &mut falco.losers else { continue };
            let drops = |of: u64| crate::sample::WorkloadDrops {
                workload: Some(Workload { container: Some(format!("c{of:02}")), ..Workload::default() }),
                drops: (of + 1) * 100 * step as u64,
            };
            losers.workloads = (0..10).map(drops).collect();
            losers.top = Vec::new();
            losers.others = 5500 * step as u64;
            losers.workloads_other = 0;
        }
    }
    let (tool, slice) = (18082, timeline.all());
    let rows = drops::of(&slice, tool);
    let names: Vec<String> = rows.iter().map(|row| row.whose.name()).collect();
    assert_eq!(names, ["c09", "c08", "c07", "c06", "c05", "c04", "4 other workloads", "unattributed"]);
    assert_eq!((rows[0].drops, rows[6].drops), (1000 * last, 1000 * last));
}

/// Readings of one CPU's counter may be behind the account of whose its drops were, and the other way round.
#[test]
fn what_comes_a_step_late_is_not_unattributed() {
    let mut timeline = scenario("throttled");
    for (step, sample) in timeline.samples_mut().iter_mut().enumerate() {
        for falco in sample.falcos.iter_mut().flatten() {
            let Some(losers) = &mut falco.losers else { continue };
            // Ahead by 50, behind by 50, ahead again, behind by 150; in the end 100 are nobody's.
            let behind = [0, 0, -50, 50, -50, 150, 100, 100, 100][step];
            let known = falco.now.n_drops_buffer.checked_add_signed(-behind).unwrap();
            losers.workloads.iter_mut().for_each(|one| one.drops = known);
            losers.top.iter_mut().for_each(|one| one.drops = 0);
            losers.top.iter_mut().take(1).for_each(|one| one.drops = known);
            (losers.others, losers.workloads_other) = (0, 0);
        }
    }
    let last = timeline.samples().iter().rev().find_map(|sample| sample.falcos.as_ref()?.first()).unwrap();
    let known = last.losers.as_ref().unwrap().workloads[0].drops;
    let all = last.now.n_drops_buffer;
    let rows = drops::of(&timeline.all(), 18082);
    let of = |name: &str| {
        rows.iter().filter(|row| row.whose.name().starts_with(name)).map(|row| row.drops).sum::<u64>()
    };
    assert_eq!((of("container-"), of("unattributed")), (known, all - known));
    let late: Vec<bool> = rows.last().unwrap().points.iter().map(|point| point.value > Some(0.0)).collect();
    assert_eq!(late, [false, false, false, false, true, false, false, false]);
}
