//! Two reports side by side.

mod findings;
mod parts;

use std::collections::BTreeMap;

use super::{
    By, Diff, Outcome, Part, SCHEMA, Side, ToolDiff, configuration,
    judge::{self, Judgement},
    series::{self, Key, Series},
};
use crate::{
    number::seconds,
    report::{Report, model::Tool},
    setup::Naming,
    timeline::Slice,
};

/// One of the two: its name, its samples, and the report of them.
pub struct Given<'a> {
    /// File.
    pub source: String,
    /// Samples.
    pub slice: Slice<'a>,
    /// Report of the slice.
    pub report: Report,
}

/// Compares `a`, before, with `b`, after.
#[must_use]
pub fn compare(a: &Given<'_>, b: &Given<'_>) -> Diff {
    let (series_a, series_b) = (series::of(&a.slice), series::of(&b.slice));
    let mut tools: Vec<ToolDiff> = pairs(&series_a, &series_b)
        .into_iter()
        .map(|(key, before, after)| tool(key, before, after, &a.report, &b.report))
        .collect();
    let lost = |tool: &ToolDiff| tool.a.drops.max(tool.b.drops);
    tools.sort_by(|one, other| lost(other).cmp(&lost(one)).then_with(|| one.comm.cmp(&other.comm)));
    let alone = |of: &BTreeMap<Key, Series>, other: &BTreeMap<Key, Series>| -> Vec<String> {
        of.keys().filter(|key| find(other, key).is_none()).map(|key| key.comm.clone()).collect()
    };
    let are_other_names = other_names(&a.report, &b.report, &tools);
    if are_other_names {
        tools.iter_mut().for_each(|tool| tool.parts.retain(|part| part.by != By::Workload));
    }
    let (only_a, only_b) = (alone(&series_a, &series_b), alone(&series_b, &series_a));
    let outcome = overall(&tools);
    Diff {
        schema: SCHEMA,
        outcome,
        verdict: verdict(outcome, &tools, &only_a, &only_b),
        notes: notes(a, b, &only_a, &only_b, are_other_names),
        a: side(a),
        b: side(b),
        findings: findings::compare(&a.report, &b.report),
        configuration: configuration::compare(&a.report, &b.report),
        tools,
    }
}

/// Whether workloads go by names that mean nothing on the other side: pseudonyms, and none of them is in both.
fn other_names(a: &Report, b: &Report, tools: &[ToolDiff]) -> bool {
    let is_replaced = [a, b].iter().any(|report| report.names == Naming::Pseudonyms);
    let of_workloads = || tools.iter().flat_map(|tool| &tool.parts).filter(|part| part.by == By::Workload);
    let is_some = |drops: Option<u64>| drops.is_some_and(|drops| drops > 0);
    let is_named = |part: &&Part| part.name != parts::UNKNOWN && part.name != parts::OTHERS;
    let named = || of_workloads().filter(is_named);
    let (in_a, in_b) = (named().any(|part| is_some(part.a_drops)), named().any(|part| is_some(part.b_drops)));
    is_replaced && in_a && in_b && !named().any(|part| is_some(part.a_drops) && is_some(part.b_drops))
}

/// The same tool; where dropctl does not know it by name, the same name of the process.
fn find<'a>(all: &'a BTreeMap<Key, Series>, key: &Key) -> Option<&'a Series> {
    let is_same = |other: &Key| other.tool == key.tool && (key.tool != "other" || other.comm == key.comm);
    all.get(key).or_else(|| all.iter().find(|(other, _)| is_same(other)).map(|(_, series)| series))
}

fn pairs<'a>(
    a: &'a BTreeMap<Key, Series>,
    b: &'a BTreeMap<Key, Series>,
) -> Vec<(&'a Key, &'a Series, &'a Series)> {
    b.iter().filter_map(|(key, after)| Some((key, find(a, key)?, after))).collect()
}

