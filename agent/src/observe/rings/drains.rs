//! What is known of those who drain rings, for those who watch their threads.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, Thread},
    time::Duration,
};

use agent_common::watch::{HolderRow, MapRow, NOT_MAPPED};

use super::{
    object::{Object, WatchError},
    owners::{Owner, name},
    ring::{LastLook, Ring},
    watch::{Rings, Watched},
};
use crate::{
    observe::{consumers::press::Press, falco::settings::CaptureSettings, tools::known::tool},
    sample::FALCO_BACK_OFF_NS,
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

    /// Sleeps until one of them presses, but at least until `earliest_ns` (`CLOCK_MONOTONIC`), and at most for `longest`;
    /// until then also when the thread is unparked.
    pub fn sleep(&self, earliest_ns: u64, longest: Duration) {
        let sleeper = Sleeper { thread: thread::current(), earliest_ns };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pressed.sleeper = Some(sleeper);
        thread::park_timeout(longest);
    }
}

/// The last looks at all rings of one owner.
struct Sum<'a> {
    owner: &'a Owner,
    time_ns: u64,
    is_held: bool,
    is_above_half: bool,
    consumed_bytes: u64,
}

impl<'a> Sum<'a> {
    fn new(owner: &'a Owner, look: &LastLook) -> Self {
        let LastLook { time_ns, consumer, is_held, is_above_half, .. } = *look;
        Self { owner, time_ns, is_held, is_above_half, consumed_bytes: consumer }
    }

    fn add(&mut self, look: &LastLook) {
        self.time_ns = self.time_ns.max(look.time_ns);
        self.is_held |= look.is_held;
        self.is_above_half |= look.is_above_half;
        self.consumed_bytes = self.consumed_bytes.wrapping_add(look.consumer);
    }
}

/// The press on each owner of rings.
#[derive(Default)]
pub(super) struct Pressed {
    drains: BTreeMap<u32, Drain>,
    /// The thread that the settings of a process name.
    named: BTreeMap<u32, u32>,
    sleeper: Option<Sleeper>,
}

/// Who sleeps until something presses.
struct Sleeper {
    thread: Thread,
    earliest_ns: u64,
}

impl Pressed {
    /// Takes in the last look at all rings. Hundreds of times a second, so nothing is made anew for an owner that is known.
    pub(super) fn add<'a>(&mut self, rings: impl Iterator<Item = &'a Ring>) {
        let mut sums: Vec<Sum<'_>> = Vec::with_capacity(self.drains.len());
        for (owner, look) in rings.filter_map(|ring| Some((ring.owner()?, ring.last_look()))) {
            match sums.iter_mut().rev().find(|sum| sum.owner.tgid == owner.tgid) {
                Some(sum) => sum.add(&look),
                None => sums.push(Sum::new(owner, &look)),
            }
        }
        self.drains.retain(|tgid, _| sums.iter().any(|sum| sum.owner.tgid == *tgid));
        for sum in sums {
            let tgid = sum.owner.tgid;
            let is_new = !self.drains.contains_key(&tgid);
            let drain = self.drains.entry(tgid).or_default();
            let has_moved = !is_new && drain.consumed_bytes != sum.consumed_bytes;
            let name = tool(&sum.owner.comm);
            if drain.tool != name {
                name.clone_into(&mut drain.tool);
            }
            (drain.tgid, drain.consumed_bytes) = (tgid, sum.consumed_bytes);
            drain.named_tid = self.named.get(&tgid).copied();
            // Only a probe of Falco's family has such settings, and its consumer polls.
            let back_off_ns = if drain.named_tid.is_some() { FALCO_BACK_OFF_NS } else { 0 };
            drain.press.add(sum.time_ns, sum.is_held, has_moved, back_off_ns);
            drain.is_pressing = sum.is_above_half || sum.is_held;
            if drain.is_pressing
                && let Some(sleeper) = self.sleeper.take_if(|sleeper| sum.time_ns >= sleeper.earliest_ns)
            {
                sleeper.thread.unpark();
            }
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
