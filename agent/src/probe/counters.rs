//! From the blocks of the kernel half to sums and overruns.

use agent_common::{counters::CpuCounters, slot::SLOTS};

use crate::{
    sample::Events,
    sys::counters::{CounterView, empty_block},
    timeline::overruns::OverrunMerge,
};

/// Sums over all CPUs at one reading.
pub(super) struct Totals {
    /// Event counts.
    pub events: Events,
    /// Exits by slot.
    pub syscalls: Box<[u64; SLOTS as usize]>,
}

/// Reads the counters and keeps track of overruns between readings.
pub(super) struct CounterReader {
    view: CounterView,
    block: Box<CpuCounters>,
    sample: u64,
    /// Overruns merged so far.
    pub overruns: OverrunMerge,
}

impl CounterReader {
    /// Reads through `view` the counters of a probe that streams one event in `sample`.
    #[must_use]
    pub(super) fn new(view: CounterView, sample: u32) -> Self {
        let overruns = OverrunMerge::new(view.cpus());
        Self { view, block: empty_block(), sample: sample.into(), overruns }
    }

    /// CPUs that have a block.
    pub(super) fn cpus(&self) -> u64 {
        self.view.cpus() as u64
    }

    /// One reading. `now_ns` is `CLOCK_MONOTONIC` from before it.
    pub(super) fn read(&mut self, now_ns: u64) -> Totals {
        let mut events = Events::default();
        let mut syscalls = Box::new([0_u64; SLOTS as usize]);
        for cpu in 0..self.view.cpus() {
            self.view.copy_to(cpu, &mut self.block);
            let block = &*self.block;
            events.own += block.own;
            events.attempted += block.attempted;
            events.submitted += block.submitted;
            events.dropped += block.dropped;
            for (sum, count) in syscalls.iter_mut().zip(&block.syscalls) {
                *sum += count;
            }
            // Each CPU takes the first event and then every `sample`-th. Not seen minus attempted: the two are
            // not of the same instant, and this number must never go back.
            let seen: u64 = block.syscalls.iter().sum();
            events.sampled_out += seen - seen.div_ceil(self.sample);
            self.overruns.add_cpu(cpu, &block.episodes);
        }
        events.seen = syscalls.iter().sum();
        self.overruns.merge(now_ns);
        Totals { events, syscalls }
    }

    /// Reads until two readings in a row agree and every record tried is either submitted or refused, for at
    /// most `attempts` readings with a grace period between them. Call after detaching.
    ///
    /// Returns `false` if the counters did not come to rest.
    pub(super) fn wait_for_rest(
        &mut self,
        attempts: u32,
        now_ns: impl Fn() -> u64,
        pause: impl Fn(),
    ) -> bool {
        let mut last = self.read(now_ns()).events;
        for _ in 0..attempts {
            pause();
            let events = self.read(now_ns()).events;
            if events == last && events.attempted == events.submitted + events.dropped {
                return true;
            }
            last = events;
        }
        false
    }
}

/// Counts by slot without the zeros.
#[must_use]
pub(super) fn nonzero_slots(counts: &[u64; SLOTS as usize]) -> Vec<(u16, u64)> {
    (0_u16..).zip(counts).filter(|(_, count)| **count > 0).map(|(slot, count)| (slot, *count)).collect()
}