fn tool(key: &Key, before: &Series, after: &Series, a: &Report, b: &Report) -> ToolDiff {
    let Judgement { outcome, confidence, why, ratio } = judge::judge(before, after);
    let (loss_a, loss_b) = (judge::loss(before), judge::loss(after));
    let [tools_a, tools_b] = [(a, before), (b, after)].map(|(report, series)| -> Vec<&Tool> {
        let is_its = |tool: &&Tool| tool.tgid.is_some_and(|tgid| series.processes.contains(&tgid));
        report.tools.iter().flatten().filter(is_its).collect()
    });
    ToolDiff {
        tool: key.tool.clone(),
        comm: key.comm.clone(),
        outcome,
        confidence,
        why,
        unit: after.unit,
        ratio,
        parts: parts::parts(&tools_a, &tools_b, &loss_a, &loss_b, after.unit),
        quantities: parts::quantities((&tools_a[..], a, &loss_a), (&tools_b[..], b, &loss_b), after.unit),
        a: loss_a,
        b: loss_b,
    }
}

/// One that got worse is not made good by another that improved.
pub(super) fn overall(tools: &[ToolDiff]) -> Outcome {
    let is = |outcome| tools.iter().any(|tool| tool.outcome == outcome);
    if is(Outcome::Worse) {
        Outcome::Worse
    } else if tools.is_empty() || is(Outcome::CannotTell) {
        Outcome::CannotTell
    } else if is(Outcome::Improved) {
        Outcome::Improved
    } else {
        Outcome::NoChange
    }
}

fn verdict(outcome: Outcome, tools: &[ToolDiff], only_a: &[String], only_b: &[String]) -> String {
    let names = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    // The one that the outcome is about; among equals the one with the largest loss.
    let Some(tool) = tools.iter().find(|tool| tool.outcome == outcome) else {
        return format!(
            "Cannot tell: no tool is in both. Tools of A: {}; of B: {}.",
            names(only_a),
            names(only_b)
        );
    };
    let sure = tool.confidence.map_or_else(String::new, |sure| format!(" (confidence {})", sure.as_str()));
    let head = match outcome {
        Outcome::Improved => "Improved",
        Outcome::Worse => "Worse",
        Outcome::NoChange => "No change",
        Outcome::CannotTell => "Cannot tell",
    };
    let others = match tools.len() {
        0 | 1 => "",
        _ => " Other tools are below.",
    };
    format!("{head}{sure}: {}: {}.{others}", tool.comm, tool.why)
}

fn side(given: &Given<'_>) -> Side {
    Side {
        source: given.source.clone(),
        start: given.report.window.start.clone(),
        seconds: given.report.window.seconds,
        dropctl: given.report.dropctl.version.clone(),
    }
}

fn notes(
    a: &Given<'_>,
    b: &Given<'_>,
    only_a: &[String],
    only_b: &[String],
    are_other_names: bool,
) -> Vec<String> {
    let mut notes = Vec::new();
    if are_other_names {
        notes.push(
            "workloads are not compared: their names are pseudonyms of different keys; make both with the same \
             --redact-key"
                .to_owned(),
        );
    }
    let begins = |given: &Given<'_>| given.slice.first().map(|first| first.clock.real_ns);
    if begins(b) < begins(a) {
        notes.push("B begins before A: \"after\" is B all the same".to_owned());
    }
    let ends = |given: &Given<'_>| given.slice.last().map(|last| last.clock.real_ns);
    if begins(b) < ends(a) && begins(a) < ends(b) {
        notes.push("A and B overlap in time: what is in both does not tell them apart".to_owned());
    }
    let machine = |given: &Given<'_>| {
        let node = given.slice.node;
        (node.hardware.clone(), node.memory_bytes, node.cpus_possible.clone())
    };
    if machine(a) != machine(b) {
        notes.push("the two are of nodes with different hardware".to_owned());
    }
    for (name, given) in [("A", a), ("B", b)] {
        let absent = given.report.tools.iter().flatten().filter_map(|tool| {
            let seconds = tool.life.as_ref()?.absent_seconds;
            (seconds > 0.0).then(|| (tool.comm.clone().unwrap_or_default(), seconds))
        });
        notes.extend(absent.map(|(comm, absent)| {
            format!(
                "{comm} did not run for {} of {name}: what happened then it did not see at all",
                seconds(absent)
            )
        }));
    }
    for (name, only) in [("A", only_a), ("B", only_b)] {
        if !only.is_empty() {
            notes.push(format!("only in {name}: {}", only.join(", ")));
        }
    }
    notes
}
