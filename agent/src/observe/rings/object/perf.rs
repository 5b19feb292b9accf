//! The pass over perf buffers.

use std::os::fd::AsRawFd as _;

use agent_common::watch::{PerfRow, Request};
use aya::{Btf as AyaBtf, Ebpf};

use super::{Object, WatchError};
use crate::sys::perf;

const PERF: (&str, &str) = ("perf_buffers", "task_file");

/// What of perf buffers can be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sight {
    /// They can be found.
    pub(super) buffers: bool,
    /// What they lost is counted (Linux 6.0).
    pub(super) lost: bool,
    /// File operations of perf events; 0 until learned.
    operations: u64,
}

impl Sight {
    /// Loads the program, if the places of members are known.
    pub(super) fn load(ebpf: &mut Ebpf, btf: &AyaBtf, has_members: bool, counts_lost: bool) -> Self {
        let buffers = has_members && super::load(ebpf, btf, PERF).is_ok();
        Self { buffers, lost: counts_lost, operations: 0 }
    }
}

impl Object {
    /// Why nothing is known of perf buffers, or of what they lost; `None` if all is.
    pub(in crate::observe::rings) fn cannot_see_perf(&self) -> Option<&'static str> {
        match self.perf {
            Sight { buffers: false, .. } => Some("this kernel does not show them"),
            Sight { lost: false, .. } => Some("what they lose is not counted before Linux 6.0"),
            _ => None,
        }
    }

    /// Every open perf event that BPF programs write to; `None` where they cannot be seen.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(in crate::observe::rings) fn perf_buffers(&mut self) -> Result<Option<Vec<PerfRow>>, WatchError> {
        if !self.perf.buffers {
            return Ok(None);
        }
        if self.perf.operations == 0 && !self.learn_perf_operations()? {
            return Ok(None);
        }
        self.ask(Request { map_operations: self.perf.operations, ..Request::default() })?;
        Ok(Some(self.pass(PERF.0)?))
    }

    /// As with maps: one such file is known, our own. Whether it was found: sandboxes may refuse us any perf event.
    fn learn_perf_operations(&mut self) -> Result<bool, WatchError> {
        if self.map_operations == 0 {
            self.learn_map_operations()?;
        }
        let own = perf::event().ok().zip(self.own_tgid);
        let rows: Vec<PerfRow> = match &own {
            Some((event, own_tgid)) => {
                let own_fd = event.as_raw_fd().unsigned_abs();
                self.ask(Request { own_fd, own_tgid: *own_tgid, ..Request::default() })?;
                self.pass(PERF.0)?
            }
            None => Vec::new(),
        };
        self.perf.operations = rows.first().map_or(0, |row| row.operations);
        self.perf.buffers = self.perf.operations != 0;
        Ok(self.perf.buffers)
    }
}
