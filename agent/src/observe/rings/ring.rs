//! One ring that is watched.

use std::time::Duration;

use agent_common::{full::FullRing, watch::MapRow};

use super::{
    iterator,
    owners::{Owner, Place, name},
    source::Look,
    statistics::{BASE_NS, Statistics},
};
use crate::{
    observe::tools::known::tool,
    sample::{EstimateSample, Overruns, RefusedSample, RingOwner, RingSample},
    sys::ring::Positions,
};

/// `BPF_F_RB_OVERWRITE` (include/uapi/linux/bpf.h, 6.19): such a ring refuses nothing, it overwrites.
const OVERWRITE: u32 = 1 << 19;

/// What is known of it.
pub(super) struct Ring {
    row: MapRow,
    statistics: Statistics,
    pending: Option<u64>,
    found_ns: u64,
    time_ns: u64,
    is_held: bool,
    /// Whose it is.
    pub(super) place: Place,
    /// When it refused records, where that is known.
    pub(super) overruns: Option<Overruns>,
    /// What it refused, where that is counted.
    pub(super) refused: Option<RefusedSample>,
    /// What it is thought to have refused.
    pub(super) estimated: Option<EstimateSample>,
}

/// What the last look at a ring saw.
pub(super) struct LastLook {
    /// When, `CLOCK_MONOTONIC` ns.
    pub(super) time_ns: u64,
    /// The consumer's position.
    pub(super) consumer: u64,
    /// It was surely not empty since the look before.
    pub(super) is_held: bool,
    /// More than half of it is taken.
    pub(super) is_above_half: bool,
    /// It may refuse records soon.
    pub(super) is_lively: bool,
}

impl Ring {
    /// Found as this row says. If it is new, made since all rings were looked for the last time, everything in it counts.
    pub(super) fn new(row: MapRow, is_new: bool) -> Self {
        let Look { time_ns, positions, pending, .. } = iterator::look(&row);
        let first = if is_new { Positions { producer: 0, consumer: 0 } } else { positions };
        let statistics = Statistics::new(row.max_entries.into(), time_ns, first, positions);
        Self {
            row,
            statistics,
            pending,
            found_ns: time_ns,
            time_ns,
            is_held: false,
            place: Place::default(),
            overruns: None,
            refused: None,
            estimated: None,
        }
    }

    /// Where to look whether it is full, once it has had a record; `None` if it refuses nothing.
    pub(super) fn full_ring(&self) -> Option<FullRing> {
        let has_begun = self.statistics.positions().producer > 0;
        (has_begun && !self.place.is_own && !self.overwrites()).then_some(FullRing {
            map: self.row.address,
            mask: u64::from(self.row.max_entries).saturating_sub(1),
            id: self.row.id,
            ..FullRing::default()
        })
    }

    /// When it was found, `CLOCK_MONOTONIC` ns.
    pub(super) fn found_ns(&self) -> u64 {
        self.found_ns
    }

    /// Another look.
    pub(super) fn add(&mut self, look: Look) {
        // The consumer has not even reached what had been produced at the look before.
        let ahead = self.statistics.positions().producer.wrapping_sub(look.positions.consumer);
        self.is_held = ahead.cast_signed() > 0;
        self.statistics.add(look.time_ns, look.positions);
        self.pending = look.pending;
        self.time_ns = look.time_ns;
    }

    /// Whose it is, if it is drained at all: one that overwrites waits for nobody.
    pub(super) fn owner(&self) -> Option<&Owner> {
        self.place.owner.as_ref().filter(|_| !self.place.is_own && !self.overwrites())
    }

    /// What the last look saw.
    pub(super) fn last_look(&self) -> LastLook {
        let positions = self.statistics.positions();
        LastLook {
            time_ns: self.time_ns,
            consumer: positions.consumer,
            is_held: self.is_held,
            is_lively: self.statistics.is_lively && !self.overwrites(),
            is_above_half: 2 * positions.backlog_bytes() > u64::from(self.row.max_entries),
        }
    }

    fn overwrites(&self) -> bool {
        self.row.flags & OVERWRITE != 0
    }

    /// All of it, by looks that were `every` so long. Begins another interval.
    pub(super) fn sample(&mut self, every: Duration) -> RingSample {
        let sample = self.look_back(every);
        self.statistics.begin_interval();
        sample
    }

    fn look_back(&self, every: Duration) -> RingSample {
        let Self { row, statistics, pending, found_ns, time_ns, place, overruns, refused, estimated, .. } =
            self;
        let positions = statistics.positions();
        let capacity_bytes = u64::from(row.max_entries);
        let overwrites = self.overwrites();
        // Where records are overwritten, positions drift apart by more than there is room for.
        let held = |bytes: u64| if overwrites { bytes.min(capacity_bytes) } else { bytes };
        let shortest_ns = BASE_NS.max(u64::try_from(every.as_nanos()).unwrap_or(u64::MAX));
        RingSample {
            map_id: row.id,
            name: Some(name(&row.name)).filter(|name| !name.is_empty()),
            found_ns: *found_ns,
            time_ns: *time_ns,
            capacity_bytes,
            overwrites,
            producer_bytes: positions.producer,
            consumer_bytes: positions.consumer,
            pending_bytes: pending.map(|pending| positions.producer.saturating_sub(pending)),
            backlog_bytes: held(positions.backlog_bytes()),
            backlog_max_bytes: held(statistics.backlog_max_bytes),
            interval_backlog_max_bytes: held(statistics.interval_backlog_max_bytes),
            produced_bytes: statistics.produced_bytes(),
            consumed_bytes: statistics.consumed_bytes(),
            above_90_ns: statistics.above_90_ns,
            full_ns: statistics.full_ns,
            stalls: statistics.stalls,
            stalled_ns: statistics.stalled_ns,
            looks: statistics.looks,
            interval_arrivals: statistics
                .arrivals
                .maxima()
                .into_iter()
                .filter(|(length_ns, _)| *length_ns >= shortest_ns)
                .collect(),
            overruns: overruns.clone(),
            owner: place.owner.as_ref().map(ring_owner),
            refused: refused.clone(),
            estimated: *estimated,
            places: place.places.clone(),
            is_own: place.is_own,
        }
    }
}

fn ring_owner(owner: &Owner) -> RingOwner {
    RingOwner { tgid: owner.tgid, comm: owner.comm.clone(), tool: tool(&owner.comm).to_owned() }
}
