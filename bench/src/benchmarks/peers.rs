//! `peers`: what other tools that count syscalls by name add to each of them, in one run with dropctl and the
//! floor, and whether they saw them all.
//!
//! A tool that is not there, or does not run here, is left out with its reason.

mod tool;

use std::time::Duration;

use anyhow::{Context as _, Result};

use self::tool::Tool;
use super::syscall::Mine;
use crate::{
    blocks::{Extent, Outcome, Subject, measure, outcomes},
    generator::{self, Generator},
    hook,
    machine::Machine,
    options::Options,
    output::{self, Table, say},
    programs::Program,
};

/// Runs it.
pub(crate) fn run(options: &Options, machine: &Machine) -> Result<()> {
    say(&format!("{}.", hook::describe()?));
    generator::pin(&[1]).context("this benchmark needs two CPUs")?;
    let mut generator = Generator::start(0)?;
    let mut tools = Vec::new();
    for mut tool in Tool::all(generator.pid()) {
        match tool.try_out(&mut generator) {
            Ok(version) => {
                say(&format!("{}: {version}.", tool.name()));
                tools.push(tool);
            }
            Err(why) => say(&format!("{}: left out: {why:#}.", tool.name())),
        }
    }
    say("");
    let mut floor = Program::floor()?;
    let mut count = Mine::count()?.named("dropctl count");
    let mut every = Mine::stream("dropctl stream, every event", 1)?;
    let mut subjects: Vec<&mut dyn Subject> = vec![&mut floor, &mut count, &mut every];
    subjects.extend(tools.iter_mut().map(|tool| tool as &mut dyn Subject));
    let extent = if options.short {
        Extent { batch: Duration::from_millis(5), pairs: 2, most_blocks: 1 }
    } else {
        Extent { batch: Duration::from_millis(30), pairs: 24, most_blocks: 60 }
    };
    let series = measure(&mut subjects, &mut generator, extent)?;
    let outcomes = outcomes(&series);
    let resident: Vec<(String, u64)> =
        tools.iter().map(|tool| (tool.name().to_owned(), tool.resident_bytes())).collect();
    print(&outcomes, &resident);
    output::save(options, machine, "peers", (&outcomes, &resident, &series))
}

fn print(outcomes: &[Outcome], resident: &[(String, u64)]) {
    let mut table = Table::new(&[
        "tool",
        "added, ns (95 %)",
        "min to min",
        "over F, ns (95 %)",
        "calls seen, %",
        "RSS, MB",
        "baseline",
        "blocks",
    ]);
    for outcome in outcomes {
        let bytes = resident.iter().find(|(name, _)| *name == outcome.name).map(|(_, bytes)| *bytes);
        table.row([
            outcome.name.clone(),
            output::estimate(outcome.added),
            output::number(outcome.least_added),
            output::estimate(outcome.over_floor),
            output::number(outcome.seen_share.map(|share| 100.0 * share)),
            output::number(bytes.map(|bytes| bytes as f64 / 1e6)),
            format!("{:.1}", outcome.baseline),
            output::kept(outcome),
        ]);
    }
    table.print();
}
