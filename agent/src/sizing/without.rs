//! What it would save not to trace a syscall.

use super::{interval::Interval, model::Without, trace::Trace};
use crate::{
    number::share,
    syscall,
    timeline::{Slice, source::add_by_key},
};

/// Syscalls that are named.
const NAMED: usize = 5;
/// Less than this saves nothing.
const LEAST: f64 = 0.01;
/// From this share on, the mean record is its record.
const NEARLY_ALL: f64 = 0.9;

/// Those that make most of what the tool traces, most first; empty where that is not counted. `loss_without` replays all that came
/// without a share of it, three times: it is asked for those that are named, and for no others.
pub(super) fn list(
    trace: &Trace<'_>,
    slice: &Slice<'_>,
    utilisation: Option<Interval>,
    bytes_per_second: f64,
    mut loss_without: impl FnMut(f64) -> f64,
) -> Vec<Without> {
    let Some(traced) = trace.traced else { return Vec::new() };
    let mut counts: Vec<(u16, u64)> = exits(trace, slice);
    counts.retain(|(slot, _)| traced.contains(&u32::from(*slot)));
    counts.sort_by_key(|(slot, exits)| (std::cmp::Reverse(*exits), *slot));
    let all: u64 = counts.iter().map(|(_, exits)| exits).sum();
    let one = |(slot, events, share): (u16, u64, f64)| Without {
        syscall: syscall::name(slot).into_owned(),
        events,
        share,
        bytes_per_second: (share >= NEARLY_ALL).then_some(bytes_per_second * share),
        utilisation: utilisation.map(|part| part.likely * (1.0 - share)),
        loss_at_most: loss_without(share),
    };
    let shares = counts.into_iter().map(|(slot, events)| (slot, events, share(events, all)));
    shares.filter(|(_, _, share)| *share >= LEAST).take(NAMED).map(one).collect()
}

/// Exits by slot: of the steps in which something was refused, if there are any.
fn exits(trace: &Trace<'_>, slice: &Slice<'_>) -> Vec<(u16, u64)> {
    let is_lossy: Vec<bool> =
        trace.steps.iter().map(|step| step.rings.iter().any(|ring| ring.drops > 0.0)).collect();
    let any = is_lossy.contains(&true);
    let mut sums: Vec<(u16, u64)> = Vec::new();
    for (step, is_lossy) in slice.steps().zip(is_lossy) {
        if any && !is_lossy {
            continue;
        }
        if let Some(probe) = step.slice().probe() {
            add_by_key(&mut sums, &probe.syscalls);
        }
    }
    sums
}
