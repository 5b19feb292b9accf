//! `watch`: CPU time of the agent in mode passive, beside a tool with 16 rings and a node with up to 2,000 maps.
//!
//! CPU time and not time, so that a busy machine disturbs little; cases take turns, and each is measured in every round.

use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use super::agent::{BINARIES, http::Connection, process::Agent};
use crate::{
    hook,
    machine::Machine,
    options::Options,
    output::{self, Table, say},
    statistics::{median, quantile},
    tool::{Tool, Wanted},
};

/// Rings of the tool.
const RINGS: usize = 16;
/// Of a ring for which what comes is little, and of one for which it is much: then the agent looks as often as it can.
const LARGE: usize = 4 << 20;
const SMALL: usize = 64 << 10;
/// What nobody can do without who looks 200 times a second: a thread that sleeps for so long, and does nothing else.
const SLEEP: Duration = Duration::from_millis(5);
/// The threads that have a column; the rest is one.
const THREADS: [(&str, &str); 4] = [
    ("dropctl-rings", "looks"),
    ("dropctl-threads", "consumers"),
    ("dropctl-tools", "tools"),
    ("dropctl-sample", "samples"),
];

/// One node, and one way to watch it.
#[derive(Clone, Copy, Debug, Serialize)]
struct Case {
    by_pages: bool,
    rings: usize,
    /// Maps of the tool that are no rings.
    maps: usize,
    ring_bytes: usize,
    moves: bool,
    /// CPU time wanted at most, share of a core.
    most_cpu: Option<f64>,
}

const PAGES: Case =
    Case { by_pages: true, rings: RINGS, maps: 0, ring_bytes: LARGE, moves: true, most_cpu: Some(0.005) };
const ITERATOR: Case = Case { by_pages: false, most_cpu: None, ..PAGES };

const CASES: [Case; 10] = [
    Case { rings: 0, moves: false, most_cpu: None, ..PAGES },
    Case { maps: 200, moves: false, ..PAGES },
    Case { maps: 200, ..PAGES },
    Case { maps: 2000, ..PAGES },
    Case { maps: 200, ring_bytes: SMALL, ..PAGES },
    ITERATOR,
    Case { maps: 200, most_cpu: Some(0.02), ..ITERATOR },
    Case { maps: 1000, ..ITERATOR },
    Case { maps: 2000, ..ITERATOR },
    Case { maps: 200, ring_bytes: SMALL, most_cpu: Some(0.02), ..ITERATOR },
];

/// How long each part takes.
struct Times {
    before: Duration,
    measured: Duration,
    rounds: usize,
}

/// What one round of a case came to.
#[derive(Clone, Debug, Serialize)]
struct Run {
    case: usize,
    seconds: f64,
    /// Shares of a core: all, and those of [`THREADS`].
    cpu_share: f64,
    threads: [f64; THREADS.len()],
    looks_per_second: f64,
    produced_per_second: f64,
}

/// Runs it.
pub(crate) fn run(options: &Options, machine: &Machine) -> Result<()> {
    let Some(binaries) = std::env::var_os(BINARIES) else {
        say(&format!("skipped: {BINARIES} does not name the agent's binary (`cargo xtask bench` sets it)"));
        return Ok(());
    };
    let binary = std::env::split_paths(&binaries).next().context("no binary")?;
    say(&format!("{}.\n", hook::describe()?));
    let times = if options.short {
        Times { before: Duration::from_millis(700), measured: Duration::from_secs(1), rounds: 1 }
    } else {
        Times { before: Duration::from_millis(2500), measured: Duration::from_secs(5), rounds: 3 }
    };
    let (mut runs, mut sleeps) = (Vec::new(), Vec::new());
    for round in 0..times.rounds {
        sleeps.push(sleep(times.measured)?);
        for step in 0..CASES.len() {
            let index = (step + round) % CASES.len();
            runs.push(once(&binary, index, &times).with_context(|| format!("{:?}", CASES[index]))?);
        }
    }
    print(&runs, options.short);
    say(&format!(
        "\nA thread that sleeps {} ms and does nothing else, in the same run: {:.2} % ({:.2} to {:.2}).",
        SLEEP.as_millis(),
        100.0 * median(&sleeps),
        100.0 * quantile(&sleeps, 0.0),
        100.0 * quantile(&sleeps, 1.0),
    ));
    output::save(options, machine, "watch", (CASES, &runs, &sleeps))
}

