//! How few and how many records a ring can have refused, whoever found what had come. Pure.
//!
//! With room, an exit brings one record or none, and each record is found by the look behind its own exit, or before that by a
//! look of another CPU: then its own look finds that it came elsewhere. So of all exits of one syscall on one CPU it is known
//! at least and at most how many records they brought, and of all exits together how many there were: one for each find of
//! one CPU (two that look at once may find the same), and no more than the bytes hold. Of all ways to divide them, one makes the least of the exits without room, and one the most.
//! Chance is added to each number: Wilson's interval, and a count's square root.

use std::collections::BTreeMap;

use agent_common::full::{CLEAR, FULL, FullLooks, TIGHT};

use super::Key;
use crate::number::float;

/// Standard deviations of a 95 % interval.
pub(super) const Z: f64 = 1.96;

/// Exits of one syscall on one CPU.
struct Exits {
    /// How many there were with room.
    tries: f64,
    /// Records that they brought while there was room: at least, and at most.
    records: [f64; 2],
    /// Those without room that found nothing: certainly without any, and all.
    refused: [f64; 2],
}

/// Least and most that was refused, of what `seen` tells of exits with room, and `grown` of new ones without.
pub(super) fn of(seen: &BTreeMap<Key, FullLooks>, grown: &[(Key, FullLooks)]) -> (f64, f64) {
    let without_room: BTreeMap<Key, [f64; 2]> =
        grown.iter().map(|(key, looks)| (*key, refusals(looks))).collect();
    let elsewhere = by_cpu(seen, |looks| looks.elsewhere);
    let all_elsewhere: f64 = elsewhere.values().sum();

    let (mut of_unknown, mut exits) = (0.0, Vec::new());
    for (key, looks) in seen {
        let refused = without_room.get(key).copied().unwrap_or_default();
        let found = float(looks.something[CLEAR]);
        let tries = found + float(looks.nothing[CLEAR]);
        if tries == 0.0 {
            // Never seen with room: none of them were due, or all.
            of_unknown += refused[1];
            continue;
        }
        // Brought by other CPUs and found here; brought here and found by other CPUs.
        let strayed = all_elsewhere - elsewhere.get(&key.0).copied().unwrap_or_default();
        let records = [(found - strayed).max(0.0), found + float(looks.elsewhere)];
        exits.push(Exits {
            tries,
            records: std::array::from_fn(|end| tries * wilson(records[end], tries)[end]),
            refused,
        });
    }
    let found = by_cpu(seen, |looks| looks.something[CLEAR]).into_values().fold(0.0, f64::max);
    let bytes: f64 = by_cpu(seen, |looks| looks.bytes).values().sum();
    let smallest = seen.values().map(|looks| looks.smallest).filter(|bytes| *bytes > 0).min();
    let fit = smallest.map_or(0.0, |smallest| bytes / float(smallest));
    // Of the exits that can have brought any.
    let tries: f64 =
        exits.iter().filter(|exits| exits.records[1] >= 1.0).map(|exits| exits.tries).sum::<f64>().max(1.0);
    let records = |count: f64, end: usize| tries * wilson(count.min(tries), tries)[end];

    let refused = |end: usize| move |exits: &Exits| exits.refused[end] / exits.tries;
    exits.sort_by(|one, other| refused(0)(one).total_cmp(&refused(0)(other)));
    let low = divide(&exits, records(found, 0), 0);
    exits.sort_by(|one, other| refused(1)(other).total_cmp(&refused(1)(one)));
    let high = divide(&exits, records(fit, 1), 1);
    ((low.sum - low.chance).max(0.0), high.sum + high.chance + of_unknown)
}

fn by_cpu(seen: &BTreeMap<Key, FullLooks>, number: impl Fn(&FullLooks) -> u64) -> BTreeMap<u32, f64> {
    let mut sums = BTreeMap::new();
    for ((cpu, _), looks) in seen {
        *sums.entry(*cpu).or_default() += float(number(looks));
    }
    sums
}

/// Exits without room that found nothing: certainly without any, and all.
fn refusals(looks: &FullLooks) -> [f64; 2] {
    let full = float(looks.nothing[FULL]);
    [full, full + float(looks.nothing[TIGHT])]
}

/// What was refused, and how far chance may take it from that.
struct Refused {
    sum: f64,
    chance: f64,
}

/// If of all exits each brought the least that they can have, and the first of them as many more as there were.
fn divide(exits: &[Exits], records: f64, end: usize) -> Refused {
    let least: f64 = exits.iter().map(|exits| exits.records[0]).sum();
    let mut left = (records - least).max(0.0);
    let (mut sum, mut variance) = (0.0, 0.0);
    for Exits { tries, records: [least, most], refused } in exits {
        let more = (most - least).min(left);
        left -= more;
        let share = (least + more) / tries;
        sum += share * refused[end];
        variance += share * (1.0 - share) * refused[end];
    }
    Refused { sum, chance: Z * variance.sqrt() }
}

/// Wilson's score interval for a share.
fn wilson(hits: f64, tries: f64) -> [f64; 2] {
    let share = hits / tries;
    let spread = 1.0 + Z * Z / tries;
    let centre = (share + Z * Z / (2.0 * tries)) / spread;
    let half = Z / spread * (share * (1.0 - share) / tries + Z * Z / (4.0 * tries * tries)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}
