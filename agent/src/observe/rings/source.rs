//! Where positions come from.

use std::collections::BTreeSet;

use super::object::{Object, WatchError};
use crate::sys::ring::Positions;

/// Which way the positions were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Through an iterator in the kernel.
    Iterator,
    /// From the position pages, mapped read-only.
    Pages,
}

/// One look at one ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Which.
    pub(super) map_id: u32,
    /// When, `CLOCK_MONOTONIC`, ns.
    pub(super) time_ns: u64,
    /// Where producer and consumer stood.
    pub(super) positions: Positions,
    /// Where the oldest record that is not committed begins; `None` where the kernel does not tell.
    pub(super) pending: Option<u64>,
}

/// A way to the positions of all rings that are watched.
pub(super) trait Source: Send {
    /// Which way it is.
    fn route(&self) -> Route;

    /// These rings are watched from now on; those that are not among them are let go.
    fn watch(&mut self, map_ids: &BTreeSet<u32>);

    /// One look at each, added to `looks`.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    fn look(&mut self, object: &mut Object, looks: &mut Vec<Look>) -> Result<(), WatchError>;
}
