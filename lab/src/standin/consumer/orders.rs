//! What the consumer is told to do, and when.

use std::time::{Duration, Instant};

use super::Break;
use crate::{cli::StandinArgs, value::Stall};

/// At some time after the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::standin) enum Order {
    /// Stand still up to this time.
    StallUntil(Duration),
    /// Stop draining for this.
    Stop(Break),
}

/// All orders; they outlive a reload.
#[derive(Debug)]
pub(in crate::standin) struct Orders {
    start: Instant,
    /// The next one is the last.
    pending: Vec<(Duration, Order)>,
}

impl Orders {
    /// The clock starts now.
    pub(in crate::standin) fn new(arguments: &StandinArgs) -> Self {
        let stall = |stall: &Stall| (stall.at, Order::StallUntil(stall.at + stall.time));
        let mut pending: Vec<_> = arguments.stall.iter().map(stall).collect();
        let mut stop = |at: Duration, why| pending.push((at, Order::Stop(why)));
        for hold in &arguments.hold {
            stop(hold.at, Break::Hold);
            stop(hold.at + hold.time, Break::LetGo);
        }
        arguments.reload.iter().for_each(|at| stop(*at, Break::Reload));
        arguments.nonsense_at.iter().for_each(|at| stop(*at, Break::CountNonsense));
        arguments.blind_at.iter().for_each(|at| stop(*at, Break::GoBlind));
        arguments.crash_at.iter().for_each(|at| stop(*at, Break::Crash));
        pending.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Self { start: Instant::now(), pending }
    }

    /// Time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The next order whose time has come. The clock is read only if there is one: it costs as much as an event.
    pub(super) fn due(&mut self) -> Option<Order> {
        let (at, _) = self.pending.last()?;
        if self.start.elapsed() < *at {
            return None;
        }
        self.pending.pop().map(|(_, order)| order)
    }
}
