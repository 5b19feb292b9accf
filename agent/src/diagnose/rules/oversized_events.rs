//! DC109 oversized-events: events are larger than the tool's program can build.
//!
//! It is this when `n_drops_scratch_map` (in the map: `n_drops_max_event_size`) grows and drops for want of room do not. Falco builds an
//! event of variable size in a scratch area of 128 KiB and refuses what is larger than 64 KiB: very long argument lists or environments,
//! messages with many parts.
//!
//! No size of the rings helps, and no setting does, except a smaller `falco_libs.snaplen` where that was raised. Find who makes them: the
//! finding names the syscalls and workloads that it can.
//!
//! Ruled out: full rings, because `n_drops_buffer` stood still.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact, Remedy},
        losses::Kind,
        verdict::{Claim, Verdict},
        words,
    },
    number::count,
};

/// Whether events were too large.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    if case.loss.kind != Kind::Oversized {
        return Verdict::Silent("none of these events was too large".to_owned());
    }
    let summary = format!(
        "{} lost {}: each was larger than its probe can build.",
        words::name(case),
        words::lost(case)
    );
    let buffer = case.falco.as_ref().map_or(0, |falco| falco.counts.n_drops_buffer);
    Verdict::Fires(Claim {
        strength: 1.0,
        confidence: Confidence::High,
        summary,
        evidence: vec![
            Fact::tool(format!("n_drops_max_event_size (in alerts n_drops_scratch_map) grew by {}", count(case.loss.drops))),
            Fact::tool(format!("n_drops_buffer grew by {} in the same time", count(buffer))),
        ],
        larger_rings: None,
        remedies: vec![Remedy::advice(
            "no buffer size helps: find who makes events of more than 64 KiB (argument lists, environments, messages of \
             many parts), and lower falco_libs.snaplen if it was raised"
                .to_owned(),
        )],
    })
}
