//! `follow`: what it adds to a syscall to follow the drop counter of a tool, beside that tool's own program.
//!
//! A tool that drops nothing: the look that every syscall pays. And one that drops each event: what it costs in addition to
//! say whose it was, where the tool itself spares a record.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use dropctl::{
    observe::rings::{Rings, Wanted},
    setup::Whose,
};

use crate::{
    blocks::{Extent, Outcome, Subject, measure, outcomes},
    generator::{self, Generator},
    hook,
    machine::Machine,
    options::Options,
    output::{self, Table, say},
    programs::Program,
};

/// The tool, and dropctl behind it.
struct Followed {
    name: &'static str,
    tool: Program,
    rings: Option<Rings>,
}

impl Subject for Followed {
    fn name(&self) -> &str {
        self.name
    }

    fn attach(&mut self) -> Result<()> {
        self.tool.attach()?;
        let rings = Rings::start(Wanted { whose: Whose::On, ..Wanted::default() }).context("watch")?;
        if let Some(why) = rings.cannot_follow() {
            bail!("nothing can be followed: {why}");
        }
        self.rings = Some(rings);
        Ok(())
    }

    fn detach(&mut self) -> Result<Option<u64>> {
        drop(self.rings.take());
        self.tool.detach()
    }
}

/// Runs it.
pub(crate) fn run(options: &Options, machine: &Machine) -> Result<()> {
    say(&format!("{}.", hook::describe()?));
    // What watches stays on this CPU; the load has the other.
    generator::pin(&[1]).context("this benchmark needs two CPUs")?;
    let mut tool = Program::tool()?;
    let mut followed = Followed { name: "the same, followed", tool: Program::tool()?, rings: None };
    let mut dropping = Program::dropping()?;
    let mut blamed = Followed { name: "drops, followed", tool: Program::dropping()?, rings: None };
    let mut generator = Generator::start(0)?;
    let extent = if options.short {
        Extent { batch: Duration::from_millis(5), pairs: 2, most_blocks: 2 }
    } else {
        Extent { batch: Duration::from_millis(30), pairs: 60, most_blocks: 200 }
    };
    let series =
        measure(&mut [&mut tool, &mut followed, &mut dropping, &mut blamed], &mut generator, extent)?;
    let outcomes = outcomes(&series);
    print(&outcomes, "over the first, ns (95 %)");
    output::save(options, machine, "follow", (&outcomes, &series))
}

/// The table of a run; `over_first` is the head of what is over the first case.
pub(super) fn print(outcomes: &[Outcome], over_first: &str) {
    let columns = ["case", "added, ns (95 %)", "min to min", over_first, "baseline", "blocks"];
    let mut table = Table::new(&columns);
    for outcome in outcomes {
        table.row([
            outcome.name.clone(),
            output::estimate(outcome.added),
            output::number(outcome.least_added),
            output::estimate(outcome.over_floor),
            format!("{:.1}", outcome.baseline),
            output::kept(outcome),
        ]);
    }
    table.print();
}
