//! All rings as one sequence of records in the order of their time.

use std::{
    os::fd::{BorrowedFd, OwnedFd},
    time::Duration,
};

use anyhow::{Context as _, Result};
use rustix::{
    event::{
        Timespec,
        epoll::{self, CreateFlags, EventData, EventFlags},
    },
    io::Errno,
};

use super::record::Record;
use crate::sys::ring::Ring;

/// The rings, and which of them the last record came from.
#[derive(Debug)]
pub(super) struct Rings {
    rings: Vec<Ring>,
    held: Option<usize>,
    /// Where to wait, and what keeps the rings in there.
    waiting: Option<(OwnedFd, Vec<OwnedFd>)>,
}

impl Rings {
    /// None yet. `can_wait` says whether [`Self::wait`] shall work.
    pub(super) fn new(can_wait: bool) -> Result<Self> {
        let waiting = if can_wait { Some((epoll::create(CreateFlags::CLOEXEC)?, Vec::new())) } else { None };
        Ok(Self { rings: Vec::new(), held: None, waiting })
    }

    /// Adds a ring and, while it is there to be waited for, its descriptor.
    pub(super) fn push(&mut self, ring: Ring, map: BorrowedFd<'_>) -> Result<()> {
        self.rings.push(ring);
        if let Some((waiting, maps)) = &mut self.waiting {
            let map = map.try_clone_to_owned().context("copy a descriptor")?;
            epoll::add(&*waiting, &map, EventData::new_u64(0), EventFlags::IN).context("watch a ring")?;
            maps.push(map);
        }
        Ok(())
    }

    /// Sleeps until the kernel says that a ring has something, which it does only if a producer asks it to: ours do
    /// not. Ends after `limit`, or when a signal comes.
    pub(super) fn wait(&self, limit: Duration) -> Result<()> {
        let Some((waiting, _)) = &self.waiting else { return Ok(()) };
        let limit = Timespec::try_from(limit).context("a time to wait")?;
        let mut events = [epoll::Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }];
        match epoll::wait(waiting, &mut events[..], Some(&limit)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error).context("wait for a ring"),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.rings.len()
    }

    /// Frees the last record and returns the oldest of all. Its space stays taken until the next call, and a
    /// record that is still being written holds up its ring, both as in Falco.
    pub(super) fn next(&mut self) -> Option<Record<'_>> {
        self.release();
        let heads = self.rings.iter_mut().enumerate();
        let times = heads.filter_map(|(index, ring)| Some((Record::new(ring.peek()?).time_ns(), index)));
        let (_, oldest) = times.min()?;
        self.held = Some(oldest);
        self.rings[oldest].peek().map(Record::new)
    }

    /// Frees the last record.
    pub(super) fn release(&mut self) {
        if let Some(index) = self.held.take() {
            self.rings[index].pass();
        }
    }

    /// Counts, and frees, the records that nobody will read.
    pub(super) fn count_left(mut self) -> u64 {
        let mut left = 0;
        self.release();
        for ring in &mut self.rings {
            while ring.peek().is_some() {
                ring.pass();
                left += 1;
            }
        }
        left
    }
}
