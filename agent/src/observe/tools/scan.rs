//! Finding tools among the processes of the node, and what becomes of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::{
    known,
    lives::{Found, Lives},
    memory, process,
};
use crate::{
    observe::{
        cgroups,
        groups::{self, Group, Hierarchies},
    },
    sample::RingSample,
    sys::pidfd,
};

/// In one scan of so many all processes are looked at: one may become a tool late, as the shell that ends with
/// `exec falco`.
const FULL_SCAN: u64 = 5;
/// A process may be what it is to be only a while after it was made.
const YOUNG_NS: u64 = 2_000_000_000;
/// How long the parent of one that ended may take to notice; only then the kernel tells how it ended.
const NOTICED_BY_NS: u64 = 60_000_000_000;

/// What is known of all.
pub(super) struct State {
    proc: PathBuf,
    hierarchies: Hierarchies,
    own_pid: u32,
    pub(super) lives: Lives,
    /// Tools that run, by process id.
    watched: BTreeMap<u32, Watched>,
    /// Of tools that ended, and when, until the kernel tells how.
    ended: Vec<(u32, OwnedFd, u64)>,
    /// Processes that are no tool: when each was first and last looked at.
    others: BTreeMap<u32, (u64, u64)>,
    scans: u64,
}

/// What is held of a tool that runs.
struct Watched {
    /// `None` before Linux 5.3, or if too many files are open.
    pidfd: Option<OwnedFd>,
    /// Its cgroup with a memory controller, which is there for longer than it; `None` if that is not visible.
    memory: Option<Group>,
}

/// The owner of a ring, if it is not dropctl.
pub(super) fn owner(ring: &RingSample) -> Option<(u32, &str)> {
    ring.owner.as_ref().filter(|_| !ring.is_own).map(|owner| (owner.tgid, owner.comm.as_str()))
}

impl State {
    /// Nothing is known yet. `proc`: where that file system is mounted.
    pub(super) fn new(proc: &Path) -> Self {
        Self {
            proc: proc.to_owned(),
            hierarchies: Hierarchies::read(proc),
            own_pid: std::process::id(),
            lives: Lives::default(),
            watched: BTreeMap::new(),
            ended: Vec::new(),
            others: BTreeMap::new(),
            scans: 0,
        }
    }

    /// Looks for new processes, and for what became of the old.
    pub(super) fn scan(&mut self, now_ns: u64) {
        let pids = self.pids();
        self.others.retain(|pid, _| pids.contains(pid));
        let is_full = self.scans.is_multiple_of(FULL_SCAN);
        self.scans += 1;
        for pid in &pids {
            let is_settled =
                self.others.get(pid).is_some_and(|(first_ns, _)| now_ns.saturating_sub(*first_ns) > YOUNG_NS);
            if *pid != self.own_pid && (is_full || !is_settled) {
                self.look_at(*pid, now_ns);
            }
        }
        for (pid, start_ns) in self.lives.all_running().collect::<Vec<_>>() {
            let watched = self.watched.get(&pid);
            let kills = watched.and_then(|watched| memory::oom_kills(watched.memory.as_ref()?));
            self.lives.set_oom_kills(pid, kills, now_ns);
            let has_pidfd = watched.is_some_and(|watched| watched.pidfd.is_some());
            let lives = || {
                process::stat(&self.proc, pid).is_some_and(|stat| {
                    !stat.is_dead && start_ns.is_none_or(|start_ns| stat.start_ns <= start_ns)
                })
            };
            // Without a pidfd its end shows here.
            if !has_pidfd && !lives() {
                self.end(pid, now_ns);
            }
        }
        let lives = &mut self.lives;
        self.ended.retain(|(pid, fd, ended_ns)| match pidfd::wait_status(fd.as_fd()) {
            Some(status) => {
                lives.set_exit(*pid, status);
                false
            }
            None => now_ns.saturating_sub(*ended_ns) < NOTICED_BY_NS,
        });
        self.lives.forget(now_ns);
    }

