//! What somebody reads who reads nothing else: verdict, cause, change. It fits on the first fifteen lines of a terminal.

use crate::{
    diagnose::{
        catalogue::Role,
        finding::{Finding, Severity},
    },
    report::{model::Report, page::findings::in_words},
};

/// Characters of each part: four lines.
const MOST_CHARACTERS: usize = 240;
/// Codes of other findings that are named.
const MOST_NAMED: usize = 6;

/// The finding that a report is about: the cause of the largest loss; else what is worst.
pub(super) fn primary(report: &Report) -> Option<&Finding> {
    let cause = report.findings.iter().find(|finding| finding.role == Role::Cause);
    cause.or_else(|| {
        report
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Info)
            .max_by_key(|one| one.severity)
    })
}

pub(super) fn lines(report: &Report) -> Vec<(&'static str, String)> {
    let mut lines = vec![("verdict", clip(&report.verdict))];
    let Some(finding) = primary(report) else {
        lines.push(("cause", "none: there is no loss to explain".to_owned()));
        lines.push(("change", "nothing".to_owned()));
        return lines;
    };
    let what = if finding.role == Role::Cause { "cause" } else { "finding" };
    lines.push((
        what,
        clip(&format!(
            "{} {} (confidence {}): {}",
            finding.code.as_str(),
            finding.name,
            finding.confidence.as_str(),
            finding.summary
        )),
    ));
    // Rules put first what helps most: a setting further down may be the last resort.
    let change = finding.remedies.first();
    lines.push((
        "change",
        change.map_or_else(|| "nothing that is known".to_owned(), |remedy| clip(&in_words(remedy))),
    ));
    let others: Vec<&Finding> = report.findings.iter().filter(|other| *other != finding).collect();
    if !others.is_empty() {
        let named: Vec<String> = others
            .iter()
            .take(MOST_NAMED)
            .map(|other| format!("{} {}", other.code.as_str(), other.name))
            .collect();
        let more = match others.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        lines.push(("also", format!("{}{more}", named.join(", "))));
    }
    lines
}

/// What the verdict says, where it is too long for the first lines.
pub(super) fn whole_verdict(report: &Report) -> Option<String> {
    (clip(&report.verdict) != report.verdict).then(|| report.verdict.clone())
}

/// At the end of a word.
fn clip(text: &str) -> String {
    let Some((at, _)) = text.char_indices().nth(MOST_CHARACTERS) else { return text.to_owned() };
    let end = text[..at].rfind(' ').unwrap_or(at);
    format!("{} ...", &text[..end])
}
