//! `dropctl-bench [NAME..] [--short]`: what dropctl costs and how fast it is, measured against the targets of
//! docs/benchmarks.md. Left out: any judgement by a test; these numbers belong to the machine they come from.

mod benchmarks;
mod blocks;
mod generator;
mod hook;
mod machine;
mod options;
mod output;
mod programs;
mod statistics;
mod sys;
mod tool;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use lexopt::Arg::{Long, Short, Value};

use crate::{
    benchmarks::{ALL, Benchmark},
    machine::Machine,
    options::Options,
    output::say,
};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dropctl-bench: {error:#}");
            ExitCode::from(if error.is::<lexopt::Error>() { 2 } else { 1 })
        }
    }
}

fn run() -> Result<()> {
    let mut names = Vec::new();
    let mut options = Options { short: false };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(value) if names.is_empty() && value == generator::ARGUMENT => {
                let cpu = parser.value()?.to_string_lossy().parse().context("CPU of the generator")?;
                return generator::serve(cpu);
            }
            Value(value) if names.is_empty() && value == tool::ARGUMENT => {
                let mut number = || -> Result<usize> {
                    parser.value()?.to_string_lossy().parse().context("number of rings or maps")
                };
                return tool::serve(tool::Wanted {
                    rings: number()?,
                    maps: number()?,
                    ring_bytes: number()?,
                    moves: number()? != 0,
                });
            }
            Value(value) => names.push(find(&value.to_string_lossy())?),
            Long("short") => options.short = true,
            Short('h') | Long("help") => {
                usage();
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let chosen: Vec<&Benchmark> = if names.is_empty() { ALL.iter().collect() } else { names };
    for benchmark in chosen {
        let machine = Machine::read()?;
        say(&format!("\n## {}: {}\n", benchmark.name, benchmark.about));
        (benchmark.run)(&options, &machine).with_context(|| format!("benchmark {}", benchmark.name))?;
    }
    Ok(())
}

fn find(name: &str) -> Result<&'static Benchmark> {
    let known = || ALL.iter().map(|benchmark| benchmark.name).collect::<Vec<_>>().join(", ");
    let found = ALL.iter().find(|benchmark| benchmark.name == name);
    found.ok_or_else(|| lexopt::Error::from(format!("no benchmark `{name}`; there are {}", known())).into())
}

fn usage() {
    say("usage: dropctl-bench [NAME..] [--short]\n");
    for benchmark in ALL {
        say(&format!("  {:<8}  {}", benchmark.name, benchmark.about));
    }
    say("\n  --short   seconds instead of minutes, to see that every benchmark runs; no target is judged");
}
