//! One source of counters in two samples: what may be said of the time between.
//!
//! - In both, and nothing went back: the difference.
//! - Only in the later one, which says that it counts since a moment in between: all that it counted.
//! - Anything else: unknown. A counter that went back without saying why is a reset; what it says now may be old.

use crate::sample::{EstimateSample, FalcoSample, PerfBuffersSample, ProbeSample, RingSample};

/// A source of counters.
pub trait Source {
    /// What tells it from others of its kind.
    type Id: PartialEq;

    /// Which one it is.
    fn id(&self) -> Self::Id;

    /// Since when it counts, `CLOCK_MONOTONIC` ns.
    fn since_ns(&self) -> u64;
}

impl Source for ProbeSample {
    type Id = ();

    fn id(&self) {}

    fn since_ns(&self) -> u64 {
        self.since_ns
    }
}

impl Source for RingSample {
    type Id = u32;

    fn id(&self) -> u32 {
        self.map_id
    }

    fn since_ns(&self) -> u64 {
        self.found_ns
    }
}

impl Source for PerfBuffersSample {
    type Id = u32;

    fn id(&self) -> u32 {
        self.tgid
    }

    fn since_ns(&self) -> u64 {
        self.found_ns
    }
}

impl Source for FalcoSample {
    type Id = (u32, u32);

    /// A reload makes new maps; a map handed on to another process is another tool's.
    fn id(&self) -> (u32, u32) {
        (self.tgid, self.map_id)
    }

    fn since_ns(&self) -> u64 {
        self.found_ns
    }
}

impl Source for EstimateSample {
    type Id = ();

    fn id(&self) {}

    fn since_ns(&self) -> u64 {
        self.since_ns
    }
}

/// One source in two samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair<'a, S> {
    /// In both, and the same.
    Both(&'a S, &'a S),
    /// It began in between: all that it counted is of this time.
    Began(&'a S),
    /// It was there at the first sample only; what it counted after that is unknown.
    Ended(&'a S),
    /// In the second sample only, though it counts since before the first: what grew is unknown.
    Unknown(&'a S),
}

impl<'a, S> Pair<'a, S> {
    /// As it was seen last.
    #[must_use]
    pub fn newest(&self) -> &'a S {
        let (Self::Both(_, source) | Self::Began(source) | Self::Ended(source) | Self::Unknown(source)) =
            self;
        source
    }

    /// What it counts from: as it was seen first; `None` if it began in between, at nothing.
    #[must_use]
    pub fn first(&self) -> Option<&'a S> {
        match self {
            Self::Both(source, _) | Self::Ended(source) | Self::Unknown(source) => Some(source),
            Self::Began(_) => None,
        }
    }
}

/// Pairs the sources of two samples, of which the first was taken at `from_ns`, in the order of the second. None if
/// either sample does not look at such sources and nothing can be said.
#[must_use]
pub fn pairs<'a, S: Source>(from: Option<&'a [S]>, from_ns: u64, to: Option<&'a [S]>) -> Vec<Pair<'a, S>> {
    let Some(to) = to else { return Vec::new() };
    let from = from.unwrap_or_default();
    let is_same = |one: &S, other: &S| one.id() == other.id() && one.since_ns() == other.since_ns();
    let pair = |later: &'a S| match from.iter().find(|earlier| is_same(earlier, later)) {
        Some(earlier) => Pair::Both(earlier, later),
        None if later.since_ns() > from_ns => Pair::Began(later),
        None => Pair::Unknown(later),
    };
    let ended = from.iter().filter(|earlier| !to.iter().any(|later| is_same(earlier, later)));
    to.iter().map(pair).chain(ended.map(Pair::Ended)).collect()
}

/// Counts by key: what grew. `None` if any went back; a key that is new began at zero.
#[must_use]
pub fn grown_by_key<K: PartialEq + Clone>(from: &[(K, u64)], to: &[(K, u64)]) -> Option<Vec<(K, u64)>> {
    let before = |key: &K| from.iter().find(|(other, _)| other == key).map_or(0, |(_, count)| *count);
    let is_kept = |key: &K| to.iter().any(|(other, _)| other == key);
    if from.iter().any(|(key, count)| *count > 0 && !is_kept(key)) {
        return None;
    }
    to.iter().map(|(key, count)| Some((key.clone(), count.checked_sub(before(key))?))).collect()
}

/// Adds counts by key to others.
pub fn add_by_key<K: PartialEq + Clone>(sums: &mut Vec<(K, u64)>, more: &[(K, u64)]) {
    for (key, count) in more {
        match sums.iter_mut().find(|(other, _)| other == key) {
            Some((_, sum)) => *sum = sum.saturating_add(*count),
            None => sums.push((key.clone(), *count)),
        }
    }
}
