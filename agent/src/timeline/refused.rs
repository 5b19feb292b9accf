//! What rings refused in a step, where it is counted behind the helpers that write to them.

use super::{
    falcos::{add_losers, grown_by_loser},
    source::{Pair, Source, add_by_key, grown_by_key, pairs},
};
use crate::sample::{LoserSample, RefusalClass, RefusedSample};

/// Refusals of one ring over a slice: exact, unless runs were `missed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedTotals {
    /// Records.
    pub drops: u64,
    /// The same by class, without zeros.
    pub classes: Vec<(RefusalClass, u64)>,
    /// Bytes that they would have taken, headers included; those that no ring could hold are left out.
    pub bytes: u64,
    /// Overruns that began. Two that turn out to be one are counted as two until then.
    pub overrun_count: u64,
    /// Time of all of them, ns.
    pub overrun_ns: u64,
    /// Whose events they were, most first. Drops that are not in here are not attributed.
    pub losers: Vec<LoserSample>,
    /// Runs of the counting programs that the kernel skipped, for all rings together; `None` where it does not count them.
    pub missed: Option<u64>,
}

impl Source for RefusedSample {
    type Id = ();

    fn id(&self) {}

    fn since_ns(&self) -> u64 {
        self.since_ns
    }
}

/// What grew between two samples of one ring, of which the first was taken at `from_ns`: `Err` if a counter went back,
/// `Ok(None)` if nothing is known.
pub(super) fn of_step(
    from: Option<&RefusedSample>,
    from_ns: u64,
    to: Option<&RefusedSample>,
) -> Result<Option<RefusedTotals>, ()> {
    let of = |refused| Option::map(refused, std::slice::from_ref);
    match pairs(of(from), from_ns, of(to)).first() {
        Some(Pair::Both(from, to)) => grown(from, to).map(Some).ok_or(()),
        Some(Pair::Began(to)) => {
            let zero = RefusedSample { missed: to.missed.map(|_| 0), ..RefusedSample::default() };
            grown(&zero, to).map(Some).ok_or(())
        }
        _ => Ok(None),
    }
}

fn grown(from: &RefusedSample, to: &RefusedSample) -> Option<RefusedTotals> {
    let mut classes = grown_by_key(&from.classes, &to.classes)?;
    classes.retain(|(_, drops)| *drops > 0);
    Some(RefusedTotals {
        drops: to.drops.checked_sub(from.drops)?,
        classes,
        bytes: to.bytes.checked_sub(from.bytes)?,
        // Both may shrink when the time between two overruns turns out to have had refusals, too.
        overrun_count: to.overrun_count.saturating_sub(from.overrun_count),
        overrun_ns: to.overrun_ns.saturating_sub(from.overrun_ns),
        losers: grown_by_loser(&from.losers, &to.losers)?,
        missed: from.missed.zip(to.missed).and_then(|(from, to)| to.checked_sub(from)),
    })
}

impl RefusedTotals {
    /// Adds another step.
    pub(super) fn add(&mut self, more: Self) {
        for (sum, more) in [
            (&mut self.drops, more.drops),
            (&mut self.bytes, more.bytes),
            (&mut self.overrun_count, more.overrun_count),
            (&mut self.overrun_ns, more.overrun_ns),
        ] {
            *sum = sum.saturating_add(more);
        }
        add_by_key(&mut self.classes, &more.classes);
        add_losers(&mut self.losers, more.losers);
        self.missed = self.missed.zip(more.missed).map(|(sum, more)| sum.saturating_add(more));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(since_ns: u64, drops: u64, to_him: u64) -> RefusedSample {
        RefusedSample {
            since_ns,
            drops,
            classes: vec![(RefusalClass::Behind, drops)],
            bytes: 48 * drops,
            losers: vec![LoserSample { tgid: 7, comm: None, cgroup_id: None, slot: 111, drops: to_him }],
            unattributed: drops - to_him,
            missed: Some(0),
            ..RefusedSample::default()
        }
    }

    fn drops(from: Option<&RefusedSample>, to: &RefusedSample) -> Result<Option<(u64, u64, u64)>, ()> {
        let totals = of_step(from, 100, Some(to))?;
        Ok(totals.map(|all| (all.drops, all.bytes, all.losers.iter().map(|loser| loser.drops).sum())))
    }

    #[test]
    fn what_grew_is_the_difference() {
        assert_eq!(drops(Some(&sample(50, 10, 9)), &sample(50, 14, 12)), Ok(Some((4, 192, 3))));
        assert_eq!(drops(Some(&sample(50, 10, 9)), &sample(50, 8, 8)), Err(()));
    }

    #[test]
    fn counting_that_began_in_between_counts_in_full_and_what_began_before_is_unknown() {
        assert_eq!(drops(None, &sample(150, 10, 9)), Ok(Some((10, 480, 9))));
        assert_eq!(drops(None, &sample(50, 10, 9)), Ok(None));
        // Attached again: from zero.
        assert_eq!(drops(Some(&sample(50, 10, 9)), &sample(150, 3, 2)), Ok(Some((3, 144, 2))));
        assert_eq!(of_step(Some(&sample(50, 10, 9)), 100, None), Ok(None));
    }

    #[test]
    fn steps_add_up() {
        let (one, two, three) = (sample(50, 0, 0), sample(50, 10, 9), sample(50, 14, 12));
        let step = |from, to| of_step(Some(from), 100, Some(to)).unwrap().unwrap();
        let mut sum = step(&one, &two);
        sum.add(step(&two, &three));
        assert_eq!(sum, step(&one, &three));
    }
}
