//! What the threads that drain did with their time.

use super::{neighbours, since_start};
use crate::{
    number::share,
    sample::{ConsumerSample, ConsumerStates},
    timeline::Slice,
};

/// The states, in the order in which they are stacked.
pub(in crate::report::html) const STATES: [&str; 5] = ["running", "waiting", "throttled", "blocked", "idle"];

/// One thread.
#[derive(Clone, Debug)]
pub(in crate::report::html) struct Thread {
    pub(in crate::report::html) comm: String,
    pub(in crate::report::html) tid: u32,
    /// Threads that it may be as well, itself included.
    pub(in crate::report::html) candidates: u32,
    pub(in crate::report::html) bars: Vec<Bar>,
}

/// A stretch of its time that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report::html) struct Bar {
    pub(in crate::report::html) from: f64,
    pub(in crate::report::html) to: f64,
    pub(in crate::report::html) states: ConsumerStates,
}

impl Bar {
    /// Of its time, in the order of [`STATES`]. They add up to 1.
    pub(in crate::report::html) fn shares(&self) -> [f64; 5] {
        let all = self.states.total_ns();
        parts(&self.states).map(|part| share(part, all))
    }
}

impl Thread {
    /// Over all of it.
    pub(in crate::report::html) fn shares(&self) -> [f64; 5] {
        let sum = self.bars.iter().fold(ConsumerStates::default(), |mut sum, bar| {
            sum.add(&bar.states);
            sum
        });
        Bar { from: 0.0, to: 0.0, states: sum }.shares()
    }
}

fn parts(states: &ConsumerStates) -> [u64; 5] {
    [states.running_ns, states.waiting_ns, states.throttled_ns, states.blocked_ns, states.idle_ns]
}

/// Those of one tool, the one that ran most first.
///
/// Time that was in no state yet at a sample is the end of what was looked at, and is placed by the next: a bar is from where the
/// one before ended to where the thread's time is placed, and what is still open at the end is left blank.
pub(in crate::report::html) fn of(slice: &Slice<'_>, tgid: u32) -> Vec<Thread> {
    let mut threads: Vec<Thread> = Vec::new();
    for step in slice.steps() {
        let consumers = step.slice().consumers().unwrap_or_default();
        for now in consumers.iter().filter(|consumer| consumer.tgid == tgid) {
            let at = threads.iter().position(|thread| thread.tid == now.tid).unwrap_or_else(|| {
                let comm = now.comm.clone();
                threads.push(Thread { comm, tid: now.tid, candidates: 1, bars: Vec::new() });
                threads.len() - 1
            });
            let thread = &mut threads[at];
            thread.candidates = now.candidates;
            let after = thread.bars.last().map_or(0.0, |bar| bar.to);
            thread.bars.extend(bar(slice, now, after));
        }
    }
    let ran = |thread: &Thread| thread.bars.iter().map(|bar| bar.states.running_ns).sum::<u64>();
    threads.retain(|thread| !thread.bars.is_empty());
    threads.sort_by_key(|thread| std::cmp::Reverse(ran(thread)));
    threads
}

fn bar(slice: &Slice<'_>, now: &ConsumerSample, after: f64) -> Option<Bar> {
    let end_ns = now.time_ns.saturating_sub(now.unplaced_ns);
    let (from, to) = (since_start(slice, now.since_ns).max(after), since_start(slice, end_ns));
    (to > from && now.states.total_ns() > 0).then_some(Bar { from, to, states: now.states })
}

/// As many as a screen shows, each the sum of as many neighbours.
pub(in crate::report::html) fn thin(bars: &[Bar]) -> Vec<Bar> {
    let of = |few: &[Bar]| {
        let mut sum = *few.first()?;
        for more in few.iter().skip(1) {
            sum.to = more.to;
            sum.states.add(&more.states);
        }
        Some(sum)
    };
    bars.chunks(neighbours(bars.len())).filter_map(of).collect()
}
