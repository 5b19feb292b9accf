//! What Prometheus stored is what the agent said, and what the agent said is what happened.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::Value;

use crate::agent::{Agent, SOON, dropctl};
use crate::exposition::{SAMPLE_TIME, Values, parse, value};
use crate::load::{self, RARE, Rare};
use crate::process::{Process, until};
use crate::rules;
use crate::server::Prometheus;

/// Not a fact about the sample: each scrape shows how long the one before took.
const PER_SCRAPE: &str = "dropctl_scrape_duration_seconds";
/// How long the first trial compares.
const COMPARED: Duration = Duration::from_secs(10);
/// Scrapes that must have been compared in that time.
const COMPARED_AT_LEAST: usize = 6;

/// Under load, each series of each scrape has, bit for bit, the value of the page that the agent showed for the
/// same sample. A sample lives for a second and a page is fetched many times in it, so none is overlooked.
pub(crate) fn are_the_agents() -> Result<()> {
    let agent = Agent::start(&mut dropctl(&["agent", "--listen", "127.0.0.1:0"]))?;
    let _load = load::busy()?;
    let prometheus = Prometheus::start(agent.address(), &rules::as_shipped()?)?;

    let mut shown: BTreeMap<u64, Values> = BTreeMap::new();
    let start = Instant::now();
    while start.elapsed() < COMPARED {
        let page = parse(&agent.metrics()?)?;
        shown.insert(value(&page, SAMPLE_TIME)?.to_bits(), page);
        std::thread::sleep(Duration::from_millis(50));
    }
    let (mut compared, mut series) = (0, 0);
    let mut seen = Vec::new();
    for mut stored in prometheus.scraped(2 * COMPARED)? {
        let Some(page) = shown.get(&value(&stored, SAMPLE_TIME)?.to_bits()) else {
            continue;
        };
        let mut page = page.clone();
        page.remove(PER_SCRAPE);
        stored.remove(PER_SCRAPE);
        ensure!(stored == page, "stored is not what was shown: {}", difference(&stored, &page));
        adds_up(&stored)?;
        compared += 1;
        series = stored.len();
        seen.push(value(&stored, "dropctl_probe_events_seen_total")?);
    }
    ensure!(compared >= COMPARED_AT_LEAST, "only {compared} scrapes were compared");
    let grew = seen.last().unwrap_or(&0.0) - seen.first().unwrap_or(&0.0);
    ensure!(grew > 100_000.0, "no load: {grew} syscalls in {compared} scrapes");
    println!(
        "values: {compared} scrapes of {series} series equal the agent's pages; {grew} syscalls meanwhile"
    );
    Ok(())
}

/// The equations of docs/metrics.md, in one scrape.
fn adds_up(page: &Values) -> Result<()> {
    let of = |name: &str| value(page, &format!("dropctl_probe_{name}"));
    let (seen, attempted) = (of("events_seen_total")?, of("events_attempted_total")?);
    let syscalls: f64 = page
        .iter()
        .filter(|(name, _)| name.starts_with("dropctl_syscalls_total{"))
        .map(|(_, count)| count)
        .sum();
    ensure!(syscalls == seen, "{syscalls} syscalls by name, {seen} seen");
    let sampled_out = of("events_sampled_out_total")?;
    // Counted first and tried then: on each CPU one event may be between the two.
    let under_way = seen - attempted - sampled_out;
    let cpus = std::thread::available_parallelism()?.get();
    ensure!(
        under_way >= 0.0 && under_way <= cpus as f64,
        "{attempted} attempted + {sampled_out} sampled out, {seen} seen"
    );
    let (submitted, dropped) = (of("events_submitted_total")?, of("events_dropped_total")?);
    ensure!(
        submitted + dropped == attempted,
        "{submitted} submitted + {dropped} dropped, {attempted} attempted"
    );
    let (put, taken) = (of("submitted_bytes_total")?, of("consumed_bytes_total")?);
    let backlog = of("ring_backlog_bytes")?;
    ensure!(put - taken == backlog, "{put} bytes put in, {taken} taken out, {backlog} in the ring");
    Ok(())
}

fn difference(stored: &Values, page: &Values) -> String {
    let names = stored.keys().chain(page.keys());
    names
        .filter(|name| stored.get(*name) != page.get(*name))
        .map(|name| format!("{name}: {:?} stored, {:?} shown; ", stored.get(name), page.get(name)))
        .collect()
}

/// A known number of one syscall, made while Prometheus, the agent and a report look: all three say that number.
pub(crate) fn of_a_known_load() -> Result<()> {
    const SUCCEEDED: u32 = 60_000;
    const FAILED: u32 = 1_234;
    let agent = Agent::start(&mut dropctl(&["agent", "--listen", "127.0.0.1:0"]))?;
    let _load = load::busy()?;
    let prometheus = Prometheus::start(agent.address(), &rules::as_shipped()?)?;
    let rare = Rare::new()?;
    // So that the series exists before.
    rare.succeed(1)?;
    let before = scraped_after(&prometheus, load::now()?)?;

    let mut report = Process::start(&mut dropctl(&["report", "--duration", "120s", "--format", "json"]))?;
    report.attached_within(SOON)?;
    rare.succeed(SUCCEEDED)?;
    rare.fail(FAILED)?;
    let made = load::now()?;
    report.signal(Signal::INT)?;
    let report = report.end_within(SOON)?;
    ensure!(report.status.success(), "report: {}: {}", report.status, report.stderr);
    let report: Value = serde_json::from_str(&report.stdout).context("the report is not JSON")?;
    let after = scraped_after(&prometheus, made)?;

    let n = f64::from(SUCCEEDED + FAILED);
    let grown = |series: &str| -> Result<f64> { Ok(value(&after, series)? - value(&before, series)?) };
    let stored = grown(&format!("dropctl_syscalls_total{{syscall=\"{RARE}\"}}"))?;
    // Absent on kernels that never skip a run.
    let missed = grown("dropctl_probe_events_missed_total").unwrap_or(0.0);
    ensure!(stored <= n && n <= stored + missed, "{n} made, Prometheus has {stored}, {missed} missed");

    let number = |value: &Value| value.as_f64().context("no number in the report");
    let mut syscalls = report["syscalls"].as_array().context("no syscalls")?.iter();
    let reported = syscalls.find(|entry| entry["syscall"] == RARE).context("the report did not see them")?;
    let events = number(&reported["events"])?;
    let missed = report["loss"]["missed"].as_f64().unwrap_or(0.0);
    ensure!(events <= n && n <= events + missed, "{n} made, the report has {events}, {missed} missed");
    ensure!(stored == events || missed > 0.0, "Prometheus has {stored}, the report {events}");
    let (errors, dropped) = (number(&reported["errors"])?, number(&report["loss"]["dropped"])?);
    let failed = f64::from(FAILED);
    ensure!(
        errors <= failed && failed <= errors + dropped + missed,
        "{failed} failed, the report has {errors} errors, {dropped} dropped, {missed} missed"
    );
    ensure!(report["own"]["accounting"]["holds"] == true, "{}", report["own"]["accounting"]);
    println!("known load: {n} made; Prometheus {stored}, report {events} with {errors} of {failed} errors");
    Ok(())
}

/// The newest stored page, once it shows a sample from after `time`.
fn scraped_after(prometheus: &Prometheus, time: f64) -> Result<Values> {
    until(SOON, "a scrape of a later sample", || {
        let newest = prometheus.scraped(Duration::from_secs(10))?.pop();
        Ok(newest.filter(|page| page.get(SAMPLE_TIME).is_some_and(|sampled| *sampled > time)))
    })
}
