//! The thread's passes over programs: whose they are, and their skipped runs.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use agent_common::watch::HolderRow;

use super::{Watch, WatchError};
use crate::observe::rings::links;

/// Skipped runs are read so often: that is a walk over all programs and CPUs.
const PROGRAMS_EVERY: Duration = Duration::from_secs(2);
/// Processes whose links are looked at.
const MOST_PROCESSES: usize = 64;

impl Watch {
    /// Reads skipped runs, if that is due.
    pub(super) fn read_programs(&mut self) -> Result<(), WatchError> {
        if self.programs_known.is_some_and(|at| at.elapsed() < PROGRAMS_EVERY) {
            return Ok(());
        }
        self.programs_known = Some(Instant::now());
        if let Some(rows) = self.object.programs()? {
            self.lock().programs.set(rows);
        }
        Ok(())
    }

    /// Looks for who has them open; for those that nobody has, among the links of processes with maps. Skipped runs are due
    /// then.
    pub(super) fn find_owners_of_programs(&mut self, of_maps: &[HolderRow]) -> Result<(), WatchError> {
        let Some(programs) = self.object.programs()? else { return Ok(()) };
        let holders = self.object.program_holders(&programs)?;
        let have_owners = self.lock().programs.set_owners(&programs, &holders);
        // Elsewhere /proc has other processes under these ids.
        if !have_owners && self.object.own_tgid() == Some(std::process::id()) {
            let tgids: BTreeSet<u32> = of_maps.iter().chain(&holders).map(|holder| holder.tgid).collect();
            let of = |tgid| links::programs(Path::new("/proc"), tgid).into_iter().map(move |id| (id, tgid));
            let found: Vec<(u32, u32)> = tgids.into_iter().take(MOST_PROCESSES).flat_map(of).collect();
            self.lock().programs.add_links(found);
        }
        self.programs_known = None;
        Ok(())
    }
}
