//! The thread's passes over perf buffers.

use std::time::{Duration, Instant};

use super::{Watch, WatchError};
use crate::sys::{clock::thread_cpu_ns, mapping};

/// A pass looks at all open files of the node: so often at most, and so seldom that it takes one part in so many of a CPU; less
/// while nobody has such a buffer.
const PERF_EVERY: Duration = Duration::from_secs(1);
const PERF_SHARE: u32 = 200;
const PERF_SHARE_OF_NONE: u32 = 500;

impl Watch {
    /// Reads them, if that is due.
    pub(super) fn read_perf(&mut self) -> Result<(), WatchError> {
        if Instant::now() < self.next_perf {
            return Ok(());
        }
        let begun_ns = thread_cpu_ns();
        let rows = self.object.perf_buffers()?;
        let share = if rows.iter().flatten().next().is_some() { PERF_SHARE } else { PERF_SHARE_OF_NONE };
        if let Some(rows) = rows {
            let own_tgid = self.object.own_tgid();
            self.lock().perf.set(&rows, mapping::page_bytes() as u64, own_tgid);
        }
        let cost = Duration::from_nanos(thread_cpu_ns() - begun_ns);
        self.next_perf = Instant::now() + (cost * share).max(PERF_EVERY);
        Ok(())
    }
}
