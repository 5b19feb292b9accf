//! dropctl never measures itself.

use agent_common::slot::NATIVE;
use anyhow::{Result, ensure};

use crate::{crew, expect, raw};

const CALLS: u64 = 30_000;
const NUMBER: i64 = libc::SYS_sched_get_priority_max;

/// Syscalls of this process, on this thread and another, are counted as own and nowhere else.
pub(crate) fn left_out() -> Result<()> {
    for request in [crew::COUNT, crew::stream(1)] {
        let mut probe = crew::start(&request)?;
        let before = probe.sample().events.own;
        let work = || {
            for _ in 0..CALLS {
                raw::bare(NUMBER);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(work);
            work();
        });
        let own = probe.sample().events.own - before;
        let sample = probe.stop()?;
        expect::conserved(&sample, 1)?;
        expect::none(&sample, NATIVE + NUMBER as u32)?;
        let missed = sample.missed.unwrap_or(0);
        println!("own: {own} of at least {}", 2 * CALLS);
        ensure!(own + missed >= 2 * CALLS, "{own} counted as own, {missed} missed, {} due", 2 * CALLS);
    }
    Ok(())
}
