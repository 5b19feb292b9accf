//! Episodes of two CPUs, in milliseconds.

use super::*;
use crate::sample::OVERRUNS_LISTED;

const MS: u64 = 1_000_000;

fn held(episodes: &[(u64, u64, u64)]) -> Episodes {
    let mut ring = [CpuOverrun::default(); OVERRUNS_KEPT];
    for (index, (first, last, drops)) in episodes.iter().enumerate() {
        ring[index % OVERRUNS_KEPT] = CpuOverrun { first_ns: first * MS, last_ns: last * MS, drops: *drops };
    }
    Episodes { count: episodes.len() as u64, overruns: ring, ..Episodes::default() }
}

fn add(merge: &mut OverrunMerge, cpu: usize, episodes: &[(u64, u64, u64)]) {
    merge.add_cpu(cpu, &held(episodes));
}

fn overrun(first: u64, last: u64, drops: u64) -> Overrun {
    Overrun { first_ns: first * MS, last_ns: last * MS, drops }
}

#[test]
fn refusals_of_two_cpus_within_the_gap_are_one_overrun() {
    let mut merge = OverrunMerge::new(2);
    add(&mut merge, 0, &[(1000, 1050, 5)]);
    add(&mut merge, 1, &[(1150, 1180, 7)]);
    merge.merge(1190 * MS);
    assert_eq!(merge.listed(), [overrun(1000, 1180, 12)]);
    assert_eq!((merge.count(), merge.total_ns()), (1, 180 * MS));
}

#[test]
fn an_episode_whose_number_came_before_its_content_waits_for_the_next_reading() {
    for half_written in [(0, 0, 0), (1500, 1050, 9)] {
        let mut merge = OverrunMerge::new(1);
        add(&mut merge, 0, &[(1000, 1050, 5), half_written]);
        merge.merge(9000 * MS);
        assert_eq!(merge.listed(), [overrun(1000, 1050, 5)]);
        add(&mut merge, 0, &[(1000, 1050, 5), (1500, 1510, 9)]);
        merge.merge(9100 * MS);
        assert_eq!(merge.listed(), [overrun(1000, 1050, 5), overrun(1500, 1510, 9)]);
    }
}

#[test]
fn refusals_further_apart_are_two() {
    let mut merge = OverrunMerge::new(2);
    add(&mut merge, 0, &[(1000, 1050, 5)]);
    add(&mut merge, 1, &[(1151, 1180, 7)]);
    merge.merge(1190 * MS);
    assert_eq!(merge.listed(), [overrun(1000, 1050, 5), overrun(1151, 1180, 7)]);
}

#[test]
fn an_open_overrun_grows_and_is_counted_once() {
    let mut merge = OverrunMerge::new(2);
    for (last, drops, now) in [(1010, 1, 1010), (1900, 90, 1950), (2500, 150, 2500), (2500, 150, 9000)] {
        add(&mut merge, 0, &[(1000, last, drops)]);
        add(&mut merge, 1, &[]);
        merge.merge(now * MS);
        assert_eq!(merge.listed(), [overrun(1000, last, drops)]);
        assert_eq!((merge.count(), merge.total_ns()), (1, (last - 1000) * MS));
    }
}

#[test]
fn an_ended_overrun_stays_after_the_cpu_forgot_it() {
    let mut merge = OverrunMerge::new(1);
    let episodes: Vec<_> = (0..40).map(|index| (1000 + 200 * index, 1010 + 200 * index, 1)).collect();
    for seen in 1..=episodes.len() {
        add(&mut merge, 0, &episodes[..seen]);
        merge.merge((1010 + 200 * seen as u64) * MS);
    }
    merge.merge(99_000 * MS);
    assert_eq!((merge.count(), merge.total_ns()), (40, 400 * MS));
    assert_eq!(merge.listed().len(), 40);
}

#[test]
fn a_bridge_on_another_cpu_joins_what_looked_apart() {
    let mut merge = OverrunMerge::new(2);
    add(&mut merge, 0, &[(1000, 1090, 2), (1200, 1210, 3)]);
    add(&mut merge, 1, &[(1080, 1150, 4)]);
    merge.merge(1211 * MS);
    assert_eq!(merge.listed(), [overrun(1000, 1210, 9)]);
}

#[test]
fn episodes_overwritten_before_we_looked_are_counted() {
    let mut merge = OverrunMerge::new(1);
    let episodes: Vec<_> = (0..20).map(|index| (1000 + 200 * index, 1010 + 200 * index, 1)).collect();
    add(&mut merge, 0, &episodes);
    merge.merge(99_000 * MS);
    assert_eq!(merge.count(), 20);
    assert_eq!(merge.listed().len(), OVERRUNS_KEPT);
}

#[test]
fn the_list_is_bounded_and_the_count_is_not() {
    let mut merge = OverrunMerge::new(1);
    let episodes: Vec<_> = (0..100).map(|index| (1000 + 200 * index, 1000 + 200 * index, 1)).collect();
    for seen in 1..=episodes.len() {
        add(&mut merge, 0, &episodes[..seen]);
        merge.merge((1000 + 200 * seen as u64) * MS);
    }
    merge.merge(99_000 * MS);
    assert_eq!((merge.listed().len(), merge.count()), (OVERRUNS_LISTED, 100));
}
