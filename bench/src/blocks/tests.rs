//! The gate and the arithmetic, on invented blocks.

use super::*;

fn block(without: [f64; 2], with: [f64; 2]) -> Block {
    Block { without, with, calls: 100, seen: None, stolen_ticks: 0, hook_shared: false }
}

fn series(name: &str, blocks: &[Block]) -> Series {
    Series { name: name.to_owned(), blocks: blocks.to_vec() }
}

#[test]
fn a_pair_is_a_b_and_the_a_next_to_it() {
    let floor = series("floor", &[block([100.0, 102.0], [170.0, 174.0])]);
    let other = series("other", &[block([100.0, 102.0], [181.0, 184.0])]);
    let outcomes = outcomes(&[floor, other]);
    assert_eq!(outcomes[0].added.expect("pairs").median, 71.0);
    assert_eq!(outcomes[0].over_floor, None);
    assert_eq!(outcomes[1].over_floor.expect("pairs").median, 10.5);
    assert_eq!(outcomes[1].least_added, Some(81.0));
}

#[test]
fn disturbed_blocks_are_dropped_and_counted() {
    let quiet = block([100.0, 101.0], [170.0, 170.0]);
    let uneven = block([100.0, 111.0], [170.0, 170.0]);
    let slow = block([116.0, 117.0], [170.0, 170.0]);
    let stolen = Block { stolen_ticks: 1, ..quiet };
    let shared = Block { hook_shared: true, ..quiet };
    let outcomes = outcomes(&[series("floor", &[quiet, uneven, slow, stolen, shared])]);
    assert_eq!(outcomes[0].pairs, 2);
    assert_eq!(outcomes[0].dropped, Dropped { uneven: 1, slow: 1, stolen: 1, shared: 1 });
}

#[test]
fn the_share_seen_is_that_of_the_worst_block() {
    let block = block([100.0, 100.0], [170.0, 170.0]);
    let blocks = [Block { seen: Some(100), ..block }, Block { seen: Some(60), ..block }];
    assert_eq!(outcomes(&[series("floor", &blocks)])[0].seen_share, Some(0.6));
}
