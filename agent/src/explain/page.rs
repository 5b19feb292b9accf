//! What a person reads of it, in order.

use super::{Alerts, Explanation, Number, One, Snapshots, Versions};
use crate::{
    number::{count, percent, share},
    report::{Block, Table, findings},
};

pub(super) fn lay_out(explanation: &Explanation) -> Vec<Block> {
    let mut page = vec![Block::Title("dropctl explain".to_owned()), Block::Text(explanation.verdict.clone())];
    let facts: Vec<(&'static str, String)> = explanation
        .alerts
        .iter()
        .flat_map(of_alerts)
        .chain(explanation.snapshots.iter().flat_map(of_snapshots))
        .collect();
    page.push(Block::Facts(facts));
    if let Some(moment) = &explanation.moment {
        page.push(Block::Heading(format!("What {} saw at that time", moment.source)));
        match moment.findings.is_empty() {
            true => page.push(Block::Text("Nothing that it would call a finding.".to_owned())),
            false => findings(&moment.findings, &mut page),
        }
    }
    if !explanation.numbers.is_empty() {
        page.push(Block::Heading("The numbers (tool)".to_owned()));
        page.push(Block::List(
            explanation.numbers.iter().filter(|number| number.value > 0).map(in_words).collect(),
        ));
        let zero: Vec<&str> = explanation
            .numbers
            .iter()
            .filter(|number| number.value == 0)
            .map(|number| number.name.as_str())
            .collect();
        if !zero.is_empty() {
            page.push(Block::Text(format!("0: {}.", zero.join(", "))));
        }
    }
    if let Some(alerts) = explanation.alerts.as_ref().filter(|alerts| alerts.count > 1) {
        page.push(Block::Heading("The largest".to_owned()));
        page.push(largest(&alerts.largest));
    }
    for (title, points) in
        [("What follows", &explanation.conclusions), ("What does not follow", &explanation.limits)]
    {
        if !points.is_empty() {
            page.push(Block::Heading(title.to_owned()));
            page.push(Block::List(points.clone()));
        }
    }
    page
}

fn of_alerts(alerts: &Alerts) -> Vec<(&'static str, String)> {
    let repeated = match alerts.repeated {
        0 => String::new(),
        lines => format!(" ({} more lines of its log repeat some of them)", count(lines)),
    };
    let mut facts = vec![("alerts", format!("{}{repeated}", count(alerts.count)))];
    let version = |found: &Versions| format!("{} ({})", found.versions, found.because);
    if !alerts.versions.is_empty() {
        facts.push(("Falco", alerts.versions.iter().map(version).collect::<Vec<_>>().join("; ")));
    }
    facts.extend(time(alerts.first.as_ref(), alerts.last.as_ref()).map(|time| ("time", time)));
    facts
}

fn of_snapshots(snapshots: &Snapshots) -> Vec<(&'static str, String)> {
    let mut facts = vec![("snapshots", count(snapshots.count))];
    let version = [&snapshots.version, &snapshots.engine].into_iter().flatten().cloned().collect::<Vec<_>>();
    if !version.is_empty() {
        facts.push(("from", format!("Falco {}", version.join(", "))));
    }
    facts.extend(time(snapshots.first.as_ref(), snapshots.last.as_ref()).map(|time| ("taken", time)));
    if let (Some(n_evts), Some(n_drops)) = (snapshots.n_evts, snapshots.n_drops) {
        facts.push(("between them", format!("{} events, {} dropped", count(n_evts), count(n_drops))));
    }
    facts.extend(snapshots.cpu_percent.map(|cpu| ("its CPU", format!("{cpu} % of one CPU on average"))));
    facts
}

fn time(first: Option<&String>, last: Option<&String>) -> Option<String> {
    match (first, last) {
        (Some(first), Some(last)) if first != last => Some(format!("{first} to {last}")),
        (one, other) => one.or(other).cloned(),
    }
}

fn in_words(number: &Number) -> String {
    format!("{} {}: {}", number.name, count(number.value), number.meaning)
}

fn largest(alerts: &[One]) -> Block {
    let unknown = || "-".to_owned();
    let row = |one: &One| {
        let part = one.n_evts.filter(|n_evts| *n_evts >= one.n_drops);
        vec![
            one.time.clone().unwrap_or_else(unknown),
            count(one.n_drops),
            one.n_evts.map_or_else(unknown, count),
            part.map_or_else(unknown, |n_evts| percent(share(one.n_drops, n_evts))),
        ]
    };
    Block::Table(Table::new(vec!["time", "dropped", "events", "share"], alerts.iter().map(row).collect()))
}
