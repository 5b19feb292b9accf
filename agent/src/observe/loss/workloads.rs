//! Drops by workload, with a bounded number of them: a workload that has come in keeps its place until it has died, and
//! what all others lose is one number that only grows. Pure.

use std::collections::BTreeMap;

use crate::sample::{Workload, WorkloadDrops};

/// Workloads of one tool that are told apart: each is a series of the agent.
pub const MOST_WORKLOADS: usize = 40;

/// What those in place lost, and all others.
#[derive(Clone, Debug, Default)]
pub struct Workloads {
    placed: BTreeMap<Option<Workload>, Placed>,
    other: u64,
}

#[derive(Clone, Debug)]
struct Placed {
    drops: u64,
    /// Its newest cgroup; by it is seen whether it lives.
    cgroup_id: u64,
}

impl Workloads {
    /// A workload lost `drops` more events.
    pub fn add(&mut self, workload: Option<Workload>, cgroup_id: u64, drops: u64) {
        if let Some(placed) = self.placed.get_mut(&workload) {
            placed.drops += drops;
            placed.cgroup_id = cgroup_id;
        } else if self.placed.len() < MOST_WORKLOADS {
            self.placed.insert(workload, Placed { drops, cgroup_id });
        } else {
            self.other += drops;
        }
    }

    /// Workloads that have died make room for others. Those whose cgroup is not known stay.
    pub fn bury(&mut self, is_alive: impl Fn(u64) -> bool) {
        let other = &mut self.other;
        self.placed.retain(|workload, placed| {
            let stays = workload.is_none() || is_alive(placed.cgroup_id);
            if !stays {
                *other += placed.drops;
            }
            stays
        });
    }

    /// Whether there is no room left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.placed.len() >= MOST_WORKLOADS
    }

    /// Those in place.
    #[must_use]
    pub fn sample(&self) -> Vec<WorkloadDrops> {
        let drops = |(workload, placed): (&Option<Workload>, &Placed)| WorkloadDrops {
            workload: workload.clone(),
            drops: placed.drops,
        };
        self.placed.iter().map(drops).collect()
    }

    /// Events of all others.
    #[must_use]
    pub fn other(&self) -> u64 {
        self.other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(number: usize) -> Option<Workload> {
        Some(Workload { container: Some(format!("c{number:03}")), ..Workload::default() })
    }

    fn full() -> Workloads {
        let mut workloads = Workloads::default();
        (0..MOST_WORKLOADS).for_each(|number| workloads.add(named(number), number as u64, 1));
        workloads
    }

    fn total(workloads: &Workloads) -> u64 {
        workloads.other() + workloads.sample().iter().map(|one| one.drops).sum::<u64>()
    }

    #[test]
    fn who_is_in_stays_however_much_others_lose() {
        let mut workloads = full();
        workloads.add(named(900), 900, 1_000_000);
        workloads.add(named(3), 3, 1);
        assert!(workloads.is_full());
        assert_eq!((workloads.sample().len(), workloads.other()), (MOST_WORKLOADS, 1_000_000));
        assert_eq!(workloads.sample()[3], WorkloadDrops { workload: named(3), drops: 2 });
    }

    #[test]
    fn the_dead_make_room_and_nothing_is_lost() {
        let mut workloads = full();
        workloads.add(named(900), 900, 10);
        let before = total(&workloads);
        workloads.bury(|cgroup_id| cgroup_id != 5);
        assert_eq!((workloads.sample().len(), workloads.other()), (MOST_WORKLOADS - 1, 11));
        assert_eq!(total(&workloads), before);
        workloads.add(named(900), 900, 10);
        let drops = |workloads: &Workloads| workloads.sample().iter().map(|one| one.drops).max();
        assert_eq!(
            (drops(&workloads), workloads.other()),
            (Some(10), 11),
            "what went into other stays there"
        );
        workloads.add(named(5), 905, 1);
        assert_eq!(workloads.other(), 12, "its place is taken");
    }

    #[test]
    fn two_cgroups_of_one_workload_are_one() {
        let mut workloads = Workloads::default();
        workloads.add(named(1), 1, 5);
        workloads.add(named(1), 2, 6);
        workloads.add(None, 0, 7);
        workloads.bury(|cgroup_id| cgroup_id == 2);
        assert_eq!(workloads.sample().iter().map(|one| one.drops).collect::<Vec<_>>(), [7, 11]);
    }
}
