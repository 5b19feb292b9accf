//! Findings that went, came or stayed.

use crate::{
    diagnose::{Code, Finding},
    diff::FindingDiff,
    report::Report,
};

/// Causes first, then as they are numbered.
pub(super) fn compare(a: &Report, b: &Report) -> Vec<FindingDiff> {
    let mut all: Vec<FindingDiff> = Vec::new();
    for (finding, is_after) in a
        .findings
        .iter()
        .map(|finding| (finding, false))
        .chain(b.findings.iter().map(|finding| (finding, true)))
    {
        let (code, tool) = key(finding);
        let at = all.iter().position(|other| (other.code, &other.tool) == (code, &tool));
        let index = at.unwrap_or_else(|| {
            all.push(FindingDiff {
                code,
                name: finding.name.clone(),
                role: finding.role,
                tool,
                a: None,
                b: None,
            });
            all.len() - 1
        });
        let place = if is_after { &mut all[index].b } else { &mut all[index].a };
        // Of several windows with the same cause the first is the largest.
        place.get_or_insert_with(|| finding.summary.clone());
    }
    all.sort_by(|one, other| (one.code.as_str(), &one.tool).cmp(&(other.code.as_str(), &other.tool)));
    all
}

fn key(finding: &Finding) -> (Code, Option<String>) {
    (finding.code, finding.tool.as_ref().map(|subject| subject.comm.clone()))
}
