//! The lives of tools: which process is the next life of which tool. No I/O: what was seen goes in, facts come out.

use std::collections::VecDeque;

use super::known;
use crate::sample::{Absence, LIVES_LISTED, ToolExit, ToolSample};

/// Tools that are kept at once; beyond, those that ended first are forgotten.
const MOST_TOOLS: usize = 64;
/// One that ended sooner, without rings, beside another of the same tool, was no tool: `falco --version`.
const ASIDE_NS: u64 = 10_000_000_000;
/// One that is done is shown for so long.
const DONE_SHOWN_NS: u64 = 60_000_000_000;

/// A process that is a tool, as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) tgid: u32,
    pub(super) comm: String,
    /// Arguments, separated by zero bytes; `None` where they are not visible.
    pub(super) command: Option<Vec<u8>>,
    pub(super) namespace_tgid: Option<u32>,
    /// When it became a tool; `None` where that is not visible.
    pub(super) start_ns: Option<u64>,
    pub(super) cgroup: Option<String>,
    pub(super) container_id: Option<String>,
    /// `oom_kill` of its cgroup.
    pub(super) oom_kills: Option<u64>,
}

/// A process that was killed for want of memory has to give back all of it before it is gone: the kernel's count grows first.
const DIES_WITHIN_NS: u64 = 10_000_000_000;

/// One tool through all its lives.
struct Tool {
    sample: ToolSample,
    command: Option<Vec<u8>>,
    starts_ns: VecDeque<u64>,
    absences: VecDeque<Absence>,
    has_had_rings: bool,
    /// `oom_kill` of the cgroup of this life as last read.
    oom_kills: Option<u64>,
    /// When that was seen to grow while it ran.
    killed_ns: Option<u64>,
    /// Map of counters of the probe that it has loaded, to notice another.
    probe: Option<u32>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Lives {
    tools: Vec<Tool>,
}

impl Lives {
    /// Takes up a process that is a tool, as the next life of one that ended or as another.
    pub(super) fn begin(&mut self, found: Found, now_ns: u64) {
        let tool = known::tool(&found.comm);
        let is_service = known::is_service(&found.comm);
        let index = if is_service { self.continues(tool, &found) } else { None };
        let index = index.unwrap_or_else(|| self.add(tool, is_service));
        let entry = &mut self.tools[index];
        let sample = &mut entry.sample;
        let start_ns = found.start_ns.unwrap_or(now_ns);
        if let Some(absence) = entry.absences.back_mut().filter(|absence| absence.to_ns.is_none()) {
            // It may have begun before the other's end was seen.
            let to_ns = start_ns.max(absence.from_ns);
            absence.to_ns = Some(to_ns);
            sample.absent_ns += to_ns - absence.from_ns;
            sample.restarts += 1;
        }
        push(&mut entry.starts_ns, start_ns);
        sample.is_running = true;
        sample.comm = found.comm;
        sample.tgid = found.tgid;
        sample.namespace_tgid = found.namespace_tgid;
        sample.start_ns = found.start_ns;
        sample.cgroup = found.cgroup;
        sample.container_id = found.container_id;
        sample.oom_kills = sample.oom_kills.or_else(|| found.oom_kills.map(|_| 0));
        entry.command = found.command;
        entry.has_had_rings = false;
        entry.oom_kills = found.oom_kills;
        entry.probe = None;
    }

    /// The tool whose next life this is: one that ended, in the same cgroup if there is such a one, else with the same
    /// command, for a restarted container has another cgroup.
    fn continues(&self, tool: &str, found: &Found) -> Option<usize> {
        let ended = || {
            let all = self.tools.iter().enumerate();
            all.filter(|(_, entry)| !entry.sample.is_running && entry.sample.tool == tool)
        };
        let same = |one: &Option<Vec<u8>>, other: &Option<Vec<u8>>| one.is_some() && one == other;
        let by_cgroup =
            || ended().find(|(_, entry)| found.cgroup.is_some() && entry.sample.cgroup == found.cgroup);
        let by_both = ended()
            .find(|(_, entry)| entry.sample.cgroup == found.cgroup && same(&entry.command, &found.command));
        let by_command = || ended().find(|(_, entry)| same(&entry.command, &found.command));
        by_both.or_else(by_cgroup).or_else(by_command).map(|(index, _)| index)
    }

    fn add(&mut self, tool: &'static str, is_service: bool) -> usize {
        if self.tools.len() >= MOST_TOOLS {
            let ended = self.tools.iter().enumerate().filter(|(_, entry)| !entry.sample.is_running);
            let oldest = ended.min_by_key(|(_, entry)| entry.sample.last_exit.map(|exit| exit.time_ns));
            if let Some(index) = oldest.map(|(index, _)| index) {
                self.tools.remove(index);
            }
        }
        let taken = || self.tools.iter().filter(|entry| entry.sample.tool == tool);
        let instance = (0..).find(|number| taken().all(|entry| entry.sample.instance != *number));
        self.tools.push(Tool {
            sample: ToolSample {
                tool: tool.to_owned(),
                instance: instance.unwrap_or(usize::MAX),
                is_service,
                ..ToolSample::default()
            },
            command: None,
            starts_ns: VecDeque::new(),
            absences: VecDeque::new(),
            has_had_rings: false,
            oom_kills: None,
            killed_ns: None,
            probe: None,
        });
        self.tools.len() - 1
    }

