//! Timelines made by hand, for tests of whatever reads one.

use super::Timeline;
use crate::{
    sample::{Clock, FalcoCounts, FalcoSample, Node, RingOwner, RingSample, Sample},
    setup::{Mode, Naming, Request, Setup},
};

/// ns.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// One sample a second, mode `stream`.
pub(crate) fn setup() -> Setup {
    Setup {
        version: "0.1.0".to_owned(),
        revision: None,
        request: Request { mode: Mode::Stream, sample: 1, ring_bytes: 4096, processes: 0 },
        hook: None,
        visibility: Vec::new(),
        interval_ns: SECOND,
        names: Naming::Real,
    }
}

/// A clock of a node that never slept.
pub(crate) fn at(ns: u64) -> Clock {
    Clock { monotonic_ns: ns, boot_ns: ns, real_ns: 1_790_000_000 * SECOND + ns }
}

/// Nothing but the time.
pub(crate) fn sample(ns: u64) -> Sample {
    Sample { clock: at(ns), interval_ns: SECOND, cpus_online: Some("0-3".to_owned()), ..Sample::default() }
}

/// A ring of a process of its own.
pub(crate) fn ring(map_id: u32, found_ns: u64, produced_bytes: u64) -> RingSample {
    let owner = RingOwner { tgid: 1000 + map_id, comm: "falco".to_owned(), tool: "falco".to_owned() };
    RingSample {
        map_id,
        found_ns,
        capacity_bytes: 8 << 20,
        produced_bytes,
        consumed_bytes: produced_bytes,
        owner: Some(owner),
        ..RingSample::default()
    }
}

/// A Falco that counted `n_evts`, a tenth of them dropped.
pub(crate) fn falco(map_id: u32, found_ns: u64, n_evts: u64) -> FalcoSample {
    let counts = |n_evts: u64| FalcoCounts {
        n_evts,
        n_drops_buffer: n_evts / 10,
        n_drops_max_event_size: Some(0),
        categories: vec![("open_exit".to_owned(), n_evts / 20)],
        cpus: vec![(n_evts, n_evts / 10)],
        ..FalcoCounts::default()
    };
    FalcoSample {
        tgid: 50,
        comm: "falco".to_owned(),
        tool: "falco".to_owned(),
        map_id,
        found_ns,
        before: counts(0),
        now: counts(n_evts),
        ..FalcoSample::default()
    }
}

/// These samples.
pub(crate) fn timeline(samples: impl IntoIterator<Item = Sample>) -> Timeline {
    let mut timeline = Timeline::new(Node::default(), setup());
    samples.into_iter().for_each(|sample| timeline.push(sample));
    timeline
}
