//! What a ring refused in a slice, where it is counted behind the helpers that write to it.

use super::{
    losses::{add_losers, add_overruns, losers_grown, overruns_grown},
    source::{Pair, Source, add_by_key, grown_by_key, pairs},
};
use crate::sample::{LosersSample, Overruns, RefusalClass, RefusedSample};

/// Refusals of one ring over a slice: exact, unless runs of the counting programs were missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedTotals {
    /// Whose events they were, and nobody's.
    pub losers: LosersSample,
    /// By why, without zeros.
    pub classes: Vec<(RefusalClass, u64)>,
    /// Bytes that they would have taken, headers included; those that no ring could hold are left out.
    pub bytes: u64,
    /// When.
    pub overruns: Overruns,
}

impl RefusedTotals {
    /// Records.
    #[must_use]
    pub fn drops(&self) -> u64 {
        self.losers.attributed() + self.losers.unattributed
    }

    fn add(&mut self, more: &Self) {
        let missed = self.losers.missed.zip(more.losers.missed).map(|(sum, more)| sum.saturating_add(more));
        add_losers(&mut self.losers, &more.losers);
        self.losers.missed = missed;
        add_by_key(&mut self.classes, &more.classes);
        self.bytes = self.bytes.saturating_add(more.bytes);
        add_overruns(&mut self.overruns, &more.overruns);
    }
}

impl Source for RefusedSample {
    type Id = ();

    fn id(&self) {}

    fn since_ns(&self) -> u64 {
        self.since_ns
    }
}

/// Counting of one ring, step by step. Programs that are attached anew begin at zero: a stretch each.
#[derive(Debug, Default)]
pub(super) struct Stretches<'a>(Vec<Stretch<'a>>);

#[derive(Debug)]
struct Stretch<'a> {
    /// What it counts from; `None`: from nothing.
    from: Option<&'a RefusedSample>,
    from_ns: u64,
    to: &'a RefusedSample,
}

impl<'a> Stretches<'a> {
    /// Another step, that began at `from_ns`; `false` if a counter went back.
    pub(super) fn add(
        &mut self,
        from: Option<&'a RefusedSample>,
        from_ns: u64,
        to: Option<&'a RefusedSample>,
    ) -> bool {
        let of = |refused| Option::map(refused, std::slice::from_ref);
        match pairs(of(from), from_ns, of(to)).first() {
            Some(Pair::Both(from, to)) if went_back(from, to) => {
                self.0.push(Stretch { from: Some(to), from_ns, to });
                return false;
            }
            Some(Pair::Both(from, to)) => match self.0.last_mut() {
                Some(last) if std::ptr::eq(last.to, *from) => last.to = to,
                _ => self.0.push(Stretch { from: Some(from), from_ns, to }),
            },
            Some(Pair::Began(to)) => self.0.push(Stretch { from: None, from_ns, to }),
            _ => {}
        }
        true
    }

    /// All of it; `None` if nothing was counted.
    pub(super) fn total(&self) -> Option<RefusedTotals> {
        let mut totals = self.0.iter().map(Stretch::grown);
        let mut sum = totals.next()?;
        totals.for_each(|more| sum.add(&more));
        Some(sum)
    }
}

impl Stretch<'_> {
    fn grown(&self) -> RefusedTotals {
        let Self { from, from_ns, to } = *self;
        let none = RefusedSample::default();
        let before = from.unwrap_or(&none);
        let mut classes = grown_by_key(&before.classes, &to.classes).unwrap_or_default();
        classes.retain(|(_, drops)| *drops > 0);
        RefusedTotals {
            losers: losers_grown(from.map(|from| &from.losers), &to.losers),
            classes,
            bytes: to.bytes.saturating_sub(before.bytes),
            overruns: overruns_grown(from.map(|from| &from.overruns), &to.overruns, from_ns),
        }
    }
}

fn went_back(from: &RefusedSample, to: &RefusedSample) -> bool {
    to.losers.attributed() < from.losers.attributed()
        || to.losers.unattributed < from.losers.unattributed
        || to.bytes < from.bytes
        || grown_by_key(&from.classes, &to.classes).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{LoserSample, Overrun};

    fn sample(since_ns: u64, drops: u64, to_him: u64) -> RefusedSample {
        let top = vec![LoserSample { tgid: 7, slot: 111, drops: to_him, ..LoserSample::default() }];
        RefusedSample {
            since_ns,
            losers: LosersSample {
                top,
                unattributed: drops - to_him,
                missed: Some(0),
                ..LosersSample::default()
            },
            classes: vec![(RefusalClass::Behind, drops)],
            bytes: 48 * drops,
            overruns: Overruns {
                count: 1,
                total_ns: 10,
                listed: vec![Overrun { first_ns: since_ns, last_ns: since_ns + 10, drops }],
                ..Overruns::default()
            },
        }
    }

    /// Drops, bytes, and those of the loser.
    fn told(steps: &[(Option<&RefusedSample>, Option<&RefusedSample>)]) -> (bool, Option<(u64, u64, u64)>) {
        let mut stretches = Stretches::default();
        let went_on = steps.iter().all(|(from, to)| stretches.add(*from, 100, *to));
        let total = stretches.total();
        (went_on, total.map(|all| (all.drops(), all.bytes, all.losers.attributed())))
    }

    #[test]
    fn what_grew_is_the_difference() {
        let (one, two) = (sample(50, 10, 9), sample(50, 14, 12));
        assert_eq!(told(&[(Some(&one), Some(&two))]), (true, Some((4, 192, 3))));
        assert_eq!(told(&[(Some(&two), Some(&one))]), (false, Some((0, 0, 0))));
    }

    #[test]
    fn counting_that_began_in_between_counts_in_full_and_what_began_before_is_unknown() {
        let (old, new) = (sample(50, 10, 9), sample(150, 3, 2));
        assert_eq!(told(&[(None, Some(&new))]), (true, Some((3, 144, 2))));
        assert_eq!(told(&[(None, Some(&old))]), (true, None));
        assert_eq!(told(&[(Some(&old), None)]), (true, None));
    }

    #[test]
    fn steps_and_stretches_add_up() {
        let (one, two, three, anew) =
            (sample(50, 2, 2), sample(50, 10, 9), sample(50, 14, 12), sample(150, 3, 2));
        let steps =
            [(Some(&one), Some(&two)), (Some(&two), Some(&three)), (Some(&three), None), (None, Some(&anew))];
        assert_eq!(told(&steps[..2]), (true, Some((12, 12 * 48, 10))));
        assert_eq!(told(&steps), (true, Some((15, 15 * 48, 12))));
        let mut stretches = Stretches::default();
        steps.iter().for_each(|(from, to)| assert!(stretches.add(*from, 100, *to)));
        let total = stretches.total().unwrap();
        assert_eq!((total.overruns.count, total.overruns.listed.len()), (2, 2));
        assert_eq!(total.losers.missed, Some(0));
    }
}
