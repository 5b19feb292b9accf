//! The one thread that drains all rings, polling, and takes orders.

use std::{
    hint,
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
use crate::{cli::StandinArgs, sys::stop, value::Stall};

/// Pauses while all rings are empty: each twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_micros(500);
const LONGEST_PAUSE: Duration = Duration::from_millis(30);

/// The consumer and all that it feeds.
pub(super) struct Consumer {
    rings: Rings,
    counters: Arc<Counters>,
    identity: Arc<Identity>,
    outputs: Outputs,
    watch: DropWatch,
    tally: Tally,
    work: Duration,
    alert_every: u64,
    /// The next one is the last.
    stalls: Vec<Stall>,
    stop_after: Option<Duration>,
}

/// What it has done in the end.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) tally: Tally,
    pub(super) detected: u64,
    pub(super) alerted: u64,
    pub(super) outputs_dropped: u64,
}

impl Consumer {
    pub(super) fn new(
        arguments: &StandinArgs,
        rings: Rings,
        counters: Arc<Counters>,
        identity: Arc<Identity>,
        outputs: Outputs,
    ) -> Self {
        let mut stalls = arguments.stall.clone();
        stalls.sort_by_key(|stall| std::cmp::Reverse(stall.at));
        let bucket = Bucket::new(arguments.rate, arguments.max_burst);
        Self {
            rings,
            counters,
            identity,
            outputs,
            watch: DropWatch::new(arguments.threshold, bucket),
            tally: Tally::default(),
            work: Duration::from_nanos(arguments.work_ns),
            alert_every: arguments.alert_every,
            stalls,
            stop_after: arguments.stop_after,
        }
    }

    /// Drains until told to stop.
    pub(super) fn run(&mut self) -> Result<()> {
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            self.stall(start);
            if self.is_over(start) {
                break;
            }
            if self.one_event()? {
                pause = FIRST_PAUSE;
            } else {
                thread::sleep(pause);
                pause = LONGEST_PAUSE.min(2 * pause);
            }
        }
        self.rings.release();
        Ok(())
    }

    /// Takes one event, if there is one, through all that Falco does with it.
    fn one_event(&mut self) -> Result<bool> {
        let Some(record) = self.rings.next() else { return Ok(false) };
        self.tally.add(record);
        work(self.work);
        let time_ns = record.time_ns();
        let read = || Ok(counters::total(&self.counters.read()?));
        if let Some(grown) = self.watch.event(time_ns, read)? {
            self.outputs.send(alert::drops(&self.identity.hostname, &grown)?);
        }
        if self.alert_every != 0 && self.tally.delivered.is_multiple_of(self.alert_every) {
            self.outputs.send(alert::rule(&self.identity.hostname, time_ns, self.tally.delivered)?);
        }
        Ok(true)
    }

    /// The records that nobody read, and what was done with the others. For when no program runs any more.
    pub(super) fn finish(self) -> (u64, Done) {
        let done = Done {
            tally: self.tally,
            detected: self.watch.detected,
            alerted: self.watch.alerted,
            outputs_dropped: self.outputs.finish(),
        };
        (self.rings.count_left(), done)
    }

    /// The clock is read only where it is asked for: it costs as much as an event.
    fn is_over(&self, start: Instant) -> bool {
        stop::is_asked() || self.stop_after.is_some_and(|time| start.elapsed() >= time)
    }

    fn stall(&mut self, start: Instant) {
        let Some(stall) = self.stalls.last().copied() else { return };
        if start.elapsed() < stall.at {
            return;
        }
        self.stalls.pop();
        let end = stall.at + stall.time;
        while start.elapsed() < end && !self.is_over(start) {
            thread::sleep(LONGEST_PAUSE.min(end.saturating_sub(start.elapsed())));
        }
    }
}

/// Uses CPU time.
fn work(time: Duration) {
    if time.is_zero() {
        return;
    }
    let start = Instant::now();
    while start.elapsed() < time {
        hint::spin_loop();
    }
}
