//! `estimate`: what it adds to a syscall to look whether the ring of a tool that counts no drops has room (docs/estimate.md).
//!
//! The ring has room: a look at a full one costs the same, and comes where the tool's own program writes no record.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use dropctl::observe::rings::{Refusals, Rings, Wanted};

use super::follow;
use crate::{
    blocks::{Extent, Subject, measure, outcomes},
    generator::{self, Generator},
    hook,
    machine::Machine,
    options::Options,
    output::{self, say},
    programs::Program,
    tool::{self, Tool},
};

/// Of the tool.
const RING_BYTES: usize = 4 << 20;
/// The ring is found, and has had a record.
const SOON: Duration = Duration::from_secs(10);

/// dropctl, looking at a ring of another process.
struct Looked {
    rings: Option<Rings>,
}

impl Subject for Looked {
    fn name(&self) -> &str {
        "a look at one ring"
    }

    fn attach(&mut self) -> Result<()> {
        let wanted = Wanted { estimate: Refusals::All, ..Wanted::default() };
        let rings = Rings::start(wanted).context("watch")?;
        if let Some(why) = rings.cannot_estimate() {
            bail!("nothing can be estimated: {why}");
        }
        let deadline = Instant::now() + SOON;
        while rings.sample().iter().all(|ring| ring.estimated.is_none()) {
            ensure!(Instant::now() < deadline, "the ring was not looked at in time");
            thread::sleep(Duration::from_millis(20));
        }
        self.rings = Some(rings);
        Ok(())
    }

    fn detach(&mut self) -> Result<Option<u64>> {
        drop(self.rings.take());
        Ok(None)
    }
}

/// Runs it.
pub(crate) fn run(options: &Options, machine: &Machine) -> Result<()> {
    say(&format!("{}.", hook::describe()?));
    // What watches stays on this CPU, and the tool with it; the load has the other.
    generator::pin(&[1]).context("this benchmark needs two CPUs")?;
    let _tool = Tool::start(tool::Wanted { rings: 1, maps: 0, ring_bytes: RING_BYTES, moves: true })?;
    let mut floor = Program::floor()?;
    let mut looked = Looked { rings: None };
    let mut generator = Generator::start(0)?;
    let extent = if options.short {
        Extent { batch: Duration::from_millis(5), pairs: 2, most_blocks: 2 }
    } else {
        Extent { batch: Duration::from_millis(30), pairs: 60, most_blocks: 200 }
    };
    let series = measure(&mut [&mut floor, &mut looked], &mut generator, extent)?;
    let outcomes = outcomes(&series);
    follow::print(&outcomes, "over F, ns (95 %)");
    output::save(options, machine, "estimate", (&outcomes, &series))
}