fn once(binary: &Path, index: usize, times: &Times) -> Result<Run> {
    let case = CASES[index];
    let _tool = Tool::start(Wanted {
        rings: case.rings,
        maps: case.maps,
        ring_bytes: case.ring_bytes,
        moves: case.moves,
    })?;
    let agent = Agent::start(command(binary, case.by_pages), &["--mode", "passive"])?;
    thread::sleep(times.before);
    let produced_before = produced(&agent, case.rings)?;
    let (before, start) = (agent.threads()?, Instant::now());
    thread::sleep(times.measured);
    let (after, seconds) = (agent.threads()?, start.elapsed().as_secs_f64());
    let produced = produced(&agent, case.rings)? - produced_before;
    agent.stop()?;
    ensure!(case.moves == (produced > 0.0), "the tool's rings produced {produced} bytes");
    let grown = |name: &str| {
        let (before, after) = (before.get(name)?, after.get(name)?);
        Some((after.cpu_ns - before.cpu_ns, after.wakeups - before.wakeups))
    };
    let share = |name: &str| grown(name).map_or(0.0, |(cpu_ns, _)| cpu_ns as f64 / 1e9 / seconds);
    let looks = grown(THREADS[0].0).context("nobody looks at rings")?.1;
    Ok(Run {
        case: index,
        seconds,
        cpu_share: after.keys().map(|name| share(name)).sum(),
        threads: THREADS.map(|(name, _)| share(name)),
        looks_per_second: looks as f64 / seconds,
        produced_per_second: produced / seconds,
    })
}

/// Share of a core of a thread that sleeps, and does nothing else.
fn sleep(time: Duration) -> Result<f64> {
    let sleeper = thread::spawn(move || {
        let cpu = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default();
        let (before, start) = (cpu(), Instant::now());
        while start.elapsed() < time {
            thread::sleep(SLEEP);
        }
        (cpu() - before).as_secs_f64() / start.elapsed().as_secs_f64()
    });
    sleeper.join().map_err(|_| anyhow::anyhow!("the sleeper panicked"))
}

/// The agent, with or without the right to map pages.
fn command(binary: &Path, by_pages: bool) -> Command {
    if by_pages {
        return Command::new(binary);
    }
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", "-sys_admin"]).arg(binary);
    command
}

/// Bytes produced in all rings, as the agent says.
fn produced(agent: &Agent, rings: usize) -> Result<f64> {
    let page = Connection::open(agent.address())?.get("/metrics")?;
    let lines = page.lines().filter(|line| line.starts_with("dropctl_ring_produced_bytes_total{"));
    let values: Vec<f64> = lines.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    if values.len() < rings {
        bail!("the agent sees {} of {rings} rings", values.len());
    }
    Ok(values.iter().sum())
}

/// How the rings of a case are.
fn pace(case: &Case) -> &'static str {
    match (case.rings, case.moves, case.ring_bytes) {
        (0, ..) => "",
        (_, false, _) => ", still",
        (_, true, SMALL) => ", lively",
        _ => "",
    }
}

fn print(runs: &[Run], short: bool) {
    let mut table = Table::new(&[
        "rings by",
        "rings",
        "further maps",
        "CPU, % of a core",
        "least to most",
        "target",
        "",
        THREADS[0].1,
        THREADS[1].1,
        THREADS[2].1,
        THREADS[3].1,
        "looks/s",
    ]);
    let percent = |share: f64| format!("{:.2}", 100.0 * share);
    for (index, case) in CASES.iter().enumerate() {
        let of = |value: &dyn Fn(&Run) -> f64| -> Vec<f64> {
            runs.iter().filter(|run| run.case == index).map(value).collect()
        };
        let shares = of(&|run| run.cpu_share);
        let met = case.most_cpu.map(|most| median(&shares) <= most);
        let thread = |thread: usize| percent(median(&of(&|run| run.threads[thread])));
        table.row([
            if case.by_pages { "pages" } else { "iterator" }.to_owned(),
            format!("{}{}", case.rings, pace(case)),
            case.maps.to_string(),
            percent(median(&shares)),
            format!("{} to {}", percent(quantile(&shares, 0.0)), percent(quantile(&shares, 1.0))),
            case.most_cpu.map_or_else(|| "-".to_owned(), |most| format!("{}", 100.0 * most)),
            output::verdict(met.filter(|_| !short)),
            thread(0),
            thread(1),
            thread(2),
            thread(3),
            format!("{:.0}", median(&of(&|run| run.looks_per_second))),
        ]);
    }
    table.print();
}
