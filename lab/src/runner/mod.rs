//! `dropctl-lab run`: scenarios, to prove their labels, to score dropctl on them, or to check the sizes that it names.

mod cgroups;
mod child;
mod once;
mod outcome;
mod prove;
mod proving;
mod score;
mod scoring;
mod sizes;
mod sizing;
mod table;
mod tally;
mod tool;

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    process::ExitCode,
    thread,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::{
    cli::RunArgs,
    scenario::{self, Known, Scenario, Setup},
    sys::stop,
};
use once::Onlookers;
use outcome::Outcome;
use tally::Tally;

/// Seeds of each scenario, unless others are asked for.
const SEEDS: u64 = 3;
/// Of what is run more than once for each.
const SEEDS_OF_PROOF: u64 = 1;

/// What `--prove` and scoring share.
struct Runner<'a> {
    arguments: &'a RunArgs,
    known: Known,
    /// This program under the name of Falco, for which dropctl shall take the stand-in.
    falco: PathBuf,
    tally: Tally,
}

/// Runs the chosen scenarios and ends with `N passed, N failed, N skipped`.
pub(crate) fn run(arguments: &RunArgs) -> Result<ExitCode> {
    let scenarios = chosen(arguments)?;
    if arguments.list {
        return list(&scenarios).map(|()| ExitCode::SUCCESS);
    }
    ensure!(
        rustix::process::geteuid().is_root(),
        "scenarios load programs and make cgroups; that needs root"
    );
    stop::on_signals();
    let folder = tempfile::Builder::new().prefix("dropctl-lab-").tempdir().context("make a folder")?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let known = Known::from([
        ("scratch".to_owned(), json!(path("scratch"))),
        ("config".to_owned(), json!(path("falco.yaml"))),
    ]);
    let falco = folder.path().join("falco");
    let own = std::env::current_exe().context("where is this program?")?;
    fs::copy(&own, &falco).with_context(|| format!("copy {}", own.display()))?;
    let mut runner = Runner { arguments, known, falco, tally: Tally::default() };
    let text = match (arguments.prove, arguments.size) {
        (true, _) => runner.prove(&scenarios)?,
        (_, true) => runner.size(&scenarios, folder.path())?,
        _ => runner.score(&scenarios)?,
    };
    print(&text)?;
    if let Some(file) = &arguments.table {
        fs::write(file, &text).with_context(|| format!("write {}", file.display()))?;
    }
    print(&runner.tally.text())?;
    Ok(runner.tally.exit_code())
}

fn chosen(arguments: &RunArgs) -> Result<Vec<Scenario>> {
    let own: Vec<_> = arguments.file.iter().map(|file| Scenario::read(file)).collect::<Result<_>>()?;
    let is_meant = |name: &str| {
        let names = &arguments.scenarios;
        names.is_empty() && own.is_empty() || names.iter().any(|start| name.starts_with(start.as_str()))
    };
    let mut chosen = scenario::all()?;
    let names = chosen.iter().map(|scenario| scenario.name.clone()).collect::<Vec<_>>().join(", ");
    chosen.retain(|scenario| {
        is_meant(&scenario.name)
            && (!arguments.short || scenario.short)
            && (!arguments.size || !scenario.sizes.is_empty())
            && arguments.split.is_none_or(|split| split == scenario.split)
    });
    chosen.extend(own);
    ensure!(!chosen.is_empty(), "no such scenario; there are {names}");
    Ok(chosen)
}

fn list(scenarios: &[Scenario]) -> Result<()> {
    let code = |scenario: &Scenario| scenario.expect.clone().unwrap_or_else(|| score::NONE.to_owned());
    let row = |scenario: &Scenario| {
        let split = format!("{:?}", scenario.split).to_lowercase();
        vec![scenario.name.clone(), code(scenario), scenario.also.join(" "), split, scenario.shows.clone()]
    };
    let rows: Vec<_> = scenarios.iter().map(row).collect();
    print(&table::markdown(&table::head(["scenario", "cause", "beside it", "half", "shows"]), &rows))
}

fn print(text: &str) -> Result<()> {
    write!(std::io::stdout(), "{text}").context("print")
}

impl Runner<'_> {
    /// All seeds of the scenarios that this machine can run; the others are skipped, with the reason.
    fn seeds<'s>(&mut self, scenarios: &'s [Scenario], default: u64) -> Vec<(&'s Scenario, u64)> {
        let mut due = Vec::new();
        for scenario in scenarios {
            match self.missing(scenario) {
                Err(reason) => self.tally.skip(&scenario.name, &format!("{reason:#}")),
                Ok(()) => {
                    let first = self.arguments.first_seed;
                    let seeds = first..first + self.arguments.seeds.unwrap_or(default);
                    due.extend(seeds.map(|seed| (scenario, seed)));
                }
            }
        }
        due
    }

    /// An error names what this machine lacks.
    fn missing(&self, scenario: &Scenario) -> Result<()> {
        let cpus = thread::available_parallelism().context("count the CPUs")?.get();
        ensure!(cpus >= 2, "the tool and its load need a CPU each, and this machine has one");
        cgroups::can_limit(&scenario.as_is(1, &self.known)?)
    }

    /// One run, alone on this machine as far as a lock can do that.
    fn once(&self, setup: &Setup, onlookers: &Onlookers) -> Result<Outcome> {
        let lock = self.arguments.lock.as_ref().map(File::create).transpose().context("open the lock")?;
        if let Some(lock) = &lock {
            lock.lock().context("wait for the lock")?;
        }
        once::run(setup, &self.falco, onlookers)
    }

    fn dropctl(&self) -> Result<PathBuf> {
        let file = self.arguments.dropctl.clone();
        file.context("which dropctl? --dropctl FILE or DROPCTL_BIN says so, or `cargo xtask lab` builds one")
    }

    /// Says what is going on, on stderr.
    fn say(&self, scenario: &Scenario, seed: u64, what: &str) {
        eprintln!("lab: {} seed {seed}: {what}", scenario.name);
    }
}
