//! Findings, as every page shows them.

use super::Block;
use crate::diagnose::finding::{Fact, Finding, Remedy, RuledOut};

/// Findings with their evidence and remedies, as every page shows them.
pub(crate) fn all(findings: &[Finding], page: &mut Vec<Block>) {
    findings.iter().for_each(|finding| one(finding, page));
}

/// One of them.
pub(super) fn one(finding: &Finding, page: &mut Vec<Block>) {
    page.push(Block::Heading(format!(
        "{} {} ({}, confidence {})",
        finding.code.as_str(),
        finding.name,
        finding.severity.as_str(),
        finding.confidence.as_str()
    )));
    page.push(Block::Text(finding.summary.clone()));
    let fact = |fact: &Fact| match fact.evidence {
        Some(evidence) => format!("{} ({})", fact.text, evidence.as_str()),
        None => fact.text.clone(),
    };
    page.push(Block::List(finding.evidence.iter().map(fact).collect()));
    if !finding.ruled_out.is_empty() {
        let ruled_out = |other: &RuledOut| format!("{} {}: {}", other.code.as_str(), other.name, other.why);
        page.push(Block::Text("Ruled out:".to_owned()));
        page.push(Block::List(finding.ruled_out.iter().map(ruled_out).collect()));
    }
    if !finding.remedies.is_empty() {
        page.push(Block::Text("What to change:".to_owned()));
        page.push(Block::List(finding.remedies.iter().map(in_words).collect()));
    }
}

/// What to change.
pub(crate) fn in_words(remedy: &Remedy) -> String {
    let Remedy { text, key, from, to } = remedy;
    match (key, from, to) {
        (Some(key), Some(from), Some(to)) => format!("{key}: from {from} to {to}: {text}"),
        (Some(key), None, Some(to)) => format!("{key}: {to}: {text}"),
        _ => text.clone(),
    }
}
