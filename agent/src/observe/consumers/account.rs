//! Where a thread's time went. Pure: from looks at one thread to times in states that add up.
//!
//! The kernel counts time on a CPU and run delay exactly, but run delay only once the thread runs again. What neither
//! covers is sleep. That is the remainder rule: *wall time = running + run delay + rest*, and the rest is sleep if the
//! thread sleeps at the look. If it is runnable then, the rest may be a wait that goes on, and stays unplaced until
//! the thread has run; a wait that goes on for longer than [`LONGEST_OPEN_NS`] counts as waiting. Time that the
//! hypervisor took away or that interrupts used is in none of the kernel's two counts, and so in the rest.
//!
//! - Run delay is *throttled* as far as a cgroup above the thread was throttled in the same interval, else *waiting*.
//! - Sleep is *blocked* as far as the time in which the rings were held (see `press`) is not needed for the rest of
//!   the time; else *idle*.

use crate::sample::{BlockedIn, ConsumerStates, PLACES_KEPT};

/// No cgroup's period is longer than a second (`max_cfs_quota_period`, kernel/sched/core.c), so a wait of which the
/// kernel has told nothing for longer is no throttling that is about to end.
const LONGEST_OPEN_NS: u64 = 1_000_000_000;

/// What one look saw. Counts are the kernel's, since the thread began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// When, `CLOCK_MONOTONIC` ns.
    pub time_ns: u64,
    /// Time on a CPU, ns.
    pub run_ns: u64,
    /// Run delay, ns.
    pub delay_ns: u64,
    /// Where it slept; `None` if it was runnable.
    pub place: Option<Place>,
    /// Times that it went to sleep.
    pub voluntary: Option<u64>,
    /// Throttled time of all cgroups above it, summed over CPUs, ns; `None` where they cannot be read.
    pub throttled_ns: Option<u64>,
    /// Time that its rings were held, and that they were not, ns (`press`).
    pub pressed_ns: u64,
    /// The rest of the time that its rings were looked at, ns.
    pub free_ns: u64,
    /// One of its rings is more than half full.
    pub is_pressing: bool,
}

/// Where a thread slept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `S`, `D`, `T`.
    pub state: char,
    /// Function of the kernel.
    pub wchan: Option<String>,
    /// Number of the syscall.
    pub syscall: Option<u32>,
}

/// The account of one thread.
#[derive(Clone, Debug)]
pub struct Account {
    since_ns: u64,
    last: Look,
    cpus: u32,
    states: ConsumerStates,
    pressed: ConsumerStates,
    throttled_min_ns: u64,
    throttled_max_ns: u64,
    blocked_in: Vec<BlockedIn>,
    /// Not in a state yet.
    open: Open,
    /// Where it was last seen asleep.
    place: Option<Place>,
    run_due_ns: u64,
    delay_due_ns: u64,
    /// Waiting that was counted before the kernel told of it.
    ahead_ns: u64,
    /// Throttled time of cgroups that no delay was matched with yet; `None` where it cannot be read.
    throttle_due_ns: Option<u64>,
}

/// Time that is in no state yet, and what the rings were in it.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    time_ns: u64,
    /// The same with the part that was placed meanwhile.
    span_ns: u64,
    pressed_ns: u64,
    free_ns: u64,
    /// The thread slept in it.
    has_slept: bool,
}

impl Account {
    /// Begins at a look. `cpus`: CPUs on which a cgroup may be throttled at the same time.
    #[must_use]
    pub fn new(first: Look, cpus: u32) -> Self {
        Self {
            since_ns: first.time_ns,
            cpus: cpus.max(1),
            states: ConsumerStates::default(),
            pressed: ConsumerStates::default(),
            throttled_min_ns: 0,
            throttled_max_ns: 0,
            blocked_in: Vec::new(),
            open: Open { has_slept: first.place.is_some(), ..Open::default() },
            place: first.place.clone(),
            run_due_ns: 0,
            delay_due_ns: 0,
            ahead_ns: 0,
            throttle_due_ns: first.throttled_ns.map(|_| 0),
            last: first,
        }
    }

    /// CPUs on which a cgroup may be throttled at the same time.
    #[must_use]
    pub fn cpus(&self) -> u32 {
        self.cpus
    }

    /// From when on, `CLOCK_MONOTONIC` ns.
    #[must_use]
    pub fn since_ns(&self) -> u64 {
        self.since_ns
    }

    /// The last look.
    #[must_use]
    pub fn last(&self) -> &Look {
        &self.last
    }

    /// Times in states.
    #[must_use]
    pub fn states(&self) -> ConsumerStates {
        self.states
    }

    /// Times in states between looks at either of which one of its rings was more than half full.
    #[must_use]
    pub fn pressed(&self) -> ConsumerStates {
        self.pressed
    }

    /// Time in no state yet, ns.
    #[must_use]
    pub fn unplaced_ns(&self) -> u64 {
        self.open.time_ns
    }

    /// The least and the most that the throttled time can be, ns.
    #[must_use]
    pub fn throttled_range_ns(&self) -> (u64, u64) {
        (self.throttled_min_ns, self.throttled_max_ns)
    }

    /// What it was blocked in, most first.
    #[must_use]
    pub fn blocked_in(&self) -> Vec<BlockedIn> {
        let mut places = self.blocked_in.clone();
        places.sort_by_key(|place| std::cmp::Reverse(place.time_ns));
        places
    }

