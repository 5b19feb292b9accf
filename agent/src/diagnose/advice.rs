//! Rings that would be large enough: those of the sizing model, so that a report and `dropctl size` say the same.

use std::collections::BTreeMap;

use super::{case::Case, finding::Remedy};
use crate::{
    number::bytes,
    remedies::{self, Wanted},
    sizing::{Recorded, ToolSizing},
};

/// A rule's wish for larger rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LargerRings {
    /// What holds the loss by the rule's own estimate, bytes: where the model has no answer.
    pub(super) at_least_bytes: u64,
    /// One ring for all CPUs, because a single one of them fills its own.
    pub(super) shared: bool,
}

/// What the model says of each tool, by process id: asked once, and only for a tool that something is said of.
#[derive(Default)]
pub(super) struct Sizes<'a> {
    recorded: Option<Recorded<'a>>,
    tools: BTreeMap<u32, Option<ToolSizing>>,
}

impl<'a> Sizes<'a> {
    /// The change to rings that hold what came, or that there is none.
    pub(super) fn remedy(&mut self, case: &Case<'a>, wish: LargerRings) -> Remedy {
        let subject = &case.loss.subject;
        let recorded = self.recorded.get_or_insert_with(|| Recorded::of(case.whole));
        let sizing = self.tools.entry(subject.tgid).or_insert_with(|| recorded.size(subject.tgid));
        let none = || Remedy::advice("no ring size that the tool offers holds this burst".to_owned());
        let Some(sizing) = sizing else { return estimated(case, wish).unwrap_or_else(none) };
        if let Some(no_size) = &sizing.no_size_helps {
            let would =
                no_size.would.first().map(|would| format!("; what would: {would}")).unwrap_or_default();
            return Remedy::advice(format!("no ring size helps: {}{would}", no_size.why));
        }
        // The least memory, which is last, shares rings differently.
        let remedies = &sizing.remedies;
        let remedy = if wish.shared { remedies.last() } else { remedies.first() };
        remedy.cloned().unwrap_or_else(none)
    }
}

/// By the loss alone.
fn estimated(case: &Case<'_>, wish: LargerRings) -> Option<Remedy> {
    let place = case.place();
    let wanted = remedies::PRESETS_BYTES.into_iter().find(|size| *size >= wish.at_least_bytes)?;
    let (rings, sharing) = if wish.shared { (1, Some(0)) } else { (case.rings.len().max(1), None) };
    let text = format!(
        "rings of {} hold what arrived in the loss; they take {} of memory",
        bytes(wanted),
        bytes(rings as u64 * wanted)
    );
    remedies::rings(&place, Wanted { ring_bytes: wanted, rings, sharing, text })
}
