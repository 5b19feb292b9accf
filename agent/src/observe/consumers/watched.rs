//! One consumer that is watched: the search for its thread, and the account of that thread.

use std::path::PathBuf;

use super::{
    account::{Account, Look},
    drainer::{Drainer, Search},
    limits,
    thread::{self, ThreadLook},
};
use crate::{
    observe::{
        groups::{Group, Hierarchies},
        rings::Drain,
    },
    sample::{ConsumerSample, CpuLimit},
    sys::clock,
};

/// Time between two looks while nothing presses, ns.
const EVERY_NS: u64 = 1_000_000_000;
/// Time between two looks of the search for the thread, ns.
const SEARCH_EVERY_NS: u64 = 250_000_000;
/// A process may be moved to another cgroup, ns.
const GROUPS_EVERY_NS: u64 = 10_000_000_000;

/// Where to look.
pub(super) struct Place {
    /// /proc.
    pub(super) proc: PathBuf,
    /// Mounted cgroups.
    pub(super) hierarchies: Hierarchies,
    /// CPUs that run.
    pub(super) cpus: u32,
}

/// A tool's consumer.
#[derive(Clone)]
pub(super) struct Watched {
    tgid: u32,
    tool: String,
    search: Search,
    searched_ns: u64,
    groups: Option<Vec<Group>>,
    groups_ns: u64,
    known: Option<Known>,
}

/// Its thread.
#[derive(Clone)]
struct Known {
    drainer: Drainer,
    account: Account,
    first: ThreadLook,
    last: ThreadLook,
    limits_first: Option<Vec<CpuLimit>>,
    limits: Option<Vec<CpuLimit>>,
}

impl Watched {
    pub(super) fn new(place: &Place, tgid: u32) -> Self {
        Self {
            tgid,
            tool: String::new(),
            search: Search::new(&place.proc, tgid),
            searched_ns: 0,
            groups: None,
            groups_ns: 0,
            known: None,
        }
    }

    /// Time before the last look counts no more.
    pub(super) fn begin(&mut self) {
        if let Some(known) = &mut self.known {
            known.account = Account::new(known.account.last().clone(), known.account.cpus());
            known.first = known.last.clone();
            known.limits_first.clone_from(&known.limits);
        }
    }

    /// A look, if it is due.
    pub(super) fn look(&mut self, place: &Place, drain: &Drain, now_ns: u64, is_due: bool) {
        self.tool.clone_from(&drain.tool);
        if self.groups_ns == 0 || now_ns.saturating_sub(self.groups_ns) >= GROUPS_EVERY_NS {
            self.groups = place.hierarchies.of(&place.proc, self.tgid, "cpu");
            self.groups_ns = now_ns;
        }
        match &self.known {
            None if now_ns.saturating_sub(self.searched_ns) >= SEARCH_EVERY_NS => {
                self.searched_ns = now_ns;
                let found = self.search.look(now_ns, drain.named_tid, drain.consumed_bytes);
                self.known = found.and_then(|drainer| self.begin_with(place, drainer, drain));
            }
            None => {}
            Some(known) => {
                let since_ns = now_ns.saturating_sub(known.account.last().time_ns);
                if is_due || drain.is_pressing || since_ns >= EVERY_NS {
                    self.look_at_thread(place, drain);
                }
            }
        }
    }

    /// Puts all time into states, because no other look will come.
    pub(super) fn close(&mut self) {
        if let Some(known) = &mut self.known {
            known.account.close();
        }
    }

    fn begin_with(&self, place: &Place, drainer: Drainer, drain: &Drain) -> Option<Known> {
        let (look, thread, limits) = self.read(place, drainer.tid, drain)?;
        Some(Known {
            drainer,
            account: Account::new(look, place.cpus),
            first: thread.clone(),
            last: thread,
            limits_first: limits.clone(),
            limits,
        })
    }

    fn look_at_thread(&mut self, place: &Place, drain: &Drain) {
        let Some(tid) = self.known.as_ref().map(|known| known.drainer.tid) else { return };
        match (self.read(place, tid, drain), &mut self.known) {
            (Some((look, thread, limits)), Some(known)) => {
                known.account.add(look);
                known.last = thread;
                known.limits = limits;
            }
            // It ended; another one may take over.
            _ => {
                *self = Self {
                    groups: self.groups.take(),
                    groups_ns: self.groups_ns,
                    ..Self::new(place, self.tgid)
                }
            }
        }
    }

    fn read(
        &self,
        place: &Place,
        tid: u32,
        drain: &Drain,
    ) -> Option<(Look, ThreadLook, Option<Vec<CpuLimit>>)> {
        let thread = thread::read(&thread::folder(&place.proc, self.tgid, tid))?;
        // After the thread: what held it back up to then is in there.
        let limits = self.groups.as_deref().map(limits::read);
        let look = Look {
            time_ns: clock::monotonic_ns(),
            run_ns: thread.run_ns,
            delay_ns: thread.delay_ns,
            place: thread.place.clone(),
            voluntary: thread.voluntary,
            throttled_ns: limits.as_deref().map(limits::throttled_ns),
            pressed_ns: drain.press.pressed_ns,
            free_ns: drain.press.free_ns,
            is_pressing: drain.is_pressing,
        };
        Some((look, thread, limits))
    }

    /// What is known of it; `None` while its thread is not.
    pub(super) fn sample(&self) -> Option<ConsumerSample> {
        let Known { drainer, account, first, last, limits_first, limits } = self.known.as_ref()?;
        let grown = |of: fn(&ThreadLook) -> Option<u64>| Some(of(last)?.saturating_sub(of(first)?));
        let (throttled_min_ns, throttled_max_ns) = account.throttled_range_ns();
        let ticks = grown(|look| look.block_io_ticks);
        Some(ConsumerSample {
            tgid: self.tgid,
            tid: drainer.tid,
            comm: last.comm.clone(),
            tool: self.tool.clone(),
            known_by: drainer.known_by,
            candidates: drainer.candidates,
            since_ns: account.since_ns(),
            time_ns: account.last().time_ns,
            states: account.states(),
            pressed: account.pressed(),
            unplaced_ns: account.unplaced_ns(),
            throttled_min_ns,
            throttled_max_ns,
            blocked_in: account.blocked_in(),
            voluntary_switches: grown(|look| look.voluntary),
            involuntary_switches: grown(|look| look.involuntary),
            major_faults: grown(|look| look.major_faults),
            block_io_ns: ticks.map(clock::ticks_to_ns),
            limits: limits_first
                .as_deref()
                .zip(limits.as_deref())
                .map(|(first, now)| CpuLimit::since(first, now)),
        })
    }
}