    /// Takes in another look.
    pub fn add(&mut self, look: Look) {
        let before = self.states;
        let is_pressed = look.is_pressing || self.last.is_pressing;
        self.place_interval(look);
        if is_pressed {
            self.pressed.add(&self.states.since(&before));
        }
    }

    fn place_interval(&mut self, look: Look) {
        let grown = |now: u64, before: u64| now.saturating_sub(before);
        let (run_ns, delay_ns) =
            (grown(look.run_ns, self.last.run_ns), grown(look.delay_ns, self.last.delay_ns));
        let passed_ns = grown(look.time_ns, self.last.time_ns);
        self.open.time_ns += passed_ns;
        self.open.span_ns += passed_ns;
        self.open.pressed_ns += grown(look.pressed_ns, self.last.pressed_ns);
        self.open.free_ns += grown(look.free_ns, self.last.free_ns);
        self.open.has_slept |= look.voluntary.is_none()
            || look.voluntary != self.last.voluntary
            || self.last.place.is_some()
            || look.place.is_some();
        self.throttle_due_ns = match (look.throttled_ns, self.last.throttled_ns) {
            (Some(now), Some(before)) => Some(self.throttle_due_ns.unwrap_or(0) + grown(now, before)),
            _ => None,
        };
        if run_ns > 0 || delay_ns > 0 {
            // It has run since, so the kernel has told of the wait before.
            self.delay_due_ns += delay_ns.saturating_sub(std::mem::take(&mut self.ahead_ns));
            self.run_due_ns += run_ns;
        }
        if look.place.is_some() {
            self.place.clone_from(&look.place);
        }
        let is_runnable = look.place.is_none();
        self.last = look;
        self.place_known();
        let is_long = self.open.time_ns > LONGEST_OPEN_NS;
        // Whether a sleeper's rings were held shows a moment later: it may be a pause of polling.
        let is_clear = self.open.pressed_ns + self.open.free_ns > 0;
        if (!is_runnable && is_clear) || (self.open.has_slept && is_long) {
            self.sleep();
        } else if is_long {
            self.ahead_ns += self.open.time_ns;
            let time_ns = std::mem::take(&mut self.open.time_ns);
            self.wait(time_ns);
        }
        if self.open.time_ns == 0 {
            self.open = Open { has_slept: !is_runnable, ..Open::default() };
        }
        // What is left was of other threads, unless this one has yet to run.
        if !is_runnable {
            self.throttle_due_ns = self.throttle_due_ns.map(|_| 0);
        }
    }

    /// Puts the rest into states, because no other look will come.
    pub fn close(&mut self) {
        if self.open.has_slept {
            self.sleep();
        } else {
            let time_ns = std::mem::take(&mut self.open.time_ns);
            self.wait(time_ns);
        }
    }

    /// What the kernel has counted.
    fn place_known(&mut self) {
        let run_ns = self.open.time_ns.min(self.run_due_ns);
        self.run_due_ns -= run_ns;
        self.open.time_ns -= run_ns;
        self.states.running_ns += run_ns;
        let delay_ns = self.open.time_ns.min(self.delay_due_ns);
        self.delay_due_ns -= delay_ns;
        self.open.time_ns -= delay_ns;
        self.wait(delay_ns);
    }

    /// Time that it was runnable and did not run.
    fn wait(&mut self, time_ns: u64) {
        let Some(due_ns) = self.throttle_due_ns else {
            self.states.waiting_ns += time_ns;
            self.throttled_max_ns += time_ns;
            return;
        };
        // Of all that was throttled on some CPU, this thread's part is at least what cannot have been while it slept:
        // a cgroup without time holds back each of its runnable threads.
        let least_ns = (due_ns / u64::from(self.cpus)).saturating_sub(self.open.time_ns);
        let throttled_ns = time_ns.min(due_ns);
        self.throttle_due_ns = Some(due_ns - throttled_ns);
        self.states.throttled_ns += throttled_ns;
        self.states.waiting_ns += time_ns - throttled_ns;
        self.throttled_min_ns += throttled_ns.min(least_ns);
        self.throttled_max_ns += throttled_ns;
    }

    /// Time that it slept.
    fn sleep(&mut self) {
        let Open { time_ns, span_ns, pressed_ns, free_ns, .. } = std::mem::take(&mut self.open);
        // Rings are looked at at other moments than the thread: what counts is the share of the time.
        let looked_ns = u128::from((pressed_ns + free_ns).max(1));
        let scaled = |part_ns: u64| u64::try_from(u128::from(part_ns) * u128::from(span_ns) / looked_ns);
        let (pressed_ns, free_ns) = (scaled(pressed_ns).unwrap_or(0), scaled(free_ns).unwrap_or(0));
        let blocked_ns = time_ns.saturating_sub(free_ns).min(pressed_ns);
        self.states.blocked_ns += blocked_ns;
        self.states.idle_ns += time_ns - blocked_ns;
        let Some(place) = self.place.clone().filter(|_| blocked_ns > 0) else { return };
        let known = self.blocked_in.iter_mut().find(|known| {
            (known.state, &known.wchan, known.syscall) == (place.state, &place.wchan, place.syscall)
        });
        if let Some(known) = known {
            known.time_ns += blocked_ns;
        } else if self.blocked_in.len() < PLACES_KEPT {
            let Place { state, wchan, syscall } = place;
            self.blocked_in.push(BlockedIn { state, wchan, syscall, time_ns: blocked_ns });
        }
        // Where there is no place left, the sum of the places is less than the time blocked, which says so.
    }
}

#[cfg(test)]
mod tests;
