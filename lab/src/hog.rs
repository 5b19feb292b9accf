//! `dropctl-lab hog`: a competitor for the CPU that makes no syscalls.

use std::{hint, thread, time::Instant};

use anyhow::{Context as _, Result};

use crate::{cli::HogArgs, place, sys::stop};

/// Spins until the time is up or a signal comes.
pub(crate) fn run(arguments: &HogArgs) -> Result<()> {
    place::go(&arguments.place)?;
    stop::on_signals();
    let start = Instant::now();
    let is_over = move || stop::is_asked() || arguments.duration.is_some_and(|time| start.elapsed() >= time);
    thread::scope(|scope| {
        for _ in 1..arguments.threads {
            thread::Builder::new().spawn_scoped(scope, || spin(is_over)).context("start a thread")?;
        }
        spin(is_over);
        Ok(())
    })
}

fn spin(is_over: impl Fn() -> bool) {
    while !is_over() {
        (0..100_000).for_each(|_| hint::spin_loop());
    }
}
