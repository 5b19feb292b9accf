//! Replays of what it would save not to trace a syscall: for those that somebody reads of, and for no others.

use super::*;
use crate::sizing::without::list;

/// Syscalls below a hundredth, and those behind the five that are named, take no replays.
#[test]
fn only_what_is_named_is_replayed() {
    let mut samples = World::new(&[(500, 19_000, 0, 150)]).timeline().samples().to_vec();
    for (second, sample) in (0..).zip(&mut samples) {
        // Ten above a hundredth, and ten below.
        let exits = (0..20).map(|slot| (slot, second * if slot < 10 { 1_000 } else { 10 }));
        sample.probe.as_mut().unwrap().syscalls = exits.collect();
        sample.falcos.as_mut().unwrap()[0].traced_syscalls = Some((0..20).collect());
    }
    let timeline = crate::timeline::example::timeline(samples);
    let slice = timeline.all();
    let traces = trace::traces(&slice);
    let mut replays = 0;
    let named = list(&traces[0], &slice, None, 0.0, |_| {
        replays += 1;
        0.0
    });
    assert_eq!((named.len(), replays), (5, 5));
}

#[test]
fn a_finding_does_not_say_what_it_would_save_not_to_trace_a_syscall() {
    let timeline = World::new(&[(500, 19_000, 0, 150)]).timeline();
    let of_size = sized(&timeline).tools.remove(0);
    let of_finding = Recorded::of(timeline.all()).size(of_size.tool.tgid).unwrap();
    assert_eq!((of_size.without.len(), of_finding.without.len()), (2, 0));
}
