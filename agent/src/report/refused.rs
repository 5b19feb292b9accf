//! What a ring refused. Pure.

use super::{
    model::{Estimate, Refused, RefusedClass},
    tools::loss,
};
use crate::{
    evidence::Evidence,
    sample::{EstimateSample, RefusalClass},
    timeline::RefusedTotals,
};

/// From totals to what a report says.
#[must_use]
pub(super) fn build(refused: &RefusedTotals) -> Refused {
    let losers = loss::whose(&refused.losers);
    let class =
        |(class, drops): &(RefusalClass, u64)| RefusedClass { class: name(*class).to_owned(), drops: *drops };
    Refused {
        evidence: losers.evidence,
        drops: refused.drops(),
        classes: refused.classes.iter().map(class).collect(),
        bytes: refused.bytes,
        losers,
    }
}

/// The same of what is thought.
#[must_use]
pub(super) fn estimate(estimate: &EstimateSample) -> Estimate {
    let EstimateSample { low, likely, high, .. } = *estimate;
    Estimate { evidence: Evidence::Estimated, low, likely, high }
}

fn name(class: RefusalClass) -> &'static str {
    match class {
        RefusalClass::Behind => "behind",
        RefusalClass::Pending => "pending",
        RefusalClass::Lock => "lock",
        RefusalClass::TooBig => "too_big",
        RefusalClass::Flags => "flags",
        RefusalClass::Raced => "raced",
    }
}
