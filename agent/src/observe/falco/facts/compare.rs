//! The effective half of the comparison: what the maps show of what was configured. Pure.

use std::str::FromStr as _;

use syscalls::Sysno;

use crate::sample::{BaseSyscallsFacts, FalcoSample, RingSample};

/// Falco leaves these out in the end, whoever asked for them, unless it is told to trace all
/// (userspace/falco/app/actions/configure_interesting_sets.cpp): reading and writing.
const HIGH_VOLUME: [&str; 8] = ["read", "pread", "write", "pwrite", "recv", "send", "splice", "process_vm_"];

/// Fills in what the maps of a Falco show.
pub(super) fn fill(falco: &mut FalcoSample, rings: &[RingSample]) {
    let own = |ring: &&RingSample| !ring.places.is_empty() && ring.is_of(falco.tgid);
    let own: Vec<&RingSample> = rings.iter().filter(own).collect();
    let comparison = &mut falco.facts.comparison;
    comparison.engine.effective = Some("modern_ebpf".to_owned());
    // Two probes of one process, for a moment while it reloads, have rings of two sizes.
    let sizes = own.first().map(|first| first.capacity_bytes);
    comparison.ring_bytes.effective =
        sizes.filter(|size| own.iter().all(|ring| ring.capacity_bytes == *size));
    comparison.ring_count.effective = (!own.is_empty()).then_some(own.len() as u64);
    comparison.drop_failed.effective = falco.facts.capture.and_then(|capture| capture.drop_failed);
    let base = falco.facts.configuration.as_ref().map(|configuration| &configuration.base_syscalls);
    if let (Some(base), Some(traced)) = (base, &falco.traced_syscalls) {
        comparison.excluded_but_traced = excluded_but_traced(base, traced);
        comparison.included_but_not_traced = Some(included_but_not_traced(base, traced));
    }
}

/// The number of a syscall in the native table.
fn number(name: &str) -> Option<u32> {
    u32::try_from(Sysno::from_str(name).ok()?.id()).ok()
}

/// `repair` adds what it needs after the exclusions, so that nothing follows from them then.
fn excluded_but_traced(base: &BaseSyscallsFacts, traced: &[u32]) -> Option<Vec<String>> {
    let is_traced = |name: &&String| number(name).is_some_and(|number| traced.contains(&number));
    (!base.repair).then(|| base.excluded.iter().filter(is_traced).cloned().collect())
}

/// A name that this kernel's architecture does not have is no syscall that could be missing. What is excluded, too, is
/// rightly not traced.
fn included_but_not_traced(base: &BaseSyscallsFacts, traced: &[u32]) -> Vec<String> {
    let is_due = |name: &&String| {
        let left_out = !base.all && HIGH_VOLUME.iter().any(|start| name.starts_with(start));
        !left_out && !base.excluded.contains(name)
    };
    let is_missing = |name: &&String| number(name).is_some_and(|number| !traced.contains(&number));
    base.included.iter().filter(is_due).filter(is_missing).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{CaptureFacts, ConfigurationFacts, RingOwner};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn ring(map_id: u32, tgid: u32, places: &[u32], capacity_bytes: u64) -> RingSample {
        let owner = Some(RingOwner { tgid, ..RingOwner::default() });
        RingSample { map_id, owner, places: places.to_vec(), capacity_bytes, ..RingSample::default() }
    }

    fn falco(base_syscalls: BaseSyscallsFacts, traced: &[&str]) -> FalcoSample {
        let mut falco = FalcoSample { tgid: 50, ..FalcoSample::default() };
        falco.traced_syscalls = Some(traced.iter().map(|name| number(name).unwrap()).collect());
        falco.facts.configuration =
            Some(ConfigurationFacts { base_syscalls, ..ConfigurationFacts::default() });
        falco
    }

    #[test]
    fn rings_of_this_process_alone_count() {
        let mut falco = falco(BaseSyscallsFacts::default(), &[]);
        falco.facts.capture = Some(CaptureFacts { drop_failed: Some(true), ..CaptureFacts::default() });
        let rings = [ring(1, 50, &[0, 1], 4096), ring(2, 50, &[2], 4096), ring(3, 51, &[0], 8192)];
        fill(&mut falco, &rings);
        let comparison = &falco.facts.comparison;
        assert_eq!(comparison.ring_bytes.effective, Some(4096));
        assert_eq!(comparison.ring_count.effective, Some(2));
        assert_eq!(comparison.drop_failed.effective, Some(true));
        fill(&mut falco, &[]);
        let comparison = &falco.facts.comparison;
        assert_eq!((comparison.ring_bytes.effective, comparison.ring_count.effective), (None, None));
        fill(&mut falco, &[ring(1, 50, &[0], 4096), ring(2, 50, &[0], 8192)]);
        assert_eq!(falco.facts.comparison.ring_bytes.effective, None, "two sizes are none");
    }

    #[test]
    fn exclusions_that_do_not_hold() {
        let base = |repair| BaseSyscallsFacts {
            excluded: names(&["close", "openat", "no_such_call"]),
            repair,
            ..BaseSyscallsFacts::default()
        };
        let mut sample = falco(base(false), &["close", "execve"]);
        fill(&mut sample, &[]);
        assert_eq!(sample.facts.comparison.excluded_but_traced, Some(names(&["close"])));
        let mut sample = falco(base(true), &["close"]);
        fill(&mut sample, &[]);
        assert_eq!(sample.facts.comparison.excluded_but_traced, None, "repair may have added it");
    }

    #[test]
    fn inclusions_that_are_missing() {
        let base = |all| BaseSyscallsFacts {
            included: names(&["execve", "openat", "read", "connect", "procexit"]),
            excluded: names(&["connect"]),
            all,
            ..BaseSyscallsFacts::default()
        };
        let missing = |all| {
            let mut sample = falco(base(all), &["execve"]);
            fill(&mut sample, &[]);
            sample.facts.comparison.included_but_not_traced
        };
        assert_eq!(missing(false), Some(names(&["openat"])), "read is of high volume");
        assert_eq!(missing(true), Some(names(&["openat", "read"])));
        let mut unknown = falco(base(false), &[]);
        unknown.traced_syscalls = None;
        fill(&mut unknown, &[]);
        assert_eq!(unknown.facts.comparison.included_but_not_traced, None);
    }
}
