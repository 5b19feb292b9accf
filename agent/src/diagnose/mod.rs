//! Findings: what the facts mean. Each rule is a pure function in a file of its own.

pub mod catalogue;
pub mod finding;
mod rules;

use crate::{setup::Visibility, timeline::Slice};

pub use catalogue::Code;
pub use finding::{Confidence, Finding, Severity};

/// All findings for a stretch of time, most severe first.
#[must_use]
pub fn diagnose(slice: &Slice<'_>, visibility: &[Visibility]) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        [rules::own_overrun::check(slice), rules::reduced_visibility::check(visibility)]
            .into_iter()
            .flatten()
            .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}
