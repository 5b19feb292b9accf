//! The one thread that drains all rings, polling, and takes orders.

mod chores;
mod orders;

use std::{
    fs,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{
    alert,
    bucket::Bucket,
    counters::{self, Counters},
    drops::DropWatch,
    identity::Identity,
    outputs::Outputs,
    rings::Rings,
    tally::Tally,
};
use crate::{cli::StandinArgs, sys::stop};

pub(super) use chores::Chores;
pub(super) use orders::{Order, Orders};

/// Pauses while all rings are empty: each twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_micros(500);
const LONGEST_PAUSE: Duration = Duration::from_millis(30);

/// What stays when everything else is opened anew.
pub(super) struct Lasting {
    pub(super) identity: Arc<Identity>,
    pub(super) outputs: Outputs,
    pub(super) chores: Chores,
    pub(super) orders: Orders,
}

/// The consumer of one set of rings, and all that it feeds.
pub(super) struct Consumer<'a> {
    rings: Rings,
    counters: Arc<Counters>,
    lasting: &'a mut Lasting,
    watch: DropWatch,
    tally: Tally,
    arguments: &'a StandinArgs,
}

/// What it has done in the end.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) tally: Tally,
    pub(super) detected: u64,
    pub(super) alerted: u64,
    pub(super) left_in_rings: u64,
}

/// Why it stopped draining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    Over,
    Reload,
    GoBlind,
    /// To reserve a record of the first ring.
    Hold,
    /// To give it up.
    LetGo,
    /// To make the counters contradict each other.
    CountNonsense,
    Crash,
}

impl<'a> Consumer<'a> {
    pub(super) fn new(
        arguments: &'a StandinArgs,
        rings: Rings,
        counters: Arc<Counters>,
        lasting: &'a mut Lasting,
    ) -> Self {
        let bucket = Bucket::new(arguments.rate, arguments.max_burst);
        let watch = DropWatch::new(arguments.threshold, bucket);
        Self { rings, counters, lasting, watch, tally: Tally::default(), arguments }
    }

    /// Looks through /proc, as Falco does before it takes the first event.
    pub(super) fn scan(&self) {
        let Some(time) = self.arguments.start_scan else { return };
        let start = Instant::now();
        while start.elapsed() < time && !self.is_over() {
            for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
                if start.elapsed() >= time {
                    return;
                }
                // A process that has gone is no error.
                let _ = fs::read_to_string(process.path().join("status"));
            }
        }
    }

    /// Drains until there is something else to do.
    pub(super) fn run(&mut self) -> Result<Break> {
        let mut pause = FIRST_PAUSE;
        let why = loop {
            match self.lasting.orders.due() {
                None => {}
                Some(Order::StallUntil(end)) => self.stall(end),
                Some(Order::Stop(why)) => break why,
            }
            if self.is_over() {
                break Break::Over;
            }
            if self.one_event()? {
                pause = FIRST_PAUSE;
            } else if let Some(time) = self.arguments.epoll {
                self.rings.wait(time)?;
            } else {
                thread::sleep(pause);
                pause = LONGEST_PAUSE.min(2 * pause);
            }
        };
        self.rings.release();
        Ok(why)
    }

    /// Takes one event, if there is one, through all that Falco does with it.
    fn one_event(&mut self) -> Result<bool> {
        let Some(record) = self.rings.next() else { return Ok(false) };
        self.tally.add(record);
        let time_ns = record.time_ns();
        self.lasting.chores.event()?;
        let Lasting { identity, outputs, .. } = &*self.lasting;
        let read = || Ok(counters::total(&self.counters.read()?));
        if let Some(grown) = self.watch.event(time_ns, read)? {
            outputs.send(alert::drops(&identity.hostname, &grown)?);
        }
        let every = self.arguments.alert_every;
        if every != 0 && self.tally.delivered.is_multiple_of(every) {
            outputs.send(alert::rule(&identity.hostname, time_ns, self.tally.delivered)?);
        }
        Ok(true)
    }

    /// The records that nobody read, and what was done with the others. For when no program runs any more.
    pub(super) fn finish(self) -> Done {
        Done {
            tally: self.tally,
            detected: self.watch.detected,
            alerted: self.watch.alerted,
            left_in_rings: self.rings.count_left(),
        }
    }

    /// The clock is read only where it is asked for: it costs as much as an event.
    fn is_over(&self) -> bool {
        let elapsed = || self.lasting.orders.elapsed();
        stop::is_asked() || self.arguments.stop_after.is_some_and(|time| elapsed() >= time)
    }

    fn stall(&self, end: Duration) {
        let left = || end.saturating_sub(self.lasting.orders.elapsed());
        while !left().is_zero() && !self.is_over() {
            thread::sleep(LONGEST_PAUSE.min(left()));
        }
    }
}
