//! What is known of those who drain rings, for those who watch their threads.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use agent_common::watch::{HolderRow, MapRow, NOT_MAPPED};

use super::{
    object::{Object, WatchError},
    owners::name,
    ring::Ring,
    watch::{Rings, Watched},
};
use crate::observe::{
    consumers::press::{FALCO_BACK_OFF_NS, Press},
    falco::settings::CaptureSettings,
};

/// Name of the map of Falco's settings, as the kernel cuts it.
const SETTINGS: &str = "capture_setting";

/// A process that drains rings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drain {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// The tool that it is, from a closed set.
    pub tool: String,
    /// The thread that drains, as its own pid namespace counts, where the tool's settings say.
    pub named_tid: Option<u32>,
    /// Bytes consumed of all its rings.
    pub consumed_bytes: u64,
    /// Whether it had something to do.
    pub press: Press,
    /// One of its rings is above half, or held.
    pub is_pressing: bool,
}

/// A view of the rings' thread.
#[derive(Clone)]
pub struct Drains(Arc<Mutex<Watched>>);

impl Rings {
    /// Those who drain them.
    #[must_use]
    pub fn drains(&self) -> Drains {
        Drains(Arc::clone(&self.watched))
    }
}

impl Drains {
    /// All of them, dropctl left out.
    #[must_use]
    pub fn look(&self) -> Vec<Drain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pressed.drains()
    }
}

/// The press on each owner of rings.
#[derive(Default)]
pub(super) struct Pressed {
    drains: BTreeMap<u32, Drain>,
    /// The thread that the settings of a process name.
    named: BTreeMap<u32, u32>,
}

impl Pressed {
    /// Takes in the last look at all rings.
    pub(super) fn add<'a>(&mut self, rings: impl Iterator<Item = &'a Ring>) {
        let mut looks: BTreeMap<u32, (u64, bool, Drain)> = BTreeMap::new();
        for (owner, look) in rings.filter_map(|ring| Some((ring.owner()?, ring.last_look()))) {
            let fresh = || Drain { tgid: owner.tgid, tool: owner.tool.clone(), ..Drain::default() };
            let (time_ns, is_held, drain) = looks.entry(owner.tgid).or_insert_with(|| (0, false, fresh()));
            *time_ns = (*time_ns).max(look.time_ns);
            *is_held |= look.is_held;
            drain.consumed_bytes = drain.consumed_bytes.wrapping_add(look.consumer);
            drain.is_pressing |= look.is_above_half;
        }
        self.drains.retain(|tgid, _| looks.contains_key(tgid));
        for (tgid, (time_ns, is_held, drain)) in looks {
            let before = self.drains.get(&tgid);
            let mut press = before.map(|before| before.press).unwrap_or_default();
            let has_moved = before.is_some_and(|before| before.consumed_bytes != drain.consumed_bytes);
            let named_tid = self.named.get(&tgid).copied();
            // Only a probe of Falco's family has such settings, and its consumer polls.
            press.add(time_ns, is_held, has_moved, if named_tid.is_some() { FALCO_BACK_OFF_NS } else { 0 });
            let is_pressing = drain.is_pressing || is_held;
            self.drains.insert(tgid, Drain { press, named_tid, is_pressing, ..drain });
        }
    }

    /// Reads the settings of those who have some.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn find(
        &mut self,
        object: &mut Object,
        tables: &[MapRow],
        holders: &[HolderRow],
    ) -> Result<(), WatchError> {
        self.named.clear();
        for table in tables.iter().filter(|table| name(&table.name) == SETTINGS) {
            let of = |row: &&HolderRow| row.map == table.address && row.page_offset == NOT_MAPPED;
            let Some(owner) = holders.iter().filter(of).min_by_key(|row| row.tgid) else { continue };
            let bytes = object.values(table.id, table.value_size as usize)?;
            let filters = CaptureSettings::decode(&bytes).ok().and_then(|settings| settings.filters);
            let tid = filters.and_then(|filters| filters.scap_tid).map(i32::cast_unsigned);
            // 0 is no thread's id: it says that the tool polls, and not who drains.
            self.named.insert(owner.tgid, tid.unwrap_or(0));
        }
        Ok(())
    }

    fn drains(&self) -> Vec<Drain> {
        self.drains.values().cloned().collect()
    }
}
