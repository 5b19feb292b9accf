//! Following the drop counters of tools: whose events they lost.
//!
//! The program that follows must run after the tool's on the same hook, so it is attached again whenever a tool comes
//! later. What the tool counted elsewhere, or while nobody followed, is nobody's.

mod attach;

use std::time::{Duration, Instant};

use agent_common::{
    slot::NUMBERS,
    watch::{LOSERS, Loser, TARGETS, Target},
};

use super::object::{Object, WatchError};
use crate::{
    observe::{cgroups::Cgroups, falco::maps::ProbeMaps, loss::account::Account},
    sample::{FalcoCounts, LosersSample, LossRoute},
    setup::Whose,
    sys::barrier::wait_for_running_programs,
};

/// Bytes of a value up to which Falco counts exits alone (libs 0.22 and newer, 104 bytes); before, a syscall made an
/// event when it began and one when it ended.
const EXITS_ALONE: u32 = 104;
/// A tool of its first days (24 bytes) had both, too.
const FIRST_LAYOUT: u32 = 24;
/// Losers in the kernel's table at which it is emptied.
const MANY: usize = LOSERS as usize / 2;

/// A tool that can be followed, as it is now.
pub(super) struct Followable<'a> {
    /// Its maps.
    pub(super) maps: &'a ProbeMaps,
    /// What it counts.
    pub(super) counts: &'a FalcoCounts,
    /// What it traces.
    pub(super) traced: Option<&'a [u32]>,
}

/// What is followed.
pub(super) struct Follow {
    whose: Whose,
    /// With [`Whose::Auto`]: time without drops after which it ends.
    quiet: Duration,
    tools: [Option<Tool>; TARGETS],
    targets: [Target; TARGETS],
    /// The last number that was given to a generation or an epoch.
    numbers: u64,
    /// With [`Whose::Auto`]: when a counter last grew.
    grew: Option<Instant>,
    cgroups: Cgroups,
    missed: Option<u64>,
    /// Whether somebody was followed when it all ended; `None` before.
    ended: Option<bool>,
}

/// A tool that has a place among the targets.
struct Tool {
    /// The map of its counters.
    map_id: u32,
    traced: Option<Vec<u32>>,
    /// Events and drops of each CPU, as last read.
    cpus: Vec<(u64, u64)>,
    account: Account,
    /// Its programs are attached: it has counted events.
    has_begun: bool,
    /// The epoch before this one, while its entries may be in the kernel's table.
    epoch_before: Option<u64>,
    /// Drops by the tool's counter when it was found: nobody's.
    before: u64,
    unattributed: u64,
}

impl Follow {
    /// Follows nothing yet.
    pub(super) fn new(whose: Whose, quiet: Duration, cgroups: Cgroups) -> Self {
        Self {
            whose,
            quiet,
            tools: Default::default(),
            targets: Default::default(),
            numbers: 0,
            grew: None,
            cgroups,
            missed: None,
            ended: None,
        }
    }

    /// Takes in what tools count now; `grew`: a counter of drops has grown since the last time. Attaches and detaches
    /// as asked for; whether that changed anything.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn update(
        &mut self,
        object: &mut Object,
        followables: &[Followable<'_>],
        grew: bool,
    ) -> Result<bool, WatchError> {
        if grew {
            self.grew = Some(Instant::now());
        }
        let mut has_new = self.place(object, followables)?;
        for tool in self.tools.iter_mut().flatten() {
            if let Some(now) = followables.iter().find(|one| one.maps.counters.id == tool.map_id) {
                tool.cpus.clone_from(&now.counts.cpus);
                tool.traced = now.traced.map(<[u32]>::to_vec);
                // A tool may attach its programs long after it has made its maps: ours goes behind them once they count.
                has_new |= !std::mem::replace(&mut tool.has_begun, now.counts.n_evts > 0) && tool.has_begun;
            }
        }
        self.attach_or_detach(object, has_new)
    }

