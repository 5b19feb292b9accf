//! `agent`: what the real agent costs on a node that makes a million syscalls per second, and how fast its
//! `/metrics` answers meanwhile.
//!
//! Its program is charged to those who make the syscalls (see `syscall`); here it is its own CPU time and memory.

pub(super) mod http;
pub(super) mod process;

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use self::{
    http::Connection,
    process::{Agent, Usage},
};
use crate::{
    generator::{Generator, Work},
    hook,
    machine::{self, Machine},
    options::Options,
    output::{self, Table, say},
    statistics::quantile,
};

/// Syscalls per second of the load.
const RATE: u64 = 1_000_000;
/// Where the agent binaries are named; several are separated by `:`.
pub(super) const BINARIES: &str = "DROPCTL_BIN";

/// One way to run the agent.
struct Case {
    name: &'static str,
    arguments: &'static [&'static str],
    /// CPU time wanted at most, share of a core.
    most_cpu: f64,
}

const CASES: &[Case] = &[
    Case { name: "count", arguments: &["--mode", "count"], most_cpu: 0.003 },
    Case { name: "stream, one in 64", arguments: &["--mode", "stream", "--sample", "64"], most_cpu: 0.05 },
    Case { name: "stream, every event", arguments: &["--mode", "stream", "--sample", "1"], most_cpu: 0.05 },
];

/// How long each part takes.
struct Times {
    before: Duration,
    measured: Duration,
    scrapes: usize,
}

/// What one case came to.
#[derive(Clone, Debug, Serialize)]
struct Run {
    binary: PathBuf,
    case: &'static str,
    /// Verified by the generator, per second.
    rate: f64,
    /// Counted by the agent meanwhile, per second.
    rate_counted: f64,
    dropped: f64,
    cpu_share: f64,
    /// CPU time of processes that have no part in it, share of one core.
    others_share: f64,
    wakeups_per_second: f64,
    /// After the load had run for as long as it runs.
    usage: Usage,
    page_bytes: usize,
    series: usize,
    /// Time from request to the last byte of the answer, ms.
    scrapes_ms: Vec<f64>,
}

/// Runs it.
pub(crate) fn run(options: &Options, machine: &Machine) -> Result<()> {
    let Some(binaries) = std::env::var_os(BINARIES) else {
        say(&format!("skipped: {BINARIES} does not name the agent's binary (`cargo xtask bench` sets it)"));
        return Ok(());
    };
    say(&format!("{}.\n", hook::describe()?));
    let times = if options.short {
        Times { before: Duration::from_secs(1), measured: Duration::from_secs(1), scrapes: 50 }
    } else {
        Times { before: Duration::from_secs(30), measured: Duration::from_secs(30), scrapes: 2000 }
    };
    let mut runs = Vec::new();
    for binary in std::env::split_paths(&binaries) {
        for case in CASES {
            runs.push((case, once(&binary, case, &times).with_context(|| case.name)?));
        }
    }
    print(&runs, options.short);
    output::save(options, machine, "agent", runs.iter().map(|(_, run)| run).collect::<Vec<_>>())
}

fn once(binary: &Path, case: &Case, times: &Times) -> Result<Run> {
    // The load has CPU 0; the agent and we go where the scheduler puts us.
    let mut generator = Generator::start(0)?;
    let agent = Agent::start(Command::new(binary), case.arguments)?;
    // The agent closes a connection that is idle for long, so each page has its own.
    let page = || -> Result<String> { Connection::open(agent.address())?.get("/metrics") };

    let work = Work::paced(RATE, times.before + times.measured + Duration::from_millis(500));
    generator.begin(work)?;
    thread::sleep(times.before);
    let page_before = page()?;
    let others = |usage: &Usage, generator: &Generator| -> Result<f64> {
        Ok(machine::busy_seconds()? - usage.cpu_ns as f64 / 1e9 - generator.cpu_seconds()?)
    };
    let (before, start) = (agent.usage()?, Instant::now());
    let others_before = others(&before, &generator)?;
    thread::sleep(times.measured);
    let (after, seconds) = (agent.usage()?, start.elapsed().as_secs_f64());
    let others_share = (others(&after, &generator)? - others_before) / seconds;
    let page = page()?;
    let counted = getppids(&page).unwrap_or(0.0) - getppids(&page_before).unwrap_or(0.0);
    let rate = work.calls as f64 / generator.finish()?.as_secs_f64();

    let mut connection = Connection::open(agent.address())?;
    let scrapes_ms = scrape(&mut connection, &mut generator, times.scrapes)?;
    agent.stop()?;
    Ok(Run {
        binary: binary.to_owned(),
        case: case.name,
        rate,
        rate_counted: counted / seconds,
        dropped: value(&page, "dropctl_probe_events_dropped_total").unwrap_or(0.0),
        cpu_share: (after.cpu_ns - before.cpu_ns) as f64 / 1e9 / seconds,
        others_share,
        wakeups_per_second: (after.wakeups - before.wakeups) as f64 / seconds,
        usage: after,
        page_bytes: page.len(),
        series: page.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count(),
        scrapes_ms,
    })
}

