//! Every event is accounted for, at rest and in mid-run.

use super::*;

#[test]
fn every_event_is_accounted_for() {
    let accounting = report(Mode::Stream, probe()).own.accounting.unwrap();
    assert!(accounting.holds);
    assert_eq!((accounting.due, accounting.in_flight), (Some(1000), 0));
}

#[test]
fn a_record_that_vanished_is_noticed() {
    for spoil in [
        (|probe| probe.events.attempted += 1) as fn(&mut ProbeSample),
        |probe| probe.events.submitted -= 1,
        |probe| probe.events.dropped -= 1,
        |probe| probe.stream.as_mut().unwrap().consumed -= 1,
        |probe| probe.stream.as_mut().unwrap().producer_bytes += 40,
        |probe| probe.stream.as_mut().unwrap().foreign += 1,
    ] {
        let mut probe = probe();
        spoil(&mut probe);
        let report = report(Mode::Stream, probe);
        assert!(!report.own.accounting.as_ref().unwrap().holds);
        assert!(report.verdict.contains("does not add up"), "{}", report.verdict);
    }
}

#[test]
fn records_left_in_the_ring_are_in_flight() {
    let mut probe = probe();
    let stream = probe.stream.as_mut().unwrap();
    stream.consumed -= 3;
    stream.consumer_bytes -= 3 * 40;
    let accounting = report(Mode::Stream, probe).own.accounting.unwrap();
    assert!(accounting.holds);
    assert_eq!(accounting.in_flight, 3);
}

/// A slice whose ends were read while records came: 5 were in flight at its start, and 2 at each end had moved.
fn from_mid_run(spoil: fn(&mut ProbeSample)) -> Report {
    let at = |second: u64, records: u64, consumed: u64, positions: u64| {
        let events = Events { seen: records, attempted: records, submitted: records, ..Events::default() };
        let stream = StreamSample {
            capacity_bytes: 4096,
            producer_bytes: 40 * positions,
            consumer_bytes: 40 * consumed,
            consumed,
            unsettled: 2,
            ..StreamSample::default()
        };
        let probe = ProbeSample { events, missed: Some(0), stream: Some(stream), ..ProbeSample::default() };
        let clock =
            Clock { monotonic_ns: second * SECOND, boot_ns: second * SECOND, real_ns: second * SECOND };
        Sample { clock, probe: Some(probe), ..Sample::default() }
    };
    let setup = Setup {
        version: "0.1.0".to_owned(),
        revision: None,
        request: request(Mode::Stream),
        hook: Some(Hook::Btf),
        visibility: visibility(),
        interval_ns: SECOND,
        names: Naming::Real,
    };
    let mut timeline = Timeline::new(Node::default(), setup);
    // Two records came between the reading of the positions and that of the counters.
    timeline.push(at(1, 102, 95, 100));
    let mut last = at(2, 210, 198, 209);
    spoil(last.probe.as_mut().unwrap());
    timeline.push(last);
    build(&timeline.all()).unwrap()
}

#[test]
fn a_slice_from_mid_run_adds_up_to_what_moved() {
    let report = from_mid_run(|_| ());
    let accounting = report.own.accounting.as_ref().unwrap();
    assert!(accounting.holds);
    let model::Accounting { attempted, consumed, in_flight_before, in_flight, unsettled, .. } = *accounting;
    assert_eq!((attempted, consumed, in_flight_before, in_flight, unsettled), (108, 103, 5, 11, 4));
    let page = markdown(&report);
    assert!(page.contains("108 + 5 in flight before = 103 consumed + 0 dropped + 11 in flight"), "{page}");
    assert!(page.contains("up to 4 records moved meanwhile"), "{page}");
    for spoil in [
        (|probe| probe.stream.as_mut().unwrap().consumed -= 6) as fn(&mut ProbeSample),
        |probe| probe.events.submitted += 6,
        |probe| probe.stream.as_mut().unwrap().producer_bytes -= 40 * 6,
        |probe| probe.stream.as_mut().unwrap().foreign += 1,
    ] {
        assert!(!from_mid_run(spoil).own.accounting.unwrap().holds);
    }
}
