//! What came to the rings of a tool, and what went out.

use super::{Point, ends};
use crate::{
    number::{float, ratio},
    timeline::{Slice, Step, seconds},
};

/// Bytes per second.
#[derive(Clone, Debug, Default)]
pub(in crate::report::html) struct Flow {
    /// Taken and refused.
    pub(in crate::report::html) due: Vec<Point>,
    /// Consumed.
    pub(in crate::report::html) drained: Vec<Point>,
    pub(in crate::report::html) refused: Refused,
}

/// Where the bytes of refused records come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::report::html) enum Refused {
    /// Nothing is known to have been refused.
    #[default]
    Nothing,
    /// Counted in bytes.
    Counted,
    /// Counted in events, at the mean size of a record that was taken.
    Estimated,
    /// Counted or estimated in events, of which the size is not known: it is not in what was due.
    Unknown,
}

/// One step: bytes of all rings of the tool.
#[derive(Clone, Copy, Debug, Default)]
struct Moved {
    from: f64,
    to: f64,
    produced: u64,
    consumed: u64,
    /// Records taken and refused, where the tool counts them.
    counted: Option<(u64, u64)>,
    /// Bytes refused, where each ring's are counted.
    refused_bytes: Option<u64>,
    /// Records that are thought to have been refused.
    thought: u64,
}

/// Of one tool.
pub(in crate::report::html) fn of(slice: &Slice<'_>, tgid: u32) -> Flow {
    let moved: Vec<Option<Moved>> = slice.steps().map(|step| moved(slice, &step, tgid)).collect();
    let all = moved.iter().flatten();
    let (bytes, records) = all.clone().fold((0, 0), |(bytes, records), one| {
        let taken = one.counted.map_or(0, |(taken, _)| taken);
        (bytes + if taken > 0 { one.produced } else { 0 }, records + taken)
    });
    let record = (records > 0 && bytes > 0).then(|| ratio(float(bytes), float(records)));
    let mut flow = Flow { refused: refused(all, record), ..Flow::default() };
    for (step, moved) in slice.steps().zip(&moved) {
        let Some(moved) = moved else {
            let (from, to) = ends(slice, &step);
            let unknown = Point { from, to, value: None };
            flow.due.push(unknown);
            flow.drained.push(unknown);
            continue;
        };
        let per_second = |bytes: f64| Point {
            from: moved.from,
            to: moved.to,
            value: (moved.to > moved.from).then(|| bytes / (moved.to - moved.from)),
        };
        flow.due.push(per_second(float(moved.produced) + moved.refused(record)));
        flow.drained.push(per_second(float(moved.consumed)));
    }
    flow
}

impl Moved {
    /// Bytes; `record`: the mean size of one over all of the time.
    fn refused(&self, record: Option<f64>) -> f64 {
        match (self.refused_bytes, self.counted) {
            (Some(bytes), _) => float(bytes),
            (None, Some((taken, drops))) => {
                let of_step =
                    (taken > 0 && self.produced > 0).then(|| ratio(float(self.produced), float(taken)));
                of_step.or(record).unwrap_or(0.0) * float(drops)
            }
            (None, None) => 0.0,
        }
    }
}

fn refused<'a>(all: impl Iterator<Item = &'a Moved> + Clone, record: Option<f64>) -> Refused {
    let is_any = |of: fn(&Moved) -> bool| all.clone().any(of);
    let is_unsized = |one: &Moved| one.refused_bytes.is_none() && one.thought > 0 && one.counted.is_none();
    let is_estimated =
        |one: &Moved| one.refused_bytes.is_none() && one.counted.is_some_and(|(_, drops)| drops > 0);
    if is_any(is_unsized) || (is_any(is_estimated) && record.is_none()) {
        Refused::Unknown
    } else if is_any(is_estimated) {
        Refused::Estimated
    } else if is_any(|one| one.refused_bytes.is_some_and(|bytes| bytes > 0)) {
        Refused::Counted
    } else {
        Refused::Nothing
    }
}

/// `None` where the tool had no ring of which both ends of the step are known.
fn moved(slice: &Slice<'_>, step: &Step<'_>, tgid: u32) -> Option<Moved> {
    let rings = step.slice().rings();
    let known = rings.iter().filter(|ring| {
        ring.last.is_of(tgid)
            && !ring.last.is_own
            && !ring.last.overwrites
            && ring.known_ns > 0
            && ring.resets == 0
    });
    let longest_ns = known.clone().map(|ring| ring.known_ns).max()?;
    let (_, to) = ends(slice, step);
    let sum = |of: fn(&crate::timeline::RingTotals<'_>) -> u64| known.clone().map(of).sum::<u64>();
    let probes = step.slice().falcos();
    let mut of_it = probes.iter().filter(|falco| falco.last.tgid == tgid && falco.known_ns > 0).peekable();
    let counted = of_it.peek().is_some().then(|| {
        of_it.fold((0, 0), |(taken, drops), falco| {
            let too_large = falco.counts.n_drops_max_event_size.unwrap_or(0);
            let lost = falco.counts.n_drops_buffer;
            (taken + falco.counts.n_evts.saturating_sub(lost + too_large), drops + lost)
        })
    });
    Some(Moved {
        from: to - seconds(longest_ns),
        to,
        produced: sum(|ring| ring.produced_bytes),
        consumed: sum(|ring| ring.consumed_bytes),
        counted,
        refused_bytes: known.clone().map(|ring| Some(ring.refused.as_ref()?.bytes)).sum(),
        thought: sum(|ring| ring.estimated.map_or(0, |estimate| estimate.likely)),
    })
}
