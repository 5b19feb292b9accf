//! DC107 pending-record: a record that was reserved and not yet committed holds the ring.
//!
//! It is this when the ring refused records although its consumer had taken all that was committed: the oldest record was still marked busy.
//! The kernel neither hands out what lies behind it nor lets the ring grow more than its size beyond it. A program that was interrupted, or
//! that sleeps between reserve and submit, is the cause.
//!
//! The remedy is in the tool's program: reserve late, submit at once, do nothing that can sleep or fault in between. A contributor rather
//! than a cause unless the busy record is seen for most of the loss.
//!
//! Ruled out: a slow consumer, because nothing that it could take was left.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact, Remedy},
        verdict::{Claim, Verdict},
        words,
    },
    number::{percent, share},
    sample::RingSample,
};

/// A ring that is nearly full, by its share.
const NEARLY_FULL: f64 = 0.9;
/// Of the samples with a nearly full ring, so many must show the busy record.
const LEAST_SHARE: f64 = 0.5;

/// Whether a record that was not committed held the ring.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let tgid = case.loss.subject.tgid;
    let samples = case.slice.samples().iter().flat_map(|sample| sample.rings.as_deref().unwrap_or_default());
    let of_tool = samples.filter(|ring| ring.is_of(tgid));
    let full: Vec<&RingSample> =
        of_tool.filter(|ring| share(ring.backlog_bytes, ring.capacity_bytes) >= NEARLY_FULL).collect();
    if full.is_empty() {
        return Verdict::Silent("no sample saw a full ring".to_owned());
    }
    if full.iter().all(|ring| ring.pending_bytes.is_none()) {
        return Verdict::Unknown(
            "positions of uncommitted records: Linux 6.10, or an older one with the fix of CVE-2024-41009",
        );
    }
    // All that the consumer has left is what it may not take: from the busy record on.
    let held = full.iter().filter(|ring| ring.pending_bytes == Some(ring.backlog_bytes)).count();
    let held_share = share(held as u64, full.len() as u64);
    if held_share < LEAST_SHARE {
        return Verdict::Silent("the consumer had committed records left to take".to_owned());
    }
    let summary = format!(
        "{} lost {}: a record that was reserved and not committed held a full ring; all before it had been taken.",
        words::name(case),
        words::lost(case)
    );
    Verdict::Fires(Claim {
        strength: held_share,
        confidence: if full.len() > 1 { Confidence::Medium } else { Confidence::Low },
        summary,
        evidence: vec![Fact::exact(format!(
            "in {} of {} samples with a full ring ({}) nothing that is committed was left in it",
            held,
            full.len(),
            percent(held_share)
        ))],
        larger_rings: None,
        remedies: vec![Remedy::advice(
            "in the tool's program: reserve late, submit at once, and do nothing in between that can sleep or fault".to_owned(),
        )],
    })
}
