//! The account at the end. `n_evts` = `delivered` + `n_drops` + `left_in_rings`, always.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    consumer::Done,
    counters::{self, Counts},
};

/// One JSON object.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    n_evts: u64,
    n_drops: u64,
    n_drops_buffer: u64,
    n_drops_max_event_size: u64,
    categories: BTreeMap<&'static str, u64>,
    cpus: Vec<Cpu>,
    delivered: u64,
    /// Of the events delivered, without headers of the ring.
    bytes: u64,
    left_in_rings: u64,
    /// Hex: JSON numbers of this size do not survive every reader.
    checksum: String,
    drops_detected: u64,
    drop_alerts: u64,
    outputs_queue_num_drops: u64,
}

#[derive(Debug, Serialize)]
struct Cpu {
    n_evts: u64,
    n_drops: u64,
}

impl Summary {
    pub(super) fn new(cpus: &[Counts], left_in_rings: u64, done: Done) -> Self {
        let total = counters::total(cpus);
        Self {
            n_evts: total.events(),
            n_drops: total.drops(),
            n_drops_buffer: total.of("n_drops_buffer"),
            n_drops_max_event_size: total.of("n_drops_max_event_size"),
            categories: total.categories().collect(),
            cpus: cpus.iter().map(|cpu| Cpu { n_evts: cpu.events(), n_drops: cpu.drops() }).collect(),
            delivered: done.tally.delivered,
            bytes: done.tally.bytes,
            left_in_rings,
            checksum: format!("{:016x}", done.tally.checksum),
            drops_detected: done.detected,
            drop_alerts: done.alerted,
            outputs_queue_num_drops: done.outputs_dropped,
        }
    }
}
