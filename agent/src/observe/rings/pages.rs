//! Positions from the two position pages of each ring, mapped read-only. A look costs a few loads.
//!
//! A mapping keeps the ring alive: who maps must let go of rings that nobody else holds (see `watch`).

use std::{
    collections::{BTreeMap, BTreeSet},
    os::fd::AsFd as _,
};

use aya::maps::MapInfo;

use super::{
    object::{Object, WatchError},
    source::{Look, Route, Source},
};
use crate::sys::{clock, ring::PositionPages};

/// The mapped pages by map id.
pub(super) struct Pages {
    mapped: BTreeMap<u32, PositionPages>,
}

impl Pages {
    /// Nothing mapped yet.
    pub(super) fn new() -> Self {
        Self { mapped: BTreeMap::new() }
    }

    /// Whether this process may open maps by id (CAP_SYS_ADMIN): tried on one, whichever.
    pub(super) fn allowed(map_id: u32) -> bool {
        MapInfo::from_id(map_id).is_ok()
    }
}

/// The file descriptor is closed again; the mapping stays.
fn map(map_id: u32) -> Option<PositionPages> {
    let fd = MapInfo::from_id(map_id).ok()?.fd().ok()?;
    PositionPages::new(fd.as_fd()).ok()
}

impl Source for Pages {
    fn route(&self) -> Route {
        Route::Pages
    }

    fn watch(&mut self, map_ids: &BTreeSet<u32>) {
        self.mapped.retain(|map_id, _| map_ids.contains(map_id));
        for map_id in map_ids {
            if !self.mapped.contains_key(map_id)
                && let Some(pages) = map(*map_id)
            {
                self.mapped.insert(*map_id, pages);
            }
        }
    }

    fn look(&mut self, object: &mut Object, looks: &mut Vec<Look>) -> Result<(), WatchError> {
        let has_pending = object.has_pending();
        let look = |(map_id, pages): (&u32, &PositionPages)| {
            let pending = has_pending.then(|| pages.pending());
            Look { map_id: *map_id, time_ns: clock::monotonic_ns(), positions: pages.read(), pending }
        };
        looks.extend(self.mapped.iter().map(look));
        Ok(())
    }
}
