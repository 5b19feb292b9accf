//! DC902 reduced-visibility: a privilege, kernel feature or mount is missing.
//!
//! What is hidden is named with the way to get it; numbers that depend on it are absent, not zero.
//!
//! What hides nothing on this node is no finding, though the list of what can be seen has it. `refusals`: kernels since 6.16 let nobody look
//! behind the helpers that write to rings, and that matters only for a ring whose tool keeps no count of its drops that dropctl can read;
//! one that overwrites refuses nothing. `shared_hook`: who else is on a tracepoint is a matter of cost, and hides no event.

use std::collections::BTreeMap;

use crate::{
    diagnose::{
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Severity},
    },
    sample::RingSample,
    setup::Visibility,
    timeline::Slice,
};

/// Fires when anything is missing that hides something.
pub(in crate::diagnose) fn check(slice: &Slice<'_>, visibility: &[Visibility]) -> Option<Finding> {
    let hides = |entry: &&Visibility| !entry.available && hides_something(slice, &entry.capability);
    let missing: Vec<&Visibility> = visibility.iter().filter(hides).collect();
    if missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = missing.iter().map(|entry| entry.capability.as_str()).collect();
    let summary = format!("This node hides something from dropctl: {}.", names.join(", "));
    let fact = |entry: &&Visibility| Fact::seen(format!("{}: {}", entry.capability, entry.note));
    Some(Finding {
        evidence: missing.iter().map(fact).collect(),
        ..Finding::new(Code::ReducedVisibility, Severity::Info, Confidence::High, summary)
    })
}

/// Whether anything that is there would be seen with it.
fn hides_something(slice: &Slice<'_>, capability: &str) -> bool {
    match capability {
        "shared_hook" => false,
        "refusals" => hides_refusals(slice),
        _ => true,
    }
}

/// Whether nobody counts what a ring refuses, of those that are gone, too; or what rings there are is not known.
fn hides_refusals(slice: &Slice<'_>) -> bool {
    if slice.last().is_none_or(|last| last.rings.is_none()) {
        return true;
    }
    // As it was seen last: the counter of a tool may be found after its ring.
    let rings = slice.samples().iter().flat_map(|sample| sample.rings.iter().flatten());
    let newest: BTreeMap<(u32, u64), &RingSample> =
        rings.map(|ring| ((ring.map_id, ring.found_ns), ring)).collect();
    newest.values().any(|ring| {
        // Another dropctl counts what its ring refuses, exactly.
        let is_dropctls = ring.is_own || ring.owner.as_ref().is_some_and(|owner| owner.tool == "dropctl");
        let is_counted = ring.overruns.is_some() || ring.refused.is_some();
        // One that overwrites refuses nothing.
        !(is_dropctls || ring.overwrites || is_counted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::{Overruns, RingOwner, Sample},
        timeline::example::{SECOND, ring, sample, timeline},
    };

    fn entry(capability: &str, available: bool) -> Visibility {
        Visibility { capability: capability.to_owned(), available, note: "why".to_owned() }
    }

    fn found(rings: Option<Vec<RingSample>>, visibility: &[Visibility]) -> Option<Finding> {
        check(&timeline([Sample { rings, ..sample(SECOND) }]).all(), visibility)
    }

    #[test]
    fn names_what_is_missing() {
        let finding = found(None, &[entry("btf", true), entry("cgroup_id", false)]).unwrap();
        assert_eq!(finding.summary, "This node hides something from dropctl: cgroup_id.");
        assert_eq!(finding.evidence, [Fact::seen("cgroup_id: why".to_owned())]);
    }

    #[test]
    fn is_silent_when_all_is_there() {
        assert_eq!(found(None, &[entry("btf", true)]), None);
    }

    #[test]
    fn is_silent_about_what_hides_nothing_here() {
        let refusals = [entry("refusals", false)];
        let counted = RingSample { overruns: Some(Overruns::default()), ..ring(1, 0, 0) };
        let own = RingSample { is_own: true, ..ring(2, 0, 0) };
        assert_eq!(found(Some(vec![counted.clone(), own]), &refusals), None, "its tool counts");
        let overwrites = RingSample { overwrites: true, ..ring(4, 0, 0) };
        assert_eq!(found(Some(vec![overwrites]), &refusals), None, "it refuses nothing");
        let owner = RingOwner { tool: "dropctl".to_owned(), ..RingOwner::default() };
        let another = RingSample { owner: Some(owner), ..ring(5, 0, 0) };
        assert_eq!(found(Some(vec![another]), &refusals), None, "a dropctl counts");
        assert!(found(Some(vec![counted, ring(3, 0, 0)]), &refusals).is_some(), "nobody counts for one");
        assert!(found(None, &refusals).is_some(), "what rings there are is not known");
        let hook = [entry("shared_hook", false)];
        assert_eq!((found(Some(Vec::new()), &hook), found(None, &hook)), (None, None));
    }

    #[test]
    fn a_ring_that_is_gone_hid_what_it_refused() {
        let at = |second: u64, rings| Sample { rings: Some(rings), ..sample(second * SECOND) };
        let with_counter = || RingSample { overruns: Some(Overruns::default()), ..ring(3, 0, 0) };
        let found = |first, second| {
            check(
                &timeline([at(1, first), at(2, second), at(3, Vec::new())]).all(),
                &[entry("refusals", false)],
            )
        };
        assert!(found(vec![ring(3, 0, 0)], Vec::new()).is_some(), "its tool has ended");
        assert_eq!(found(vec![ring(3, 0, 0)], vec![with_counter()]), None, "its counter was found later");
    }
}
