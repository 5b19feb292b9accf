//! The account at the end. `n_evts` = `delivered` + `n_drops` - `n_drops_invented` + `left_in_rings`, always.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    consumer::Done,
    counters::{self, Counts},
};

/// One JSON object, over all reloads.
#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    n_evts: u64,
    n_drops: u64,
    n_drops_buffer: u64,
    n_drops_max_event_size: u64,
    /// Of `n_drops`, what there never was: `--nonsense-at`.
    pub(super) n_drops_invented: u64,
    categories: BTreeMap<&'static str, u64>,
    cpus: Vec<Cpu>,
    delivered: u64,
    /// Of the events delivered, without headers of the ring.
    bytes: u64,
    left_in_rings: u64,
    /// Wrapping sum of the records' hashes.
    #[serde(serialize_with = "hex")]
    checksum: u64,
    drops_detected: u64,
    drop_alerts: u64,
    pub(super) outputs_queue_num_drops: u64,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Cpu {
    n_evts: u64,
    n_drops: u64,
}

impl Summary {
    /// Adds what was counted and done between two reloads.
    pub(super) fn add(&mut self, cpus: &[Counts], done: &Done) {
        let total = counters::total(cpus);
        self.n_evts += total.events();
        self.n_drops += total.drops();
        self.n_drops_buffer += total.of("n_drops_buffer");
        self.n_drops_max_event_size += total.of("n_drops_max_event_size");
        for (name, count) in total.categories() {
            *self.categories.entry(name).or_default() += count;
        }
        self.cpus.resize(cpus.len(), Cpu::default());
        for (sum, cpu) in self.cpus.iter_mut().zip(cpus) {
            sum.n_evts += cpu.events();
            sum.n_drops += cpu.drops();
        }
        self.delivered += done.tally.delivered;
        self.bytes += done.tally.bytes;
        self.left_in_rings += done.left_in_rings;
        self.checksum = self.checksum.wrapping_add(done.tally.checksum);
        self.drops_detected += done.detected;
        self.drop_alerts += done.alerted;
    }
}

/// JSON numbers of this size do not survive every reader.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn hex<S: serde::Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:016x}"))
}
