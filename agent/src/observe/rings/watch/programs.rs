//! The thread's passes over programs: whose they are, and their skipped runs.

use std::time::{Duration, Instant};

use super::{Watch, WatchError};

/// Skipped runs are read so often: that is a walk over all programs and CPUs.
const PROGRAMS_EVERY: Duration = Duration::from_secs(2);

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

    /// Looks for who has them open. Skipped runs are due then.
    pub(super) fn find_owners_of_programs(&mut self) -> Result<(), WatchError> {
        if let Some(programs) = self.object.programs()? {
            let holders = self.object.program_holders(&programs)?;
            self.lock().programs.set_owners(&programs, &holders);
            self.programs_known = None;
        }
        Ok(())
    }
}
