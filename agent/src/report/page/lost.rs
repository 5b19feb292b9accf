//! What was lost: how many, of which class, whose, when; and how to see that a change helped.

use super::Block;
use crate::{
    diagnose::{catalogue::Role, finding::Finding},
    report::{
        model::{Counters, Losers, Report, Tool},
        number::{count, percent, seconds, share},
    },
};

/// Tools whose loss is stated.
const MOST_TOOLS: usize = 5;
/// Workloads that are named for each.
const MOST_WORKLOADS: usize = 3;

/// A point for each tool that lost something, most first; nothing where nothing was lost.
pub(super) fn statement(report: &Report, page: &mut Vec<Block>) {
    let mut lossy: Vec<(u64, &Tool)> = report
        .tools
        .iter()
        .flatten()
        .map(|tool| (drops(tool), tool))
        .filter(|(drops, _)| *drops > 0)
        .collect();
    if lossy.is_empty() {
        return;
    }
    lossy.sort_by_key(|(drops, _)| std::cmp::Reverse(*drops));
    page.push(Block::Heading("What was lost".to_owned()));
    let mut points: Vec<String> =
        lossy.iter().take(MOST_TOOLS).map(|(drops, tool)| of_tool(*drops, tool)).collect();
    if lossy.len() > MOST_TOOLS {
        points.push(format!("{} more tools lost events", lossy.len() - MOST_TOOLS));
    }
    page.push(Block::List(points));
}

/// Events, as far as they are counted or estimated.
pub(in crate::report) fn drops(tool: &Tool) -> u64 {
    let of_rings = || tool.rings.iter().filter_map(|ring| ring.drops).sum();
    tool.counters.as_ref().map_or_else(of_rings, |counters| counters.n_drops_buffer)
}

fn of_tool(drops: u64, tool: &Tool) -> String {
    let name = tool.comm.as_deref().unwrap_or("a tool without a name");
    let mut parts = vec![match &tool.counters {
        Some(counters) => format!(
            "{name}: {} of {} events ({})",
            count(drops),
            count(counters.n_evts),
            percent(counters.drop_share)
        ),
        None => format!("{name}: {} events", count(drops)),
    }];
    parts.extend(tool.counters.as_ref().and_then(classes));
    let counted = tool.counters.as_ref().and_then(|counters| counters.losers.as_ref());
    let refused = tool.rings.iter().find_map(|ring| ring.refused.as_ref()).map(|refused| &refused.losers);
    parts.extend(counted.or(refused).and_then(whose));
    parts.extend(when(tool));
    parts.join("; ")
}

/// The part of the activity that was not seen, by Falco's categories.
fn classes(counters: &Counters) -> Option<String> {
    let mut all: Vec<(u64, &str)> =
        counters.categories.iter().map(|category| (category.drops, category.name.as_str())).collect();
    all.sort_by_key(|(drops, _)| std::cmp::Reverse(*drops));
    let named: Vec<String> =
        all.iter().take(MOST_WORKLOADS).map(|(drops, name)| format!("{} {name}", count(*drops))).collect();
    let rest =
        counters.uncategorised.filter(|rest| *rest > 0).map(|rest| format!("{} in no class", count(rest)));
    (!named.is_empty())
        .then(|| format!("by class {}", named.into_iter().chain(rest).collect::<Vec<_>>().join(", ")))
}

/// Workloads, where they are known; else processes.
fn whose(losers: &Losers) -> Option<String> {
    let workloads =
        losers.workloads.iter().filter_map(|one| Some((one.drops, one.workload.as_ref()?.path())));
    let mut all: Vec<(u64, String)> = workloads.collect();
    if all.is_empty() {
        let process = |loser: &crate::report::model::Loser| {
            let name = loser.comm.as_deref().unwrap_or("unknown");
            (loser.drops, format!("{name} (pid {})", loser.tgid))
        };
        all = losers.top.iter().map(process).collect();
    }
    all.sort_by_key(|(drops, _)| std::cmp::Reverse(*drops));
    let sum = losers.top.iter().map(|loser| loser.drops).sum::<u64>() + losers.others + losers.unattributed;
    let named: Vec<String> = all
        .iter()
        .take(MOST_WORKLOADS)
        .map(|(drops, name)| format!("{} of {name}", percent(share(*drops, sum))))
        .collect();
    (!named.is_empty()).then(|| named.join(", "))
}

fn when(tool: &Tool) -> Option<String> {
    let overruns = tool.overruns.as_deref()?;
    let first = overruns.first()?;
    let all: f64 = overruns.iter().map(|overrun| overrun.seconds).sum();
    let many =
        if overruns.len() == 1 { "1 overrun".to_owned() } else { format!("{} overruns", overruns.len()) };
    Some(format!("{many} of {} together, the first after {}", seconds(all), seconds(first.start_seconds)))
}

/// How to see that the change helped.
pub(super) fn verification(finding: &Finding, page: &mut Vec<Block>) {
    if finding.role != Role::Cause || finding.remedies.is_empty() {
        return;
    }
    let name = finding.tool.as_ref().map_or("the tool", |tool| tool.comm.as_str());
    page.push(Block::Text(format!(
        "How to verify: change one thing, restart {name}, bring the same load, and look again with dropctl report --duration \
         60s: it should find no {} any more, and the share of lost events should have gone down with it.",
        finding.code.as_str()
    )));
}
