//! What goes in comes out, and what is too much goes.

use super::*;
use crate::recording;
use crate::timeline::example::{SECOND, falco, ring, sample, setup, timeline};

fn at(second: u64) -> Sample {
    // 48271 is a primitive root: no two seconds are alike.
    let events = 48_271_u64.pow(3) % 2_147_483_647 * second;
    let mut sample = Sample {
        rings: Some((1..=8).map(|map_id| ring(map_id, 0, events / u64::from(map_id))).collect()),
        falcos: Some(vec![falco(2, 0, events)]),
        ..sample(second * SECOND)
    };
    for ring in sample.rings.iter_mut().flatten() {
        ring.interval_backlog_max_bytes = second * u64::from(ring.map_id);
    }
    sample
}

fn memory(minutes: u64, bytes: usize) -> Memory {
    Memory::new(Node::default(), setup(), Bounds { length_ns: minutes * 60 * SECOND, bytes })
}

/// Through a recording.
fn recalled(memory: &Memory, from_ns: u64, to_ns: u64) -> Timeline {
    let recall = memory.since(from_ns);
    let mut writer = Writer::new(Vec::new(), false, &recall.header()).unwrap();
    let written = recall.write(from_ns, to_ns, &mut writer).unwrap();
    let timeline = recording::read(&*writer.finish().unwrap()).unwrap().timeline;
    assert_eq!(timeline.samples().len() as u64, written);
    timeline
}

fn seconds_of(timeline: &Timeline) -> Vec<u64> {
    timeline.samples().iter().map(|sample| sample.clock.monotonic_ns / SECOND).collect()
}

#[test]
fn what_was_remembered_is_the_same() {
    let mut memory = memory(15, 8 << 20);
    let samples: Vec<Sample> = (1..=200).map(at).collect();
    samples.iter().for_each(|sample| assert!(memory.push(sample.clone()).unwrap()));
    let again = recalled(&memory, 0, u64::MAX);
    assert_eq!(again, timeline(samples.clone()));
    assert_eq!(memory.recent().samples(), &samples[139..], "the last minute and its begin");
    assert_eq!(memory.cut_ns, None);
}

#[test]
fn an_episode_is_recalled_with_what_encloses_it() {
    let mut memory = memory(15, 8 << 20);
    (1..=200).for_each(|second| assert!(memory.push(at(second)).unwrap()));
    let of = |from_ns: u64, to_ns: u64| seconds_of(&recalled(&memory, from_ns, to_ns));
    let half = SECOND / 2;
    assert_eq!(of(100 * SECOND + half, 102 * SECOND + half), [100, 101, 102, 103]);
    assert_eq!(of(59 * SECOND, 62 * SECOND), [59, 60, 61, 62], "over the end of a block");
    assert_eq!(of(199 * SECOND, u64::MAX), [199, 200]);
    assert_eq!(of(0, 2 * SECOND), [1, 2]);
    assert_eq!(of(300 * SECOND, 400 * SECOND), [] as [u64; 0], "nothing came after that");
}

#[test]
fn the_oldest_goes_with_time() {
    let mut memory = memory(5, 8 << 20);
    (1..=1000).for_each(|second| assert!(memory.push(at(second)).unwrap()));
    let kept = seconds_of(&recalled(&memory, 0, u64::MAX));
    let first = *kept.first().unwrap();
    assert!((640..=700).contains(&first), "five minutes and the rest of a block, not from {first} on");
    assert_eq!(kept, (first..=1000).collect::<Vec<_>>());
    assert_eq!(memory.cut_ns, None, "that is not for want of bytes");
}

#[test]
fn the_oldest_goes_for_want_of_bytes_and_that_is_said() {
    let bytes = 256 << 10;
    let mut memory = memory(60, bytes);
    for second in 1..=1500 {
        assert!(memory.push(at(second)).unwrap());
        assert!(memory.bytes() <= bytes, "{} bytes after {second} s", memory.bytes());
    }
    let cut_ns = memory.since(0).cut_ns.unwrap();
    let kept = seconds_of(&recalled(&memory, 0, u64::MAX));
    let first = *kept.first().unwrap();
    assert_eq!(kept, (first..=1500).collect::<Vec<_>>());
    assert_eq!(cut_ns, (first - 1) * SECOND, "it says up to where");
    let recall = memory.since(0);
    assert_eq!(recall.shortness((first + 1) * SECOND, 1500 * SECOND), None);
    let (note, is_cut) = recall.shortness(0, 1500 * SECOND).unwrap();
    assert!(is_cut && note.contains("--memory-bytes"), "{note}");
    assert!(memory.recent().steps().next().is_some(), "findings can still be made");
}

#[test]
fn samples_that_come_too_often_are_folded() {
    let mut memory = memory(15, 8 << 20);
    for tenth in 1..=100 {
        let mut sample = Sample { interval_ns: SECOND / 10, ..at(tenth) };
        sample.clock = crate::timeline::example::at(100 * SECOND + tenth * SECOND / 10);
        memory.push(sample).unwrap();
    }
    let again = recalled(&memory, 0, u64::MAX);
    assert!((10..=12).contains(&again.samples().len()), "{} samples", again.samples().len());
    for pair in again.samples().windows(2) {
        let [before, after] = pair else { unreachable!() };
        let length_ns = after.clock.monotonic_ns - before.clock.monotonic_ns;
        assert_eq!(after.interval_ns, length_ns, "maxima are of all of it");
        assert_eq!(u64::from(after.folded) + 1, length_ns * 10 / SECOND);
    }
}
