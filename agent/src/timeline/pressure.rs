//! How short of memory a tool and its node were over a slice.

use super::Slice;
use crate::{
    number::share,
    sample::{MemoryGroup, Sample, Stall, Stalls, ToolPressure},
};

/// What a slice says of it. All of it is exact, as the kernel counts it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryTotals {
    /// Stalls of the tool's own cgroup; `None` where the kernel does not tell (cgroup v1, `psi=0`).
    pub tool: Option<Stalled>,
    /// Stalls of the node; `None` where the kernel does not tell.
    pub node: Option<Stalled>,
    /// Times that its cgroup or one above it was about to go over its limit, and memory was reclaimed first; `None` where none has a
    /// limit that can be read. That alone is what a full page cache does.
    pub limit_hits: Option<u64>,
}

/// Shares of the time in which threads waited for memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stalled {
    /// At least one thread did.
    pub some: f64,
    /// All that could have run did; `None` where the kernel does not say.
    pub full: Option<f64>,
}

impl Slice<'_> {
    /// Of the process `tgid`.
    #[must_use]
    pub fn memory(&self, tgid: u32) -> MemoryTotals {
        fn tool_of(sample: &Sample, tgid: u32) -> Option<(&Sample, &ToolPressure)> {
            let tool = sample.pressure.as_ref()?.tools.iter().find(|tool| tool.tgid == tgid)?;
            Some((sample, tool))
        }
        let mut seen = self.samples().iter().filter_map(|sample| tool_of(sample, tgid));
        // One sample alone is both ends.
        let ends = seen.next().map(|first| (first, seen.next_back().unwrap_or(first)));
        let tool = ends.and_then(|((first, before), (last, now))| {
            let length_ns = last.clock.monotonic_ns.saturating_sub(first.clock.monotonic_ns);
            // Another cgroup counts from elsewhere.
            let is_same = place(before) == place(now);
            is_same.then(|| stalled(before.stalls, now.stalls, length_ns)).flatten()
        });
        let of_node = |sample: Option<&Sample>| sample?.pressure.as_ref()?.node.stalls;
        MemoryTotals {
            tool,
            node: stalled(of_node(self.first()), of_node(self.last()), self.length_ns()),
            limit_hits: ends.and_then(|((_, before), (_, now))| {
                limit_hits(before.memory.as_ref()?, now.memory.as_ref()?)
            }),
        }
    }
}

fn place(tool: &ToolPressure) -> Option<&str> {
    tool.memory.as_ref()?.first().map(|group| &*group.cgroup)
}

fn stalled(before: Option<Stalls>, now: Option<Stalls>, length_ns: u64) -> Option<Stalled> {
    let (before, now): (Stall, Stall) = (before?.memory?, now?.memory?);
    let part = |before: u64, now: u64| Some(share(now.checked_sub(before)?, length_ns).min(1.0));
    let full = before.full_ns.zip(now.full_ns).and_then(|(before, now)| part(before, now));
    (length_ns > 0).then_some(())?;
    Some(Stalled { some: part(before.some_ns, now.some_ns)?, full })
}

/// Each hit is one of the cgroup whose limit it was, so that they add up.
fn limit_hits(before: &[MemoryGroup], now: &[MemoryGroup]) -> Option<u64> {
    let hits = now.iter().filter(|group| group.limit_bytes.is_some()).filter_map(|now| {
        let before = before.iter().find(|before| before.cgroup == now.cgroup)?;
        now.max_events?.checked_sub(before.max_events?)
    });
    hits.reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::{NodePressure, PressureSample},
        timeline::example::{SECOND, sample, timeline},
    };

    fn at(second: u64, cgroup: &str, some_ns: u64) -> Sample {
        let memory = |some_ns| Some(Stall { some_ns, full_ns: Some(some_ns / 2) });
        let stalls = |some_ns| Some(Stalls { memory: memory(some_ns), ..Stalls::default() });
        let group = MemoryGroup {
            cgroup: cgroup.to_owned(),
            limit_bytes: Some(1 << 20),
            max_events: Some(100 * second),
            ..MemoryGroup::default()
        };
        let tool = ToolPressure { tgid: 50, memory: Some(vec![group]), stalls: stalls(some_ns) };
        let node = NodePressure { stalls: stalls(some_ns / 10), ..NodePressure::default() };
        let pressure = PressureSample { node, tools: vec![tool] };
        Sample { pressure: Some(pressure), ..sample(second * SECOND) }
    }

    #[test]
    fn shares_are_of_the_time_that_was_seen() {
        let begin = sample(SECOND);
        let seen = timeline([begin, at(2, "/a", 7 * SECOND), at(4, "/a", 8 * SECOND)]);
        let memory = seen.all().memory(50);
        assert_eq!(memory.tool, Some(Stalled { some: 0.5, full: Some(0.25) }));
        assert_eq!((memory.limit_hits, memory.node), (Some(200), None), "the node was not seen at first");
        let node = timeline([at(2, "/a", 0), at(4, "/a", 10 * SECOND)]).all().memory(50).node;
        assert_eq!(node, Some(Stalled { some: 0.5, full: Some(0.25) }));
        assert_eq!(seen.all().memory(51), MemoryTotals::default(), "another process");
    }

    #[test]
    fn each_cgroup_with_a_limit_counts_for_itself() {
        let nested = |second: u64| {
            let mut sample = at(second, "/a/b", 0);
            let groups = sample.pressure.as_mut().unwrap().tools[0].memory.as_mut().unwrap();
            let above = |cgroup: &str, limit_bytes: Option<u64>, a_second: u64| MemoryGroup {
                cgroup: cgroup.to_owned(),
                limit_bytes,
                max_events: Some(a_second * second),
                ..MemoryGroup::default()
            };
            groups.extend([above("/a", Some(1 << 21), 3), above("/", None, 1_000)]);
            sample
        };
        assert_eq!(timeline([nested(1), nested(2)]).all().memory(50).limit_hits, Some(103));
    }

    #[test]
    fn what_went_back_or_moved_is_unknown() {
        let back = timeline([at(2, "/a", 8 * SECOND), at(4, "/a", 7 * SECOND)]);
        assert_eq!(back.all().memory(50).tool, None);
        let moved = timeline([at(2, "/a", 7 * SECOND), at(4, "/b", 8 * SECOND)]);
        assert_eq!((moved.all().memory(50).tool, moved.all().memory(50).limit_hits), (None, None));
        assert_eq!(timeline([at(2, "/a", 7 * SECOND)]).all().memory(50).tool, None, "no time went by");
    }
}