    /// Reads whose the drops were. One pass for all tools.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn drain(&mut self, object: &mut Object) -> Result<(), WatchError> {
        if self.tools.iter().all(Option::is_none) {
            return Ok(());
        }
        let entries = self.take(object);
        if entries > MANY {
            self.empty(object)?;
        }
        self.missed = object.follow_missed();
        let is_attached = object.is_following();
        for (index, tool) in self.tools.iter_mut().enumerate() {
            let Some(tool) = tool else { continue };
            tool.account.make_room(&self.cgroups);
            let now = tool.before + tool.nobodys(object, index, is_attached);
            // Drops that were nobody's while nothing was attached are only found again by the next look of each CPU.
            tool.unattributed = tool.unattributed.max(now);
        }
        Ok(())
    }

    /// Adds what the kernel's table says to the accounts; returns how many entries it has.
    fn take(&mut self, object: &Object) -> usize {
        let losses = object.losses();
        self.cgroups.find(losses.iter().map(|(loser, _)| loser.cgroup_id).filter(|id| *id != 0));
        for (loser, loss) in &losses {
            let of = |(tool, target): &(&mut Option<Tool>, &Target)| {
                let before = tool.as_ref().and_then(|tool| tool.epoch_before);
                target.epoch == loser.epoch || before == Some(loser.epoch)
            };
            if let Some((Some(tool), _)) = self.tools.iter_mut().zip(&self.targets).find(of) {
                let is_possible = tool.traces(loser.slot);
                tool.account.take(loser, loss, is_possible, &self.cgroups);
            }
        }
        losses.len()
    }

    /// Empties the kernel's table without losing what is counted meanwhile: losers are counted under another number
    /// from now on, and the old entries are taken out once no run is left that counts them.
    fn empty(&mut self, object: &mut Object) -> Result<(), WatchError> {
        for (tool, target) in self.tools.iter_mut().zip(&mut self.targets) {
            if let Some(tool) = tool {
                self.numbers += 1;
                tool.epoch_before = Some(std::mem::replace(&mut target.epoch, self.numbers));
            }
        }
        object.set_targets(self.targets)?;
        if !wait_for_running_programs() {
            // Where nothing tells that runs are over, the table is left to fill up.
            return Ok(());
        }
        self.take(object);
        let current: Vec<u64> = self.targets.iter().map(|target| target.epoch).collect();
        let past: Vec<Loser> = object
            .losses()
            .into_iter()
            .map(|(loser, _)| loser)
            .filter(|loser| !current.contains(&loser.epoch))
            .collect();
        object.forget_losers(&past)?;
        for tool in self.tools.iter_mut().flatten() {
            if let Some(epoch) = tool.epoch_before.take() {
                tool.account.forget(epoch);
            }
        }
        Ok(())
    }

    /// Who lost events of a tool, as last read; `None` if it is not among the targets.
    pub(super) fn losers(&self, object: &Object, map_id: u32) -> Option<LosersSample> {
        let tool = self.tools.iter().flatten().find(|tool| tool.map_id == map_id)?;
        Some(LosersSample {
            route: LossRoute::Follow,
            is_watched: self.ended.unwrap_or_else(|| object.is_following()),
            unattributed: tool.unattributed,
            missed: self.missed,
            ..tool.account.sample(&self.cgroups)
        })
    }
}

impl Tool {
    /// What the tool does not trace it did not drop: another task's look came between (see watch/follow.rs).
    fn traces(&self, slot: u32) -> bool {
        slot >= NUMBERS || self.traced.as_ref().is_none_or(|traced| traced.contains(&slot))
    }

    /// Drops that looks blamed on nobody, or on somebody who cannot have lost them; and, while nobody looks, those since
    /// the last look.
    fn nobodys(&self, object: &Object, index: usize, is_attached: bool) -> u64 {
        let looks = object.followed(index, self.cpus.len());
        let of_cpu = |(look, (_, now)): (&agent_common::watch::Followed, &(u64, u64))| {
            let unseen = if is_attached { 0 } else { now.saturating_sub(look.last[1]) };
            look.unattributed + unseen
        };
        self.account.refused() + looks.iter().zip(&self.cpus).map(of_cpu).sum::<u64>()
    }
}

/// Events that one syscall makes at most.
fn most_events(value_size: u32) -> u64 {
    if value_size == FIRST_LAYOUT || value_size > EXITS_ALONE { 2 } else { 1 }
}
