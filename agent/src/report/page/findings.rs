//! Findings, as every page shows them.

use super::Block;
use crate::diagnose::finding::{Fact, Finding, Remedy, RuledOut, Snippet};

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
        remedies(&finding.remedies, page);
    }
}

/// What to change, and the lines to do it with.
fn remedies(remedies: &[Remedy], page: &mut Vec<Block>) {
    page.push(Block::Text("What to change:".to_owned()));
    page.push(Block::List(remedies.iter().map(in_words).collect()));
    for remedy in remedies {
        snippets("In", remedy, page);
    }
}

/// The same, one of them is enough.
pub(crate) fn alternatives(all: &[Remedy], page: &mut Vec<Block>) {
    let Some((first, others)) = all.split_first() else { return };
    page.push(Block::Text("What to change:".to_owned()));
    let others_in_words = others.iter().map(|remedy| format!("or {}", in_words(remedy)));
    page.push(Block::List(std::iter::once(in_words(first)).chain(others_in_words).collect()));
    snippets("In", first, page);
    others.iter().for_each(|remedy| snippets("Or, instead of that, in", remedy, page));
}

fn snippets(lead: &str, remedy: &Remedy, page: &mut Vec<Block>) {
    for Snippet { place, text } in &remedy.snippets {
        page.push(Block::Code { place: format!("{lead} {place}:"), text: text.clone() });
    }
}

/// What to change.
pub(crate) fn in_words(remedy: &Remedy) -> String {
    let Remedy { text, key, from, to, also, memory_bytes: _, snippets: _ } = remedy;
    let one = |key: &str, from: Option<&str>, to: &str| match from {
        Some(from) => format!("{key}: from {from} to {to}"),
        None => format!("{key}: {to}"),
    };
    let Some((key, to)) = key.as_deref().zip(to.as_deref()) else { return text.clone() };
    let rest = also.iter().map(|changed| one(&changed.key, changed.from.as_deref(), &changed.to));
    let all: Vec<String> = std::iter::once(one(key, from.as_deref(), to)).chain(rest).collect();
    format!("{}: {text}", all.join(", with "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_alternatives_one_is_enough() {
        let remedy = |text: &str| Remedy {
            snippets: vec![Snippet::new(format!("/{text}"), "a: 1\n".to_owned())],
            ..Remedy::advice(text.to_owned())
        };
        let said = |all: &[Remedy]| {
            let mut page = Vec::new();
            alternatives(all, &mut page);
            let said = page.into_iter().flat_map(|block| match block {
                Block::List(points) => points,
                Block::Code { place, .. } => vec![place],
                _ => Vec::new(),
            });
            said.collect::<Vec<_>>()
        };
        let both = said(&[remedy("one"), remedy("two")]);
        assert_eq!(both, ["one", "or two", "In /one:", "Or, instead of that, in /two:"]);
        assert_eq!(said(&[remedy("one")]), ["one", "In /one:"]);
        assert_eq!(said(&[]), [] as [&str; 0]);
    }
}
