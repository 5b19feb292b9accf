//! What rings refused and whose events that was, where it was counted behind the helpers.

use super::{Block, tools};
use crate::report::{
    model::{Refused, Report},
    number::{bytes, count},
};

/// Rings of tools whose own counters were followed are told of there.
pub(super) fn rings(report: &Report, page: &mut Vec<Block>) {
    for tool in report.tools.iter().flatten() {
        let is_followed = tool.counters.as_ref().is_some_and(|counters| counters.losers.is_some());
        for ring in &tool.rings {
            let Some(refused) = ring.refused.as_ref().filter(|refused| refused.drops > 0) else { continue };
            let (name, place) = tools::names(tool, ring);
            page.push(Block::Heading(format!(
                "{name}, ring {place}: refused records (counted at the helper)"
            )));
            page.push(Block::Facts(facts(refused)));
            if !is_followed {
                page.push(Block::Text(format!("Whose events {name} dropped, by looking at each refusal:")));
                tools::losers(&refused.losers, refused.drops, page);
            }
        }
    }
}

fn facts(refused: &Refused) -> Vec<(&'static str, String)> {
    let classes: Vec<String> = refused
        .classes
        .iter()
        .map(|class| format!("{} {}", count(class.drops), words(&class.class)))
        .collect();
    let mut facts = vec![
        ("refused", format!("{} records, {}", count(refused.drops), bytes(refused.bytes))),
        ("why", classes.join(", ")),
    ];
    if let Some(missed) = refused.losers.missed.filter(|missed| *missed > 0) {
        facts.push(("not counted", format!("up to {}: the kernel skipped so many runs", count(missed))));
    }
    facts
}

fn words(class: &str) -> &str {
    match class {
        "behind" => "because the consumer was behind",
        "pending" => "held up by a record that was not committed",
        "lock" => "because the ring's lock was taken",
        "too_big" => "larger than the ring",
        "flags" => "with flags that the kernel does not know",
        "raced" => "when there was room again a moment later",
        other => other,
    }
}
