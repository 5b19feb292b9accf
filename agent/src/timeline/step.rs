//! Two neighbouring samples, and what is odd about the time between them.

use super::{
    Slice,
    source::{Pair, pairs},
};
use crate::sample::{FalcoSample, RingSample, Sample};

/// Clocks that drift apart by less were only read at different instants, or are being slewed (at most 0.05 %, adjtimex(2)).
const CLOCK_NOISE_NS: u64 = 10_000_000;

/// Two neighbouring samples.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    slice: Slice<'a>,
    /// The earlier.
    pub from: &'a Sample,
    /// The later.
    pub to: &'a Sample,
}

/// What is odd about a step. Its deltas hold all the same; rates and maxima may not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Longer than twice the time between samples, or samples between are missing: maxima of that time may be.
    pub gap: bool,
    /// The node slept.
    pub suspended: bool,
    /// Somebody set the clock.
    pub clock_step: bool,
    /// CPUs came or went.
    pub hotplug: bool,
    /// A counter went back.
    pub reset: bool,
    /// A tool ended and another of its kind began.
    pub restart: bool,
}

impl Flags {
    /// Anything at all.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

impl<'a> Step<'a> {
    pub(super) fn new(slice: Slice<'a>, from: &'a Sample, to: &'a Sample) -> Self {
        Self { slice, from, to }
    }

    /// The same as a slice, for its totals.
    #[must_use]
    pub fn slice(&self) -> Slice<'a> {
        self.slice
    }

    /// Its length, ns of `CLOCK_MONOTONIC`.
    #[must_use]
    pub fn length_ns(&self) -> u64 {
        self.slice.length_ns()
    }

    /// All that is odd.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags {
            gap: self.gap_ns() > 0,
            suspended: self.suspended_ns() > 0,
            clock_step: self.clock_step_ns() != 0,
            hotplug: self.hotplug().is_some(),
            reset: self.has_reset(),
            restart: !self.tools_restarted().is_empty(),
        }
    }

    /// Time that no sample vouches for, ns: what the later one's maxima do not cover because samples between were lost, or
    /// the excess over the time between samples where that is more than as much again.
    #[must_use]
    pub fn gap_ns(&self) -> u64 {
        let length_ns = self.length_ns();
        let uncovered_ns = match self.to.interval_ns {
            0 => 0,
            interval_ns => length_ns.saturating_sub(interval_ns),
        };
        // Samples that were folded stand for more than one interval each, and are no gap.
        let expected_ns = self.slice.setup.interval_ns.saturating_mul(u64::from(self.to.folded) + 1);
        let late_ns = match expected_ns {
            0 => 0,
            expected_ns if length_ns > 2 * expected_ns => length_ns - expected_ns,
            _ => 0,
        };
        let is_noise = uncovered_ns < CLOCK_NOISE_NS;
        if is_noise { late_ns } else { late_ns.max(uncovered_ns) }
    }

    /// Time that the node slept, ns: the boot clock goes on in suspend, the monotonic does not.
    #[must_use]
    pub fn suspended_ns(&self) -> u64 {
        let boot_ns = self.to.clock.boot_ns.saturating_sub(self.from.clock.boot_ns);
        let slept_ns = boot_ns.saturating_sub(self.length_ns());
        if slept_ns < CLOCK_NOISE_NS { 0 } else { slept_ns }
    }

    /// By how much the real-time clock was set forward or back, ns; 0 if it was not.
    #[must_use]
    pub fn clock_step_ns(&self) -> i64 {
        let passed = |from_ns: u64, to_ns: u64| i128::from(to_ns) - i128::from(from_ns);
        let boot_ns = passed(self.from.clock.boot_ns, self.to.clock.boot_ns);
        let step_ns = passed(self.from.clock.real_ns, self.to.clock.real_ns) - boot_ns;
        let noise_ns = i128::from(CLOCK_NOISE_NS) + boot_ns.abs() / 1000;
        if step_ns.abs() <= noise_ns { 0 } else { i64::try_from(step_ns).unwrap_or(i64::MAX) }
    }

    /// CPUs that run before and after, if they are known and not the same.
    #[must_use]
    pub fn hotplug(&self) -> Option<(&'a str, &'a str)> {
        let (before, after) = (self.from.cpus_online.as_deref()?, self.to.cpus_online.as_deref()?);
        (before != after).then_some((before, after))
    }

    /// A counter went back although its source is the same.
    #[must_use]
    pub fn has_reset(&self) -> bool {
        self.slice.rings().iter().any(|ring| ring.resets > 0)
            || self.slice.falcos().iter().any(|falco| falco.resets > 0)
            || self.slice.probe_resets() > 0
    }

    /// Each ring in both samples.
    #[must_use]
    pub fn rings(&self) -> Vec<Pair<'a, RingSample>> {
        pairs(self.from.rings.as_deref(), self.from.clock.monotonic_ns, self.to.rings.as_deref())
    }

    /// Each Falco in both samples.
    #[must_use]
    pub fn falcos(&self) -> Vec<Pair<'a, FalcoSample>> {
        pairs(self.from.falcos.as_deref(), self.from.clock.monotonic_ns, self.to.falcos.as_deref())
    }

    /// Tools of which one process has ended and another has begun.
    #[must_use]
    pub fn tools_restarted(&self) -> Vec<&'a str> {
        let (Some(before), Some(after)) = (&self.from.rings, &self.to.rings) else { return Vec::new() };
        let owners = |rings: &'a [RingSample]| rings.iter().filter_map(|ring| ring.owner.as_ref());
        let has = |rings: &'a [RingSample], tgid: u32| owners(rings).any(|owner| owner.tgid == tgid);
        let ended = owners(before).filter(|owner| !has(after, owner.tgid));
        let began = |tool: &str| owners(after).any(|owner| owner.tool == tool && !has(before, owner.tgid));
        let mut tools: Vec<&str> = ended
            .filter(|owner| owner.tool != "other" && began(&owner.tool))
            .map(|owner| &*owner.tool)
            .collect();
        tools.sort_unstable();
        tools.dedup();
        tools
    }
}
