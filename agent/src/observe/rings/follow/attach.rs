//! Which tools are followed, and when the program that follows is attached.

use agent_common::watch::Target;

use super::{Follow, Followable, Tool, most_events};
use crate::{
    observe::{
        loss::account::Account,
        rings::object::{Object, WatchError},
    },
    setup::Whose,
    sys::barrier::wait_for_running_programs,
};

impl Follow {
    /// Gives new tools a place among the targets and takes it from those that are gone. Those that find none are not
    /// followed. Whether there are new ones.
    pub(super) fn place(
        &mut self,
        object: &mut Object,
        followables: &[Followable<'_>],
    ) -> Result<bool, WatchError> {
        let mut is_new = [false; agent_common::watch::TARGETS];
        let mut has_changed = false;
        for (tool, target) in self.tools.iter_mut().zip(&mut self.targets) {
            let is_gone = |tool: &Tool| !followables.iter().any(|one| one.maps.counters.id == tool.map_id);
            if tool.as_ref().is_some_and(is_gone) {
                (*tool, *target) = (None, Target::default());
                has_changed = true;
            }
        }
        if has_changed {
            object.set_targets(self.targets)?;
            // Before their places are taken; a run that is left must not write there.
            let _ = wait_for_running_programs();
        }
        for one in followables {
            let id = one.maps.counters.id;
            if self.tools.iter().flatten().any(|tool| tool.map_id == id) {
                continue;
            }
            let Some(index) = self.tools.iter().position(Option::is_none) else { break };
            let drops = one.counts.cpus.iter().map(|(_, drops)| drops).sum();
            object.set_followed(index, &one.counts.cpus)?;
            self.numbers += 1;
            self.targets[index] = Target {
                // `n_evts` and `n_drops_buffer` come first in every layout.
                address: object.value_address(&one.maps.counters),
                most_events: most_events(one.maps.counters.value_size),
                stride: one.maps.counters.value_size.next_multiple_of(8),
                cpus: one.maps.counters.max_entries,
                generation: 0,
                epoch: self.numbers,
            };
            self.tools[index] = Some(Tool {
                map_id: id,
                traced: one.traced.map(<[u32]>::to_vec),
                cpus: one.counts.cpus.clone(),
                account: Account::default(),
                has_begun: one.counts.n_evts > 0,
                epoch_before: None,
                before: drops,
                unattributed: drops,
            });
            is_new[index] = true;
        }
        Ok(is_new.contains(&true))
    }

    /// Attaches the program behind all that are attached by now, or detaches it; whether it did. `has_new`: a tool came
    /// later.
    pub(super) fn attach_or_detach(
        &mut self,
        object: &mut Object,
        has_new: bool,
    ) -> Result<bool, WatchError> {
        if self.ended.is_some() {
            return Ok(false);
        }
        let has_tools = self.tools.iter().any(Option::is_some);
        let wanted = match self.whose {
            Whose::Off => false,
            Whose::On => has_tools,
            Whose::Auto => has_tools && self.grew.is_some_and(|grew| grew.elapsed() < self.quiet),
        };
        if wanted && (has_new || !object.is_following()) {
            // Nobody looked for a moment: what was dropped in it is nobody's.
            for target in self.targets.iter_mut().filter(|target| target.address != 0) {
                self.numbers += 1;
                target.generation = self.numbers;
            }
            object.set_targets(self.targets)?;
            object.follow(true, true)?;
            return Ok(true);
        }
        if !wanted && object.is_following() {
            object.follow(false, false)?;
            let _ = wait_for_running_programs();
            return Ok(true);
        }
        Ok(false)
    }

    /// Ends: afterwards nobody is blamed any more.
    ///
    /// # Errors
    ///
    /// [`WatchError::Program`].
    pub(in crate::observe::rings) fn detach(&mut self, object: &mut Object) -> Result<(), WatchError> {
        self.ended = Some(object.is_following());
        object.follow(false, false)?;
        // What runs that are not over count now is missing from the last reading, and so nobody's.
        let _ = wait_for_running_programs();
        Ok(())
    }
}
