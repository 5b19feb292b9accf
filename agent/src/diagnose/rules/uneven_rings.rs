//! DC106 uneven-rings: one ring was full while others of the same tool stood near empty.
//!
//! It is this when drops come only from the CPUs of one ring (or few) and the other rings of the tool kept most of their room free. One hot
//! CPU fills the ring that it writes to; the memory of the others is of no use to it.
//!
//! Let more CPUs share a ring (`engine.modern_ebpf.cpus_for_each_buffer`) and give the shared ring the memory of those that it replaces, or
//! spread the load over CPUs. A larger preset multiplies by the number of rings.
//!
//! Ruled out: saturation, because then all rings fill: one thread drains them by age of their records.

use crate::{
    diagnose::{
        advice::LargerRings,
        case::Case,
        finding::{Confidence, Fact},
        verdict::{Claim, Verdict},
        words,
    },
    number::{count, percent, share},
    timeline::RingTotals,
};

/// The rings that dropped must have at least this share of all drops.
const MOST_DROPS: f64 = 0.95;
/// The others were near empty if they never held more than this share of their size.
const NEAR_EMPTY: f64 = 0.5;

/// Whether one ring was full while others had room.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let Some(falco) = &case.falco else { return Verdict::Unknown("drops of each CPU") };
    if case.rings.len() < 2 {
        return Verdict::Silent("it has one ring".to_owned());
    }
    let drops_of = |ring: &RingTotals<'_>| -> u64 {
        let cpus = ring.last.places.iter().filter_map(|cpu| falco.counts.cpus.get(*cpu as usize));
        cpus.map(|(_, drops)| *drops).sum()
    };
    let Some(fullest) = case.rings.iter().max_by_key(|ring| drops_of(ring)) else {
        return Verdict::Silent("no ring dropped".to_owned());
    };
    let (drops, all): (u64, u64) = (drops_of(fullest), case.rings.iter().map(drops_of).sum());
    let most = share(drops, all);
    if most < MOST_DROPS {
        return Verdict::Silent(format!("the ring with most drops has {} of them", percent(most)));
    }
    let others = case.rings.iter().filter(|ring| ring.last.map_id != fullest.last.map_id);
    let peaks = others.map(|ring| share(ring.backlog_max_bytes, ring.last.capacity_bytes));
    let highest = peaks.reduce(f64::max).unwrap_or(0.0);
    if highest > NEAR_EMPTY {
        return Verdict::Silent(format!("another ring was filled to {}", percent(highest)));
    }
    let held = case.shares().map_or(0.5, |shares| shares.waiting + shares.throttled + shares.blocked);
    let cpus: Vec<String> = fullest.last.places.iter().map(ToString::to_string).collect();
    let summary = format!(
        "{} lost {}: {} of them in the ring of CPU {}, while its other rings were filled to {} at most.",
        words::name(case),
        words::lost(case),
        percent(most),
        cpus.join(", "),
        percent(highest)
    );
    let mut evidence =
        vec![Fact::tool(format!("drops of the CPUs of that ring: {} of {}", count(drops), count(all)))];
    evidence.extend(case.shares().map(|shares| words::times(&shares)));
    Verdict::Fires(Claim {
        strength: 1.0 - held,
        confidence: if case.shares().is_some() { Confidence::High } else { Confidence::Low },
        summary,
        evidence,
        remedies: Vec::new(),
        // As large as all of them now, where nothing better is known: a hot CPU can use all of it.
        larger_rings: Some(LargerRings {
            at_least_bytes: case.rings.iter().map(|ring| ring.last.capacity_bytes).sum(),
            shared: true,
        }),
    })
}
