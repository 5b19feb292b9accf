//! Merges the refusals that each CPU saw into overruns of the ring.
//!
//! A full ring with a live consumer alternates between taking and refusing, on all CPUs at different times. One
//! overrun starts at the first refusal and ends with the last that was not followed by another within
//! [`OVERRUN_GAP_NS`], on whichever CPU.

mod ended;
pub mod growth;

use agent_common::counters::{CpuOverrun, Episodes, OVERRUN_GAP_NS, OVERRUNS_KEPT};

use self::ended::Ended;
use crate::sample::Overrun;

/// The time of a last refusal lags by up to a tick (10 ms at HZ=100); so much longer an overrun is open.
const CLOCK_LAG_NS: u64 = 20_000_000;

/// Merges episodes as they are read.
#[derive(Clone, Debug)]
pub struct OverrunMerge {
    /// Per CPU: number of episodes that are part of ended overruns.
    settled: Vec<u64>,
    /// Per CPU: episodes not settled, with their number.
    open: Vec<Vec<(u64, CpuOverrun)>>,
    ended: Ended,
    current: Vec<Overrun>,
    unread: u64,
}

impl OverrunMerge {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(cpus: usize) -> Self {
        Self {
            settled: vec![0; cpus],
            open: vec![Vec::new(); cpus],
            ended: Ended::default(),
            current: Vec::new(),
            unread: 0,
        }
    }

    /// Takes in what one CPU holds: the number of its episodes, and the last of them.
    pub fn add_cpu(&mut self, cpu: usize, held: &Episodes) {
        let count = held.count;
        let oldest_kept = count.saturating_sub(OVERRUNS_KEPT as u64);
        if self.settled[cpu] < oldest_kept {
            // We were away for longer than the CPU can remember; the drops are counted, their times are gone.
            self.unread += oldest_kept - self.settled[cpu];
            self.settled[cpu] = oldest_kept;
        }
        self.open[cpu].clear();
        for number in self.settled[cpu]..count {
            #[expect(clippy::cast_possible_truncation, reason = "below OVERRUNS_KEPT")]
            let episode = held.overruns[(number % OVERRUNS_KEPT as u64) as usize];
            // Its number was seen before its content (another CPU wrote both): the next reading has it.
            if episode.drops == 0 || episode.last_ns < episode.first_ns {
                break;
            }
            self.open[cpu].push((number, episode));
        }
    }

    /// Merges what all CPUs hold, and settles the overruns that have ended by `now_ns`.
    pub fn merge(&mut self, now_ns: u64) {
        let mut episodes: Vec<CpuOverrun> = self.open.iter().flatten().map(|(_, episode)| *episode).collect();
        episodes.sort_by_key(|episode| episode.first_ns);
        self.current.clear();
        for episode in episodes {
            match self.current.last_mut() {
                Some(overrun) if episode.first_ns <= overrun.last_ns + OVERRUN_GAP_NS => {
                    overrun.last_ns = overrun.last_ns.max(episode.last_ns);
                    overrun.drops += episode.drops;
                }
                _ => self.current.push(Overrun {
                    first_ns: episode.first_ns,
                    last_ns: episode.last_ns,
                    drops: episode.drops,
                }),
            }
        }
        let over = |overrun: &Overrun| overrun.last_ns + OVERRUN_GAP_NS + CLOCK_LAG_NS < now_ns;
        let ended = self.current.iter().take_while(|overrun| over(overrun)).count();
        let Some(last_end_ns) = ended.checked_sub(1).map(|index| self.current[index].last_ns) else {
            return;
        };
        self.current.drain(..ended).for_each(|overrun| self.ended.push(overrun));
        for (settled, open) in self.settled.iter_mut().zip(&mut self.open) {
            open.retain(|(number, episode)| {
                let is_open = episode.first_ns > last_end_ns;
                if !is_open {
                    *settled = (*settled).max(number + 1);
                }
                is_open
            });
        }
    }

    /// Ended overruns (at most [`crate::sample::OVERRUNS_LISTED`]) and those that may still go on, oldest first.
    #[must_use]
    pub fn listed(&self) -> Vec<Overrun> {
        self.ended.listed_with(&self.current)
    }

    /// Number of all overruns; episodes that were overwritten before we looked count as one each.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.ended.count_with(&self.current) + self.unread
    }

    /// Time of all overruns together, ns.
    #[must_use]
    pub fn total_ns(&self) -> u64 {
        self.ended.total_ns_with(&self.current)
    }
}

#[cfg(test)]
mod tests;
