//! Episodes of trouble: a tool loses events, or one that should run does not. Each becomes an incident: what was remembered from
//! two minutes before it to one after.

use std::collections::BTreeSet;

use super::Trouble;
use crate::{
    diagnose::{Code, Finding, Role},
    sample::Clock,
};

/// What is kept before and after, ns.
pub const BEFORE_NS: u64 = 120_000_000_000;
/// See [`BEFORE_NS`].
pub const AFTER_NS: u64 = 60_000_000_000;
/// An episode that goes on is kept up to here, ns: an alert asks for its begin.
const MOST_NS: u64 = 300_000_000_000;
/// And once more after so long, if it still goes on, ns.
const AGAIN_NS: u64 = 3600 * 1_000_000_000;

/// One episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Of the sample before the first trouble.
    pub begin: Clock,
    /// Of the sample after the last.
    pub end: Clock,
    /// Events that were lost, by the tools' own counters.
    pub drops: u64,
    /// Names of the tools that lost them, or did not run.
    pub tools: BTreeSet<String>,
    /// Causes, by the last look that covered it.
    pub causes: BTreeSet<Code>,
    /// It had not ended.
    pub goes_on: bool,
}

/// The episode that is going on, if one is.
#[derive(Debug, Default)]
pub(super) struct Episodes {
    open: Option<Episode>,
    /// The one that goes on was kept up to here, and is not kept again before that moment, `CLOCK_MONOTONIC` ns.
    again_ns: Option<u64>,
    /// The last trouble, `CLOCK_MONOTONIC` ns.
    last_ns: u64,
}

impl Episodes {
    /// Takes in what happened between two samples. Returns an episode of which all is known now.
    pub(super) fn step(&mut self, from: Clock, to: Clock, trouble: &Trouble) -> Option<Episode> {
        let now_ns = to.monotonic_ns;
        if trouble.any() {
            self.last_ns = now_ns;
        } else if now_ns.saturating_sub(self.last_ns) >= AFTER_NS {
            self.again_ns = None;
            return self.open.take();
        }
        if self.again_ns.is_some_and(|again_ns| now_ns < again_ns) {
            return None;
        }
        if trouble.any() {
            let episode = self.open.get_or_insert_with(|| Episode {
                begin: from,
                end: to,
                drops: 0,
                tools: BTreeSet::new(),
                causes: BTreeSet::new(),
                goes_on: false,
            });
            episode.end = to;
            episode.drops = episode.drops.saturating_add(trouble.drops);
            episode.tools.extend(trouble.tools.iter().cloned());
        }
        let is_long =
            |open: &Episode| open.end.monotonic_ns.saturating_sub(open.begin.monotonic_ns) >= MOST_NS;
        if self.open.as_ref().is_some_and(is_long) {
            self.again_ns = Some(now_ns.saturating_add(AGAIN_NS));
            return self.end();
        }
        None
    }

    /// Takes in what a look found that covers the last minute.
    pub(super) fn look(&mut self, findings: &[Finding]) {
        let causes =
            findings.iter().filter(|finding| finding.role == Role::Cause).map(|finding| finding.code);
        if let Some(open) = &mut self.open {
            let causes: BTreeSet<Code> = causes.collect();
            // A look after the last loss has left the minute finds none.
            if !causes.is_empty() {
                open.causes = causes;
            }
        }
    }

    /// The one that is going on, so far.
    pub(super) fn open(&self) -> Option<Episode> {
        self.open.clone().map(|episode| Episode { goes_on: true, ..episode })
    }

    /// The one that is going on, when there is nobody to watch how it ends.
    pub(super) fn end(&mut self) -> Option<Episode> {
        self.open.take().map(|episode| Episode { goes_on: true, ..episode })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::example::{SECOND, at};

    /// Episodes of a day, with the second at which each was known: first and last second, drops, and whether it goes on.
    fn episodes(lossy: impl Fn(u64) -> bool) -> Vec<(u64, [u64; 3], bool)> {
        let mut episodes = Episodes::default();
        let mut found = Vec::new();
        for second in 1..=86_400 {
            let trouble = match lossy(second) {
                true => Trouble { drops: 10, tools: BTreeSet::from(["falco".to_owned()]) },
                false => Trouble::default(),
            };
            if let Some(episode) = episodes.step(at((second - 1) * SECOND), at(second * SECOND), &trouble) {
                let second_of = |clock: Clock| clock.monotonic_ns / SECOND;
                let facts = [second_of(episode.begin), second_of(episode.end), episode.drops];
                found.push((second, facts, episode.goes_on));
            }
        }
        found
    }

    #[test]
    fn a_quiet_day_has_none() {
        assert_eq!(episodes(|_| false), []);
    }

    #[test]
    fn one_ends_with_a_minute_without_loss() {
        assert_eq!(episodes(|second| second == 500), [(560, [499, 500, 10], false)]);
        let saw = episodes(|second| second == 500 || second == 559);
        assert_eq!(saw, [(619, [499, 559, 20], false)], "less than a minute apart is one");
        let two = episodes(|second| second == 500 || second == 561);
        assert_eq!(two, [(560, [499, 500, 10], false), (621, [560, 561, 10], false)]);
    }

    #[test]
    fn one_that_goes_on_is_kept_once_an_hour() {
        let found = episodes(|second| (1000..=9000).contains(&second));
        let facts: Vec<_> =
            found.iter().map(|(second, facts, goes_on)| (*second, facts[0], *goes_on)).collect();
        assert_eq!(facts, [(1299, 999, true), (5198, 4898, true), (9060, 8797, false)]);
        assert_eq!(found[0].1, [999, 1299, 3000]);
        let later = episodes(|second| (1000..=1400).contains(&second) || second == 1500);
        assert_eq!(later[1].1, [1499, 1500, 10], "a new one after a minute without");
    }
}
