//! What node and cgroups run short of: pressure stall information, stolen CPU time, load, memory of cgroups.
//!
//! Read once for each sample. Files that this kernel does not have are `None`; left out: CPU limits
//! (`consumers::limits`), which belong to threads.

use std::path::{Path, PathBuf};

use super::{
    consumers::thread::text,
    groups::{Group, Hierarchies, Version, field, number},
};
use crate::{
    sample::{MemoryGroup, NodePressure, PressureSample, Stall, Stalls, ToolPressure},
    sys::clock,
};

/// cgroup v1 says so where there is no limit: `PAGE_COUNTER_MAX` in bytes, for pages of 4 and of 64 KiB the same but
/// for the last bits (mm/page_counter.c).
const NO_LIMIT: u64 = 0x7fff_ffff_ffff_0000;

/// Where to read.
#[derive(Clone, Debug)]
pub struct Pressure {
    proc: PathBuf,
    hierarchies: Hierarchies,
}

impl Pressure {
    /// Below this /proc.
    #[must_use]
    pub fn new(proc: &Path) -> Self {
        Self { proc: proc.to_owned(), hierarchies: Hierarchies::read(proc) }
    }

    /// The node, and the cgroups of these processes.
    #[must_use]
    pub fn read(&self, tgids: &[u32]) -> PressureSample {
        let tool = |tgid: &u32| {
            let of = |controller: &str| self.hierarchies.of(&self.proc, *tgid, controller);
            // Any controller of v2 leads to its one hierarchy.
            let own =
                of("io").and_then(|groups| groups.into_iter().find(|group| group.version == Version::V2));
            ToolPressure {
                tgid: *tgid,
                memory: of("memory").map(|groups| groups.iter().map(memory).collect()),
                stalls: own.and_then(|group| stalls(&group.folder, ".pressure")),
            }
        };
        PressureSample { node: self.node(), tools: tgids.iter().map(tool).collect() }
    }

    fn node(&self) -> NodePressure {
        let proc = |name: &str| text(&self.proc.join(name)).unwrap_or_default();
        // Its line of interrupts is longer than anybody reads; what is wanted comes before or after.
        let stat = std::fs::read_to_string(self.proc.join("stat")).unwrap_or_default();
        let cpu = stat.lines().find_map(|line| line.strip_prefix("cpu "));
        // user nice system idle iowait irq softirq steal (Documentation/filesystems/proc.rst)
        let ticks: Vec<u64> = cpu
            .map(|line| line.split_ascii_whitespace().take(8).map_while(|word| word.parse().ok()).collect())
            .unwrap_or_default();
        let busy = [0, 1, 2, 5, 6, 7].iter().map(|index| ticks.get(*index)).sum::<Option<u64>>();
        let online = stat.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu ")).count();
        NodePressure {
            stalls: stalls(&self.proc.join("pressure"), ""),
            steal_ns: ticks.get(7).copied().map(clock::ticks_to_ns),
            busy_ns: busy.map(clock::ticks_to_ns),
            load_1_milli: proc("loadavg").split_ascii_whitespace().next().and_then(thousandths),
            runnable: field(&stat, "procs_running"),
            blocked: field(&stat, "procs_blocked"),
            cpus_online: (online > 0).then_some(online as u64),
            available_bytes: available(&proc("meminfo")),
        }
    }
}

/// `MemAvailable:    1234 kB`.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// `0.25` as 250.
fn thousandths(number: &str) -> Option<u64> {
    let (whole, part) = number.split_once('.')?;
    let part: u64 = format!("{part:0<3}").get(..3)?.parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(part)
}

/// The files `cpu`, `memory`, `io` with this ending; `None` if none of them says anything.
fn stalls(folder: &Path, ending: &str) -> Option<Stalls> {
    let read = |name: &str| stall(&text(&folder.join(format!("{name}{ending}"))).ok()?);
    let stalls = Stalls { cpu: read("cpu"), memory: read("memory"), io: read("io") };
    (stalls != Stalls::default()).then_some(stalls)
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=12` and the same for `full`, in us (Documentation/accounting/psi.rst).
fn stall(text: &str) -> Option<Stall> {
    let total = |kind: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(kind))?;
        line.split_once("total=")?.1.trim().parse::<u64>().ok()?.checked_mul(1000)
    };
    Some(Stall { some_ns: total("some ")?, full_ns: total("full ") })
}

fn memory(group: &Group) -> MemoryGroup {
    let at = |name: &str| group.folder.join(name);
    let lines = |name: &str| text(&at(name)).unwrap_or_default();
    let cgroup = group.path.clone();
    match group.version {
        Version::V1 => MemoryGroup {
            cgroup,
            current_bytes: number(&at("memory.usage_in_bytes")),
            limit_bytes: number(&at("memory.limit_in_bytes")).filter(|bytes| *bytes < NO_LIMIT),
            high_events: None,
            max_events: number(&at("memory.failcnt")),
            oom_kills: field(&lines("memory.oom_control"), "oom_kill"),
        },
        Version::V2 => {
            let events = lines("memory.events");
            MemoryGroup {
                cgroup,
                current_bytes: number(&at("memory.current")),
                // `max` is no number.
                limit_bytes: number(&at("memory.max")),
                high_events: field(&events, "high"),
                // In the other file a cgroup counts for all above it as well (5.2, Documentation/admin-guide/cgroup-v2.rst).
                max_events: field(&lines("memory.events.local"), "max"),
                oom_kills: field(&events, "oom_kill"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
