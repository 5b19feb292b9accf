//! A real Prometheus scrapes a real agent under load: what it stores, what the dashboard and the alerts make of it.
//!
//! Each trial starts an agent, most also a Prometheus of their own (data in a temporary folder, ports that the
//! kernel chose, a scrape and an evaluation each second), and ends both by their process ids.
//!
//! Needs root, and prometheus, promtool and dd. The agent is DROPCTL_BIN, else the one that cargo built.
#![allow(unused_crate_dependencies, reason = "a test target uses few of the package's dependencies")]
#![allow(clippy::print_stdout, reason = "reasons of skips and measured numbers belong on stdout")]

mod agent;
mod alerts;
mod exposition;
mod http;
mod load;
mod pages;
mod panels;
mod process;
mod rules;
mod server;
mod values;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};

/// Name, and what it does.
type Test = (&'static str, fn() -> Result<()>);

const TESTS: [Test; 8] = [
    ("stored_values_are_the_agents", values::are_the_agents),
    ("known_load_is_counted_everywhere", values::of_a_known_load),
    ("promtool_accepts_the_page", pages::satisfy_promtool),
    ("dashboard_queries_return_data", panels::return_data),
    ("own_drops_fire_and_resolve", alerts::own_drops_fire_and_resolve),
    ("agent_down_fires_and_resolves", alerts::agent_down_fires_and_resolves),
    ("pages_are_served", pages::are_what_they_should_be),
    ("end_accounts_for_all", pages::end_with_an_account),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Two loads at once would disturb each other.
    arguments.test_threads = Some(1);
    let missing = require().err().map(|reason| format!("{reason:#}"));
    let trials = TESTS.iter().map(|&(name, run)| {
        if let Some(reason) = missing.as_ref().filter(|_| !arguments.list) {
            println!("skip: {name}: {reason}");
        }
        let trial = Trial::test(name, move || run().map_err(|error| Failed::from(format!("{error:#}"))));
        trial.with_ignored_flag(missing.is_some())
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Fails with what is missing on this machine.
fn require() -> Result<()> {
    ensure!(rustix::process::geteuid().is_root(), "needs root, to load programs into the kernel");
    for (tool, package) in [("prometheus", "prometheus"), ("promtool", "prometheus"), ("dd", "coreutils")] {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&folders).any(|folder| folder.join(tool).is_file());
        ensure!(found, "{tool} is not installed (Debian package {package})");
    }
    Ok(())
}
