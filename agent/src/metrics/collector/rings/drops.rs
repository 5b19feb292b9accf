//! Where the drops of a ring come from: the tool's own counter first, else what the ring was seen to refuse. A ring has one
//! source for life.

use crate::sample::{FalcoSample, Overruns, RingSample};

/// Drops, and the name of their source.
pub(super) fn drops_of(ring: &RingSample, falcos: &[FalcoSample]) -> Option<(u64, &'static str)> {
    match drops_by_tool(ring, falcos) {
        Some(drops) => Some((drops, "tool")),
        None => Some((ring.refused.as_ref()?.drops(), "exact")),
    }
}

/// Drops of the CPUs that the ring serves, by the tool.
pub(super) fn drops_by_tool(ring: &RingSample, falcos: &[FalcoSample]) -> Option<u64> {
    let tgid = ring.owner.as_ref().map(|owner| owner.tgid);
    let falco = falcos.iter().find(|falco| Some(falco.tgid) == tgid && !ring.places.is_empty())?;
    let of_cpu = |cpu: &u32| falco.now.cpus.get(*cpu as usize).map(|(_, drops)| drops);
    Some(ring.places.iter().filter_map(of_cpu).sum())
}

/// Overruns, of the same source.
pub(super) fn overruns_of(ring: &RingSample) -> Option<&Overruns> {
    match &ring.overruns {
        Some(overruns) => Some(overruns),
        None => Some(&ring.refused.as_ref()?.overruns),
    }
}
