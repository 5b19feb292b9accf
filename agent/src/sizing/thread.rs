//! How long the thread that drains was kept from it in a step of the recording.
//!
//! What is known of it is as old as the last look at it, up to a second where no ring is above half: a step that ends in a sleep has
//! less of it than there was, and the next one the rest. Between two looks a stall is taken to be the last that happened, because a
//! ring fills in it, and with a ring above half looks are close.

use crate::{sample::ConsumerStates, timeline::Slice};

/// Looks at one thread, oldest first: when, and for how long it was kept from draining until then. `CLOCK_MONOTONIC`, ns.
pub(super) struct Looks(Vec<(u64, u64)>);

impl Looks {
    /// Those of this thread in a slice.
    pub(super) fn of(slice: &Slice<'_>, tgid: u32, tid: u32) -> Self {
        let mut looks: Vec<(u64, u64)> = Vec::new();
        let mut since_ns = None;
        for sample in slice.samples() {
            let consumers = sample.consumers.as_deref().unwrap_or_default();
            let Some(one) = consumers.iter().find(|one| one.tgid == tgid && one.tid == tid) else { continue };
            // Another thread of that number, or found anew: what it was before is told by its states alone.
            if since_ns.replace(one.since_ns) != Some(one.since_ns) {
                looks.clear();
            }
            let (last_ns, stalled_ns) = looks.last().copied().unwrap_or_default();
            if one.time_ns > last_ns {
                looks.push((one.time_ns, self::stalled_ns(&one.states).max(stalled_ns)));
            }
        }
        Self(looks)
    }

    /// Its stalls from one time to another; `None` before the first look.
    pub(super) fn stalled_ns(&self, from_ns: u64, to_ns: u64) -> Option<u64> {
        Some(self.until(to_ns)?.saturating_sub(self.until(from_ns)?))
    }

    fn until(&self, time_ns: u64) -> Option<u64> {
        let next = self.0.partition_point(|(look_ns, _)| *look_ns <= time_ns);
        let (_, before_ns) = self.0.get(next.checked_sub(1)?)?;
        let Some((look_ns, stalled_ns)) = self.0.get(next) else { return Some(*before_ns) };
        Some(before_ns + (stalled_ns - before_ns).saturating_sub(look_ns - time_ns))
    }
}

/// Waiting for a CPU, throttled or blocked.
pub(super) fn stalled_ns(states: &ConsumerStates) -> u64 {
    [states.throttled_ns, states.blocked_ns].into_iter().fold(states.waiting_ns, u64::saturating_add)
}
