//! `dropctl-lab provoke`: a ring that refuses records for a reason that is known, and how many it refused.
//!
//! The class `lock` is left out: before Linux 6.15 it takes an NMI that interrupts the holder of that very ring's lock,
//! which nothing here can time.

mod programs;

use std::{io::Write as _, thread, time::Duration};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use self::programs::Programs;
use crate::{
    cli::{Class, Helper, ProvokeArgs},
    hold::Holder,
    load::pace::{self, Limit},
    sys::{ring::Ring, stop},
};

/// Between two looks whether to end.
const PAUSE: Duration = Duration::from_millis(10);

/// What is printed.
#[derive(Serialize)]
struct Summary {
    pid: u32,
    map_id: u32,
    class: &'static str,
    helper: &'static str,
    ring_bytes: u32,
    attempted: u64,
    refused: u64,
    /// Read while records were written. What came before an uncommitted record, for `pending`.
    consumed: u64,
    /// Left in the ring, bytes; the record that was held and what came after it, for `pending`.
    backlog_bytes: u64,
}

/// Provokes, and prints what came of it.
pub(crate) fn run(arguments: &ProvokeArgs) -> Result<()> {
    stop::on_signals();
    let mut programs = Programs::load(arguments)?;
    let mut ring = programs.map_ring(arguments.ring_bytes)?;
    if arguments.when_asked {
        std::io::stdin().read_line(&mut String::new()).context("wait for a line")?;
    }
    let held = match arguments.class {
        Class::Pending => {
            // So that the held record is not the first of all.
            programs.attempt(Class::Behind, 1)?;
            Some(Holder::load(programs.ring()?)?.hold()?)
        }
        Class::Behind | Class::TooBig | Class::Flags => None,
    };
    let is_consumed = arguments.class != Class::Behind;
    let (mut attempted, mut refused, mut consumed) = (u64::from(held.is_some()), 0, 0);
    let limit = Limit { calls: Some(arguments.calls), time: arguments.duration };
    let mut failure = None;
    pace::run(arguments.rate, limit, |calls| {
        for _ in 0..calls {
            if failure.is_some() || stop::is_asked() {
                return;
            }
            if is_consumed {
                consumed += drain(&mut ring);
            }
            attempted += 1;
            match programs.attempt(arguments.class, 1) {
                Ok(count) => refused += count,
                Err(error) => failure = Some(error),
            }
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let summary = Summary {
        pid: std::process::id(),
        map_id: programs.ring_id(),
        class: arguments.class.name(),
        helper: arguments.helper.name(),
        ring_bytes: arguments.ring_bytes,
        attempted,
        refused,
        consumed,
        backlog_bytes: ring.backlog_bytes(),
    };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&summary)?).context("print the summary")?;
    while arguments.stay && !stop::is_asked() {
        thread::sleep(PAUSE);
    }
    if let Some(held) = held {
        held.let_go()?;
        let left = drain(&mut ring);
        if left == 0 {
            bail!("the held record was not committed");
        }
    }
    Ok(())
}

/// Reads all that can be read.
fn drain(ring: &mut Ring) -> u64 {
    let mut count = 0;
    while ring.peek().is_some() {
        ring.pass();
        count += 1;
    }
    count
}

impl Class {
    fn name(self) -> &'static str {
        match self {
            Self::Behind => "behind",
            Self::Pending => "pending",
            Self::TooBig => "too-big",
            Self::Flags => "flags",
        }
    }
}

impl Helper {
    fn name(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Output => "output",
            Self::ReserveDynptr => "reserve-dynptr",
        }
    }
}
