//! `dropctl-lab load`: known syscalls, and how many of them were made.

mod calls;
pub(crate) mod pace;

use std::{io::Write as _, time::Instant};

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::{
    cli::LoadArgs,
    place,
    value::{Burst, Rate},
};
use calls::{Calls, Made};
use pace::Limit;

/// What is printed.
#[derive(Serialize)]
struct Summary {
    pid: u32,
    calls: u64,
    seconds: f64,
    by_syscall: Made,
}

/// Makes the calls and prints what they came to.
pub(crate) fn run(arguments: &LoadArgs) -> Result<()> {
    place::go(&arguments.place)?;
    let mut calls = Calls::new(arguments)?;
    let start = Instant::now();
    for (rate, limit) in stretches(arguments) {
        pace::run(rate, limit, |number| calls.make(number));
    }
    let seconds = start.elapsed().as_secs_f64();
    let by_syscall = calls.made();
    let summary = Summary { pid: std::process::id(), calls: by_syscall.total(), seconds, by_syscall };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&summary)?).context("print the summary")
}

fn stretches(arguments: &LoadArgs) -> Vec<(Rate, Limit)> {
    if arguments.burst.is_empty() {
        return vec![(arguments.rate, Limit { calls: arguments.calls, time: arguments.duration })];
    }
    let stretch = |burst: &Burst| (burst.rate, Limit { calls: None, time: Some(burst.time) });
    arguments.burst.iter().map(stretch).collect()
}
