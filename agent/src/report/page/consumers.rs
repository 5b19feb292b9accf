//! What the threads that drain rings did with their time.

use super::{Block, Table};
use crate::report::{
    model::{Consumer, Report},
    number::{percent, ratio, seconds},
};

/// One row for each; nothing where none is known.
pub(super) fn consumers(report: &Report, page: &mut Vec<Block>) {
    let Some(consumers) = report.consumers.as_ref().filter(|consumers| !consumers.is_empty()) else { return };
    page.push(Block::Heading("Threads that drain them (share of the time looked at)".to_owned()));
    page.push(Block::Table(
        Table::new(COLUMNS.to_vec(), consumers.iter().map(row).collect()).sparing(&["tid"]),
    ));
    let unsure = consumers.iter().filter(|consumer| consumer.candidates > 1);
    for consumer in unsure {
        page.push(Block::Text(format!(
            "{}: {} of its threads used CPU time while the rings were drained; this one most.",
            consumer.comm, consumer.candidates
        )));
    }
}

const COLUMNS: [&str; 9] =
    ["thread", "tid", "running", "waiting", "throttled", "blocked", "idle", "blocked in", "CPU limit"];

fn row(consumer: &Consumer) -> Vec<String> {
    let share = |part: f64| percent(ratio(part, consumer.seconds));
    let (least, most) = (consumer.throttled_min_seconds, consumer.throttled_max_seconds);
    let throttled = match share(consumer.throttled_seconds) {
        point if share(least) == share(most) => point,
        _ => format!("{} to {}", share(least), share(most)),
    };
    vec![
        consumer.comm.clone(),
        consumer.tid.to_string(),
        share(consumer.running_seconds),
        share(consumer.waiting_seconds),
        throttled,
        share(consumer.blocked_seconds),
        share(consumer.idle_seconds),
        blocked_in(consumer),
        limit(consumer),
    ]
}

fn blocked_in(consumer: &Consumer) -> String {
    let Some(most) = consumer.blocked_in.first() else { return "-".to_owned() };
    let place = match (&most.syscall, &most.wchan) {
        (Some(syscall), Some(wchan)) => format!("{syscall}, {wchan}"),
        (Some(name), None) | (None, Some(name)) => name.clone(),
        (None, None) if most.state == "T" => "stopped".to_owned(),
        (None, None) => "unknown".to_owned(),
    };
    format!("{place} ({})", seconds(most.seconds))
}

/// The one that held it back most; else the tightest.
fn limit(consumer: &Consumer) -> String {
    let Some(limits) = &consumer.limits else { return "unknown".to_owned() };
    let by_time = limits.iter().filter(|limit| limit.throttled_seconds > 0.0);
    let most = by_time.max_by(|one, other| one.throttled_seconds.total_cmp(&other.throttled_seconds));
    let tightest = || limits.iter().min_by(|one, other| one.cpus.total_cmp(&other.cpus));
    most.or_else(tightest)
        .map_or_else(|| "none".to_owned(), |limit| format!("{:.2} CPUs ({})", limit.cpus, limit.cgroup))
}
