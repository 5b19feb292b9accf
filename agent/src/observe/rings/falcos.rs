//! The probes of Falco and its family, and what they count: values of their maps, read by the watching programs.

use std::collections::BTreeMap;

use agent_common::watch::{HolderRow, MapRow};

use super::{
    follow::Followable,
    object::{Object, WatchError},
};
use crate::{
    btf::Btf,
    observe::falco::maps::{self, ProbeMaps},
    sample::{CaptureFacts, CounterLayout, FalcoCounts, FalcoFacts, FalcoSample, LosersSample, Overruns},
    sys::{bpf, clock},
    timeline::overruns::growth::Growth,
};

/// All of the node, by the id of the map of their counters: a reload makes new maps, and so a new probe.
#[derive(Default)]
pub(super) struct Falcos {
    known: BTreeMap<u32, Falco>,
    /// The newest table at the last time that all were looked for; `None` before that.
    newest: Option<u32>,
}

struct Falco {
    maps: ProbeMaps,
    found_ns: u64,
    /// Names and places of its counters, where the map's type tells.
    members: Option<Vec<(String, usize)>>,
    before: FalcoCounts,
    now: FalcoCounts,
    layout: CounterLayout,
    /// How often its counters were read.
    readings: u64,
    traced: Option<Vec<u32>>,
    capture: Option<CaptureFacts>,
    losers: Option<LosersSample>,
    /// Growth of the drops of each ring by its map id; of all of them together where no ring is known to be whose.
    growth: BTreeMap<Option<u32>, Growth>,
}

/// A ring of a tool, and the CPUs that it serves.
pub(super) struct Served {
    /// Its map.
    pub(super) map_id: u32,
    /// Whose it is.
    pub(super) tgid: u32,
    /// CPUs.
    pub(super) cpus: Vec<u32>,
}

/// What a probe was told is read at each of so many first readings: Falco fills these maps in after it made them.
const OFTEN_AT_FIRST: u64 = 20;
/// And later at one in so many.
const SELDOM_LATER: u64 = 20;

