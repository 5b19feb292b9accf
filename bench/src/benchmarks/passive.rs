//! `passive`: what an agent that attaches nothing adds to a syscall, and to a record of a tool whose ring it watches.

use std::{path::PathBuf, process::Command, thread, time::Duration};

use anyhow::{Context as _, Result};

use super::{
    agent::{BINARIES, process::Agent},
    syscall::Mine,
};
use crate::{
    blocks::{Extent, Subject, measure, outcomes},
    generator::{self, Generator},
    hook,
    machine::Machine,
    options::Options,
    output::{self, Table, say},
};

/// What an agent does once, as it starts, is over: it reads the kernel's types and looks through /proc. Two CPUs may be one
/// core, and then the load beside it runs slower.
const SETTLED: Duration = Duration::from_millis(1500);

/// An agent that comes and goes.
struct Passive {
    name: &'static str,
    binary: PathBuf,
    agent: Option<Agent>,
}

impl Subject for Passive {
    fn name(&self) -> &str {
        self.name
    }

    fn attach(&mut self) -> Result<()> {
        self.agent = Some(Agent::start(Command::new(&self.binary), &["--mode", "passive"])?);
        thread::sleep(SETTLED);
        Ok(())
    }

    fn detach(&mut self) -> Result<Option<u64>> {
        self.agent.take().map_or(Ok(()), Agent::stop)?;
        Ok(None)
    }
}

/// Runs it.
pub(crate) fn run(options: &Options, machine: &Machine) -> Result<()> {
    let Some(binaries) = std::env::var_os(BINARIES) else {
        say(&format!("skipped: {BINARIES} does not name the agent's binary (`cargo xtask bench` sets it)"));
        return Ok(());
    };
    let binary = std::env::split_paths(&binaries).next().context("no binary")?;
    say(&format!("{}.", hook::describe()?));
    // What watches and drains stays on this CPU; the load has the other.
    generator::pin(&[1]).context("this benchmark needs two CPUs")?;
    let mut generator = Generator::start(0)?;
    let extent = if options.short {
        Extent { batch: Duration::from_millis(5), pairs: 2, most_blocks: 2 }
    } else {
        Extent { batch: Duration::from_millis(30), pairs: 60, most_blocks: 60 }
    };
    let passive = |name| Passive { name, binary: binary.clone(), agent: None };
    let syscall = measure(&mut [&mut passive("a syscall")], &mut generator, extent)?;
    // A program that writes a record for each, in a ring that is drained and watched.
    let mut tool = Mine::stream("a tool", 1)?;
    tool.attach()?;
    let record = measure(&mut [&mut passive("a syscall and its record")], &mut generator, extent)?;
    tool.detach()?;
    let mut table = Table::new(&["agent beside", "added, ns (95 %)", "min to min", "baseline", "blocks"]);
    let outcomes = [outcomes(&syscall), outcomes(&record)].concat();
    for outcome in &outcomes {
        table.row([
            outcome.name.clone(),
            output::estimate(outcome.added),
            output::number(outcome.least_added),
            format!("{:.1}", outcome.baseline),
            output::kept(outcome),
        ]);
    }
    table.print();
    output::save(options, machine, "passive", (&outcomes, &syscall, &record))
}