    fn pids(&self) -> BTreeSet<u32> {
        let Ok(entries) = std::fs::read_dir(&self.proc) else { return BTreeSet::new() };
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    fn look_at(&mut self, pid: u32, now_ns: u64) {
        // One that ends during the scan is none.
        let Some(comm) = process::comm(&self.proc, pid) else { return };
        if known::is_known_by_name(&comm) && self.take_up(pid, &comm, now_ns) {
            self.others.remove(&pid);
        } else {
            self.others.entry(pid).or_insert((now_ns, now_ns)).1 = now_ns;
        }
    }

    /// Tools that are no tools by name alone; and where processes are not visible, all tools.
    pub(super) fn take_up_by_rings(&mut self, rings: &[RingSample], sees_processes: bool, now_ns: u64) {
        let owners: BTreeMap<u32, &str> = rings.iter().filter_map(owner).collect();
        for (tgid, comm) in &owners {
            if !known::is_known_by_rings(comm) || self.lives.runs(*tgid, known::tool(comm)) {
                continue;
            }
            if sees_processes {
                self.take_up(*tgid, comm, now_ns);
            } else {
                let found = Found { tgid: *tgid, comm: (*comm).to_owned(), ..Found::default() };
                self.lives.begin(found, now_ns);
            }
        }
        if !sees_processes {
            for (tgid, _) in self.lives.all_running().collect::<Vec<_>>() {
                if !owners.contains_key(&tgid) {
                    self.lives.end(tgid, now_ns, None);
                }
            }
        }
    }

    /// Whether the process is a tool by now. One whose parent is the same tool is a part of it.
    fn take_up(&mut self, pid: u32, comm: &str, now_ns: u64) -> bool {
        let tool = known::tool(comm);
        if self.lives.runs(pid, tool) {
            return true;
        }
        let Some(stat) = process::stat(&self.proc, pid).filter(|stat| !stat.is_dead) else { return false };
        if self.lives.runs(stat.parent, tool) {
            return false;
        }
        let pidfd =
            Pid::from_raw(pid.cast_signed()).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        // The id may be another process's by now.
        if process::stat(&self.proc, pid).is_none_or(|again| again.start_ns != stat.start_ns || again.is_dead)
        {
            return false;
        }
        // What was another program until a moment ago has become a tool since.
        let looked = self.others.get(&pid).filter(|(first_ns, _)| *first_ns >= stat.start_ns);
        let start_ns = looked.map_or(stat.start_ns, |(_, last_ns)| stat.start_ns.max(*last_ns));
        let cgroup = groups::membership(&self.proc, pid);
        let memory = self.hierarchies.of(&self.proc, pid, "memory").and_then(|all| all.into_iter().next());
        let found = Found {
            tgid: pid,
            comm: comm.to_owned(),
            command: process::command(&self.proc, pid),
            namespace_tgid: process::namespace_tgid(&self.proc, pid),
            start_ns: Some(start_ns),
            container_id: cgroup.as_deref().and_then(cgroups::container).map(str::to_owned),
            oom_kills: memory.as_ref().and_then(memory::oom_kills),
            cgroup,
        };
        self.lives.begin(found, now_ns);
        self.watched.insert(pid, Watched { pidfd, memory });
        true
    }

    /// The process is gone.
    pub(super) fn end(&mut self, pid: u32, now_ns: u64) {
        let Some(Watched { pidfd, memory }) = self.watched.remove(&pid) else { return };
        self.lives.end(pid, now_ns, memory.as_ref().and_then(memory::oom_kills));
        self.ended.extend(pidfd.map(|pidfd| (pid, pidfd, now_ns)));
    }

    /// Copies of what the ends of tools can be waited for on: a tool may be forgotten meanwhile.
    pub(super) fn pidfds(&self) -> Vec<(u32, OwnedFd)> {
        let copy = |fd: BorrowedFd<'_>| fd.try_clone_to_owned().ok();
        let all = self.watched.iter();
        all.filter_map(|(pid, watched)| Some((*pid, copy(watched.pidfd.as_ref()?.as_fd())?))).collect()
    }
}

#[cfg(test)]
mod tests;