impl Falcos {
    /// Takes up new probes and forgets those that are gone.
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
        let found = maps::find(tables, holders);
        // Ids count upwards (`bpf_map_alloc_id`, kernel/bpf/syscall.c): a higher one was made since, and began at zero.
        let newest_before = self.newest;
        self.newest = tables.iter().map(|row| row.id).max().max(newest_before).or(Some(0));
        self.known.retain(|id, _| found.iter().any(|maps| maps.counters.id == *id));
        for maps in found {
            if self.known.contains_key(&maps.counters.id) {
                continue;
            }
            let members = members(maps.counters.id);
            let bytes = object.values(maps.counters.id, maps::bytes_of(&maps.counters))?;
            if let Some((now, layout)) = maps::counts(&maps.counters, &bytes, members.as_deref()) {
                let is_new = newest_before.is_some_and(|newest| maps.counters.id > newest);
                let before = if is_new { FalcoCounts::default() } else { now.clone() };
                let mut falco = Falco {
                    maps,
                    members,
                    found_ns: clock::monotonic_ns(),
                    before,
                    now,
                    layout,
                    readings: 0,
                    traced: None,
                    capture: None,
                    losers: None,
                    growth: BTreeMap::new(),
                };
                falco.read_told(object)?;
                self.known.insert(falco.maps.counters.id, falco);
            }
        }
        Ok(())
    }

    /// Reads all counters, at `now_ns`; whether any has more drops than before. A probe whose map is gone keeps its last
    /// ones until [`Self::find`] forgets it.
    ///
    /// # Errors
    ///
    /// [`WatchError`].
    pub(super) fn read(
        &mut self,
        object: &mut Object,
        rings: &[Served],
        now_ns: u64,
    ) -> Result<bool, WatchError> {
        let mut grew = false;
        for falco in self.known.values_mut() {
            let row = &falco.maps.counters;
            let bytes = object.values(row.id, maps::bytes_of(row))?;
            let counts = maps::counts(row, &bytes, falco.members.as_deref());
            falco.readings += 1;
            if let Some((now, layout)) = counts {
                grew |= now.n_drops_buffer > falco.now.n_drops_buffer;
                (falco.now, falco.layout) = (now, layout);
                falco.note_growth(rings, now_ns);
                if falco.readings <= OFTEN_AT_FIRST || falco.readings.is_multiple_of(SELDOM_LATER) {
                    falco.read_told(object)?;
                }
            }
        }
        Ok(grew)
    }

    /// Those that can be followed.
    pub(super) fn followables(&self) -> Vec<Followable<'_>> {
        let all = self.known.values().map(|Falco { maps, now, traced, .. }| Followable {
            maps,
            counts: now,
            // Nothing is in the table until the tool has filled it in.
            traced: traced.as_deref().filter(|traced| !traced.is_empty()),
        });
        all.collect()
    }

    /// Takes in whose events each of them dropped.
    pub(super) fn set_losers(&mut self, losers: impl Fn(u32) -> Option<LosersSample>) {
        for (map_id, falco) in &mut self.known {
            falco.losers = losers(*map_id);
        }
    }

    /// Whether a process is one of them.
    pub(super) fn has(&self, tgid: u32) -> bool {
        self.known.values().any(|falco| falco.maps.tgid == tgid)
    }

    /// Whether an overrun may go on.
    pub(super) fn is_dropping(&self) -> bool {
        self.known.values().any(|falco| falco.growth.values().any(Growth::is_open))
    }

    /// Overruns by the map id of the ring.
    pub(super) fn overruns(&self) -> impl Iterator<Item = (u32, Overruns)> + '_ {
        let of = |falco: &'_ Falco| {
            let of_rings = falco.growth.iter().filter_map(|(ring, growth)| Some(((*ring)?, growth.sample())));
            of_rings.collect::<Vec<_>>()
        };
        self.known.values().flat_map(of)
    }

    /// As last read.
    pub(super) fn sample(&self) -> Vec<FalcoSample> {
        let sample = |falco: &Falco| FalcoSample {
            found_ns: falco.found_ns,
            before: falco.before.clone(),
            now: falco.now.clone(),
            traced_syscalls: falco.traced.clone(),
            losers: falco.losers.clone(),
            overruns: falco.growth.get(&None).map(Growth::sample),
            facts: FalcoFacts { layout: falco.layout, capture: falco.capture, ..FalcoFacts::default() },
            ..maps::sample(&falco.maps)
        };
        self.known.values().map(sample).collect()
    }
}

impl Falco {
    fn note_growth(&mut self, rings: &[Served], now_ns: u64) {
        let of_cpu = |cpu: &u32| self.now.cpus.get(*cpu as usize).map_or(0, |(_, drops)| *drops);
        let own = rings.iter().filter(|ring| ring.tgid == self.maps.tgid && !ring.cpus.is_empty());
        let mut drops: BTreeMap<Option<u32>, u64> =
            own.map(|ring| (Some(ring.map_id), ring.cpus.iter().map(of_cpu).sum())).collect();
        if drops.is_empty() {
            drops.insert(None, self.now.n_drops_buffer);
        }
        self.growth.retain(|ring, _| drops.contains_key(ring));
        for (ring, drops) in drops {
            self.growth.entry(ring).or_default().add(now_ns, drops);
        }
    }

    /// What it was told: which syscalls to trace, which events to leave out.
    fn read_told(&mut self, object: &mut Object) -> Result<(), WatchError> {
        if let Some(row) = &self.maps.traced {
            self.traced = Some(maps::traced(row, &object.values(row.id, maps::bytes_of(row))?));
        }
        if let Some(row) = &self.maps.settings {
            self.capture = maps::capture(row, &object.values(row.id, maps::bytes_of(row))?);
        }
        Ok(())
    }
}

/// Names and places of the counters by the map's own type. `None` where it has none, or without `CAP_SYS_ADMIN`.
fn members(map_id: u32) -> Option<Vec<(String, usize)>> {
    let ty = bpf::value_type(map_id).ok()??;
    let members = Btf::parse(bpf::btf(ty.btf_id).ok()?).ok()?.words(ty.type_id).ok()?;
    let has = |wanted: &str| members.iter().any(|(name, _)| name == wanted);
    (has("n_evts") && has("n_drops_buffer")).then_some(members)
}
