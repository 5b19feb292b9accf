//! The page: the answer first, then what it rests on.

use super::{By, Change, Diff, FindingDiff, Kind, Loss, Part, Quantity, Side, ToolDiff};
use crate::{
    number::{byte_rate, bytes, count, percent, rate, seconds},
    report::{Block, Table},
};

pub(super) fn lay_out(diff: &Diff) -> Vec<Block> {
    let mut page = vec![
        Block::Title(format!("dropctl diff: {}", diff.outcome.as_str())),
        Block::Text(diff.verdict.clone()),
        Block::Facts(vec![("A, before", side(&diff.a)), ("B, after", side(&diff.b))]),
    ];
    if !diff.notes.is_empty() {
        page.push(Block::List(diff.notes.clone()));
    }
    if !diff.tools.is_empty() {
        page.push(Block::Heading("Loss".to_owned()));
        page.push(losses(&diff.tools));
    }
    for tool in &diff.tools {
        tool_page(tool, diff.tools.len() > 1, &mut page);
    }
    findings(&diff.findings, &mut page);
    if !diff.configuration.is_empty() {
        page.push(Block::Heading("What is set or built otherwise".to_owned()));
        page.push(changes(&diff.configuration));
    }
    page
}

fn side(side: &Side) -> String {
    format!("{}: {} from {}", side.source, seconds(side.seconds), side.start)
}

fn absent() -> String {
    "-".to_owned()
}

fn losses(tools: &[ToolDiff]) -> Block {
    let row = |tool: &ToolDiff, name: &str, loss: &Loss| {
        let arrivals = match tool.unit {
            super::Unit::Events => count(loss.arrivals),
            super::Unit::Bytes => bytes(loss.arrivals),
        };
        let evidence = loss.evidence.map_or("", |evidence| evidence.as_str());
        vec![
            format!("{} {name}", tool.comm),
            arrivals,
            loss.drops.map_or_else(absent, count),
            loss.loss.map_or_else(absent, |loss| format!("{} {}", rate(loss), tool.unit.per_words())),
            evidence.to_owned(),
        ]
    };
    let rows = tools.iter().flat_map(|tool| [row(tool, "A", &tool.a), row(tool, "B", &tool.b)]).collect();
    Block::Table(Table::new(vec!["", "arrivals", "dropped", "loss", "source"], rows))
}

fn tool_page(tool: &ToolDiff, is_one_of_many: bool, page: &mut Vec<Block>) {
    if is_one_of_many {
        page.push(Block::Heading(format!("{}: {}", tool.comm, tool.outcome.as_str())));
        let sure = tool.confidence.map_or_else(String::new, |sure| format!(" Confidence {}.", sure.as_str()));
        page.push(Block::Text(format!("{}: {}.{sure}", tool.comm, tool.why)));
    }
    for (by, title) in [(By::Ring, "by ring"), (By::Class, "by class"), (By::Workload, "by workload")] {
        let of_cut: Vec<&Part> = tool.parts.iter().filter(|part| part.by == by).collect();
        if of_cut.iter().all(|part| part.a_drops.max(part.b_drops).unwrap_or(0) == 0) {
            continue;
        }
        page.push(Block::Heading(format!(
            "Loss of {} {title}, {} of its arrivals",
            tool.comm,
            tool.unit.per_words()
        )));
        page.push(parts(&of_cut));
    }
    if !tool.quantities.is_empty() {
        page.push(Block::Heading(format!("Rates of {}", tool.comm)));
        page.push(quantities(&tool.quantities));
    }
}

fn parts(parts: &[&Part]) -> Block {
    let row = |part: &&Part| {
        vec![
            part.name.clone(),
            part.a_drops.map_or_else(absent, count),
            part.b_drops.map_or_else(absent, count),
            part.a_loss.map_or_else(absent, rate),
            part.b_loss.map_or_else(absent, rate),
        ]
    };
    Block::Table(Table::new(
        vec!["", "dropped A", "dropped B", "loss A", "loss B"],
        parts.iter().map(row).collect(),
    ))
}

fn quantities(quantities: &[Quantity]) -> Block {
    let row = |quantity: &Quantity| {
        let shown = |value: Option<f64>| {
            value.map_or_else(absent, |value| match quantity.kind {
                Kind::Rate => format!("{} /s", rate(value)),
                Kind::ByteRate => byte_rate(value),
                Kind::Share => percent(value),
                Kind::Seconds => seconds(value),
            })
        };
        vec![quantity.name.to_owned(), shown(quantity.a), shown(quantity.b)]
    };
    Block::Table(Table::new(vec!["", "A", "B"], quantities.iter().map(row).collect()))
}

fn findings(findings: &[FindingDiff], page: &mut Vec<Block>) {
    if findings.is_empty() {
        return;
    }
    page.push(Block::Heading("Findings".to_owned()));
    let point = |finding: &FindingDiff| {
        let tool = finding.tool.as_ref().map_or_else(String::new, |tool| format!(" of {tool}"));
        let (word, said) = match (&finding.a, &finding.b) {
            (Some(said), None) => ("went", said.clone()),
            (None, Some(said)) => ("came", said.clone()),
            (Some(before), Some(after)) if before == after => ("stayed", after.clone()),
            (before, after) => (
                "stayed",
                format!(
                    "before: {} Now: {}",
                    before.as_deref().unwrap_or("-"),
                    after.as_deref().unwrap_or("-")
                ),
            ),
        };
        format!("{word}: {} {}{tool}: {said}", finding.code.as_str(), finding.name)
    };
    page.push(Block::List(findings.iter().map(point).collect()));
}

fn changes(changes: &[Change]) -> Block {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(absent);
    let row = |change: &Change| vec![change.what.clone(), shown(&change.a), shown(&change.b)];
    Block::Table(Table::new(vec!["", "A", "B"], changes.iter().map(row).collect()))
}