/// One after the other under the same load, a millisecond apart.
fn scrape(connection: &mut Connection, generator: &mut Generator, count: usize) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(count);
    while times.len() < count {
        generator.begin(Work::paced(RATE, Duration::from_secs(1)))?;
        let end = Instant::now() + Duration::from_millis(950);
        while times.len() < count && Instant::now() < end {
            let start = Instant::now();
            let page = connection.get("/metrics")?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            ensure!(!page.is_empty(), "an empty page");
            thread::sleep(Duration::from_millis(1));
        }
        generator.finish()?;
    }
    Ok(times)
}

/// Value of a series, by its name and labels as on the page.
fn value(page: &str, series: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?.parse().ok()
}

fn getppids(page: &str) -> Option<f64> {
    value(page, "dropctl_syscalls_total{syscall=\"getppid\"}")
}

fn print(runs: &[(&Case, Run)], short: bool) {
    let mut table = Table::new(&[
        "agent",
        "calls/s",
        "counted/s",
        "dropped",
        "CPU, % of a core",
        "target",
        "",
        "others, %",
        "wakeups/s",
        "RSS, MB",
        "anon",
        "file",
        "ring",
        "peak",
        "target",
        "",
    ]);
    let mut pages = Table::new(&[
        "/metrics",
        "scrapes",
        "p50, ms",
        "p99, ms",
        "max, ms",
        "target p99",
        "",
        "bytes",
        "series",
    ]);
    let megabytes = |bytes: u64| format!("{:.2}", bytes as f64 / 1e6);
    for (case, run) in runs {
        let name = format!("{}: {}", label(&run.binary), run.case);
        let without_ring = run.usage.resident_bytes - run.usage.ring_bytes;
        table.row([
            name.clone(),
            format!("{:.0}", run.rate),
            format!("{:.0}", run.rate_counted),
            format!("{:.0}", run.dropped),
            format!("{:.2}", 100.0 * run.cpu_share),
            format!("{}", 100.0 * case.most_cpu),
            output::verdict((!short).then_some(run.cpu_share <= case.most_cpu)),
            format!("{:.0}", 100.0 * run.others_share),
            format!("{:.0}", run.wakeups_per_second),
            megabytes(run.usage.resident_bytes),
            megabytes(run.usage.anonymous_bytes),
            megabytes(run.usage.file_bytes),
            megabytes(run.usage.ring_bytes),
            megabytes(run.usage.peak_bytes),
            "8 + ring".to_owned(),
            output::verdict((!short).then_some(without_ring <= 8_000_000)),
        ]);
        let at = |share| quantile(&run.scrapes_ms, share);
        pages.row([
            name,
            run.scrapes_ms.len().to_string(),
            format!("{:.2}", at(0.5)),
            format!("{:.2}", at(0.99)),
            format!("{:.2}", at(1.0)),
            "2".to_owned(),
            output::verdict((!short).then_some(at(0.99) <= 2.0)),
            run.page_bytes.to_string(),
            run.series.to_string(),
        ]);
    }
    table.print();
    say("");
    pages.print();
}

/// musl or not, by the target folder that cargo puts it in.
fn label(binary: &Path) -> &'static str {
    if binary.to_string_lossy().contains("musl") { "musl" } else { "glibc" }
}