    /// The process is gone. `oom_kills` as its cgroup tells now; `None` if it is gone as well.
    pub(super) fn end(&mut self, tgid: u32, now_ns: u64, oom_kills: Option<u64>) {
        let Some(index) = self.tools.iter().position(|entry| entry.is(tgid)) else { return };
        let beside = |other: &Tool| other.sample.tool == self.tools[index].sample.tool && !other.is(tgid);
        let has_another = self.tools.iter().any(|other| beside(other) && other.sample.is_running);
        let entry = &mut self.tools[index];
        let started_ns = entry.starts_ns.back().copied().unwrap_or(now_ns);
        let is_aside = entry.sample.restarts == 0
            && !entry.has_had_rings
            && now_ns.saturating_sub(started_ns) < ASIDE_NS;
        if is_aside && has_another {
            self.tools.remove(index);
            return;
        }
        let grew = entry.oom_kills.zip(oom_kills).map(|(before, now)| now > before);
        entry.note_oom_kills(oom_kills, now_ns);
        let is_dying = |killed_ns| now_ns.saturating_sub(killed_ns) <= DIES_WITHIN_NS;
        let is_oom = if entry.killed_ns.take().is_some_and(is_dying) { Some(true) } else { grew };
        entry.sample.is_running = false;
        entry.sample.has_rings = false;
        entry.sample.last_exit = Some(ToolExit { time_ns: now_ns, code: None, signal: None, is_oom });
        if entry.sample.is_service {
            push(&mut entry.absences, Absence { from_ns: now_ns, to_ns: None });
        }
    }

    /// How a process ended that is gone, once the kernel tells.
    pub(super) fn set_exit(&mut self, tgid: u32, wait_status: i32) {
        let ended = self.tools.iter_mut().find(|entry| entry.sample.tgid == tgid && !entry.sample.is_running);
        if let Some(exit) = ended.and_then(|entry| entry.sample.last_exit.as_mut()) {
            let signal = wait_status & 0x7f;
            exit.signal = (signal != 0).then_some(signal);
            exit.code = (signal == 0).then_some(wait_status >> 8 & 0xff);
            // It ended by itself: another process of its cgroup was killed.
            exit.is_oom = exit.is_oom.map(|is_oom| is_oom && signal != 0);
        }
    }

    /// What its cgroup tells while it runs.
    pub(super) fn set_oom_kills(&mut self, tgid: u32, oom_kills: Option<u64>, now_ns: u64) {
        if let Some(entry) = self.running(tgid) {
            entry.note_oom_kills(oom_kills, now_ns);
        }
    }

    /// Whether it has rings, and the map of counters of its probe, if it has one.
    pub(super) fn set_probe(&mut self, tgid: u32, has_rings: bool, probe: Option<u32>, now_ns: u64) {
        let Some(entry) = self.running(tgid) else { return };
        entry.sample.has_rings = has_rings;
        entry.has_had_rings |= has_rings;
        // Between the maps of the old probe and those of the new there are none.
        let Some(probe) = probe else { return };
        if entry.probe.is_some_and(|before| before != probe) {
            entry.sample.reloads += 1;
            entry.sample.last_reload_ns = Some(now_ns);
        }
        entry.probe = Some(probe);
    }

    /// Forgets those that are done.
    pub(super) fn forget(&mut self, now_ns: u64) {
        self.tools.retain(|entry| {
            let ended_ns = entry.sample.last_exit.map_or(now_ns, |exit| exit.time_ns);
            let is_recent = now_ns.saturating_sub(ended_ns) < DONE_SHOWN_NS;
            entry.sample.is_running || entry.sample.is_service || is_recent
        });
    }

    /// Process ids of those that run, and when each began.
    pub(super) fn all_running(&self) -> impl Iterator<Item = (u32, Option<u64>)> {
        let running = self.tools.iter().filter(|entry| entry.sample.is_running);
        running.map(|entry| (entry.sample.tgid, entry.sample.start_ns))
    }

    /// Whether the running process of that id is this tool.
    pub(super) fn runs(&self, tgid: u32, tool: &str) -> bool {
        self.tools.iter().any(|entry| entry.is(tgid) && entry.sample.tool == tool)
    }

    /// All of them.
    pub(super) fn sample(&self) -> Vec<ToolSample> {
        let sample = |entry: &Tool| ToolSample {
            starts_ns: entry.starts_ns.iter().copied().collect(),
            absences: entry.absences.iter().copied().collect(),
            ..entry.sample.clone()
        };
        self.tools.iter().map(sample).collect()
    }

    fn running(&mut self, tgid: u32) -> Option<&mut Tool> {
        self.tools.iter_mut().find(|entry| entry.is(tgid))
    }
}

impl Tool {
    fn is(&self, tgid: u32) -> bool {
        self.sample.is_running && self.sample.tgid == tgid
    }

    fn note_oom_kills(&mut self, now: Option<u64>, now_ns: u64) {
        if let (Some(before), Some(now), Some(kills)) = (self.oom_kills, now, &mut self.sample.oom_kills) {
            *kills += now.saturating_sub(before);
            self.killed_ns = if now > before { Some(now_ns) } else { self.killed_ns };
        }
        self.oom_kills = now.or(self.oom_kills);
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == LIVES_LISTED {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests;
