//! What a ring refused. Pure.

use super::{
    model::{Refused, RefusedClass},
    tools::whose,
};
use crate::{
    sample::RefusalClass,
    timeline::{RefusedTotals, seconds},
};

/// From totals to what a report says.
#[must_use]
pub(super) fn build(refused: &RefusedTotals) -> Refused {
    let losers = whose(&refused.losers, refused.drops, refused.missed);
    let class =
        |(class, drops): &(RefusalClass, u64)| RefusedClass { class: name(*class).to_owned(), drops: *drops };
    Refused {
        evidence: losers.evidence,
        drops: refused.drops,
        classes: refused.classes.iter().map(class).collect(),
        bytes: refused.bytes,
        overrun_count: refused.overrun_count,
        overrun_seconds: seconds(refused.overrun_ns),
        losers,
    }
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
