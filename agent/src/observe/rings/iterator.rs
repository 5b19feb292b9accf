//! Positions through the iterator: a walk over all maps of the node, with the privileges of any BPF program.

use std::collections::BTreeSet;

use agent_common::watch::{MapRow, NO_PENDING};

use super::{
    object::{Object, WatchError},
    source::{Look, Route, Source},
};
use crate::sys::ring::Positions;

/// Nothing is kept between looks.
pub(super) struct Iterator;

impl Source for Iterator {
    fn route(&self) -> Route {
        Route::Iterator
    }

    fn watch(&mut self, _map_ids: &BTreeSet<u32>) {}

    fn look(&mut self, object: &mut Object, looks: &mut Vec<Look>) -> Result<(), WatchError> {
        looks.extend(object.rings()?.iter().map(look));
        Ok(())
    }
}

/// What a row says about positions.
pub(super) fn look(row: &MapRow) -> Look {
    Look {
        map_id: row.id,
        time_ns: row.time_ns,
        positions: Positions { consumer: row.consumer, producer: row.producer },
        pending: (row.pending != NO_PENDING).then_some(row.pending),
    }
}
