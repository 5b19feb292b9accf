//! Where no size helps: that comes first, with what would.

use super::*;

#[test]
fn what_blocks_a_fast_thread_is_not_mended_by_size() {
    let world = World { blocked: Some((1_000, 19_000)), speed: 20_000, ..World::new(&[(0, 20_000, 0, 60)]) };
    let sizing = only(&world);
    let none = sizing.no_size_helps.as_ref().expect("no size helps");
    assert!(none.why.contains("blocked") && sizing.smallest.is_none(), "{none:?}");
}

#[test]
fn more_than_can_be_drained_is_said_first() {
    let world = World::new(&[(500, 19_000, 0, 150)]);
    for (bytes, predicted, real) in cells(&world) {
        assert!(is_near(predicted.likely, real), "{bytes}: {predicted:?} {real}");
    }
    let sizing = only(&world);
    let none = sizing.no_size_helps.as_ref().expect("no size helps");
    assert!(sizing.verdict.starts_with("No ring size helps"), "{}", sizing.verdict);
    assert!(none.would[0].contains("less to drain"), "{none:?}");
    assert!(sizing.smallest.is_none() && sizing.remedies.is_empty());
    assert!(sizing.candidates.iter().all(|one| matches!(one.held, Held::Loses | Held::PutsOff)));
    let utilisation = sizing.utilisation.unwrap();
    assert!(utilisation.low > 1.2 && utilisation.high < 1.6, "{utilisation:?}");
}

#[test]
fn a_throttled_thread_wants_its_quota_raised() {
    let sizing = only(&World { quota: Some(30), ..World::new(&[(500, 19_500, 0, 60)]) });
    let none = sizing.no_size_helps.expect("no size helps");
    assert!(none.why.contains("throttled"), "{none:?}");
    assert!(none.would[0].contains("limits.cpu"), "{none:?}");
    let service = sizing.service.unwrap();
    assert!((service.on_cpu - 0.3).abs() < 0.05, "{service:?}");
    assert!((service.bytes_per_second.likely / 4.8e6 - 1.0).abs() < 0.05, "{service:?}");
}
