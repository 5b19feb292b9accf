//! The tools of the node as processes: how long each has lived, how often it came again, and when nobody was there.

use serde::{Deserialize, Serialize};

/// Starts and absences that a sample lists one by one, newest last; older ones are counted and folded away.
pub const LIVES_LISTED: usize = 16;
/// So many starts within [`LOOP_NS`] are a crash loop. Kubernetes waits for five minutes at most between two.
const LOOP_LIVES: usize = 3;
const LOOP_NS: u64 = 15 * 60 * 1_000_000_000;

/// One known tool that runs, or ran while dropctl watched: through all of its lives. Times are `CLOCK_BOOTTIME`, ns, as
/// [`super::Clock::boot_ns`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolSample {
    /// What it is, from a closed set.
    pub tool: String,
    /// Which of those that are the same: stays through its lives; label `tool_instance` of metrics.
    pub instance: usize,
    /// Name of its process.
    pub comm: String,
    /// Process id in the initial pid namespace, of its last life.
    pub tgid: u32,
    /// Process id in its own pid namespace; `None` where /proc does not tell.
    pub namespace_tgid: Option<u32>,
    /// Somebody keeps it running; `false` for one that is started by hand and ends when it is done, as bpftrace.
    pub is_service: bool,
    /// It runs.
    pub is_running: bool,
    /// Start of its last life, to a hundredth of a second; `None` where the node's processes are not visible.
    pub start_ns: Option<u64>,
    /// cgroup of its last life, below the hierarchy's root.
    pub cgroup: Option<String>,
    /// Container of its last life, where the cgroup tells.
    pub container_id: Option<String>,
    /// It has BPF ring buffers.
    pub has_rings: bool,
    /// How it takes events out of the kernel, by Falco's names of engines (`modern_ebpf`, `ebpf`, `kmod`); `None` for
    /// tools that are not of Falco's family, and while it is not clear.
    pub engine: Option<String>,
    /// Lives that dropctl saw begin after another had ended.
    pub restarts: u64,
    /// When its last lives began, oldest first: at most [`LIVES_LISTED`].
    pub starts_ns: Vec<u64>,
    /// How the last life that ended did so.
    pub last_exit: Option<ToolExit>,
    /// Windows in which it did not run, oldest first: the last [`LIVES_LISTED`].
    pub absences: Vec<Absence>,
    /// Time of all of them that are over, ns.
    pub absent_ns: u64,
    /// Processes of its cgroup that the kernel killed for want of memory, since dropctl watches; `None` where the
    /// cgroup does not tell.
    pub oom_kills: Option<u64>,
    /// Times that it loaded its probe anew in one life (a hot reload): its counters began again.
    pub reloads: u64,
    /// The last of them.
    pub last_reload_ns: Option<u64>,
    /// Its BPF programs; `None` where programs are not visible, or it has none.
    #[serde(default)]
    pub programs: Option<ToolPrograms>,
}

/// The end of one life, as far as one who is not the parent may see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolExit {
    /// When.
    pub time_ns: u64,
    /// Exit code; `None` before Linux 6.15, which tells it to the parent alone, and if a signal ended it.
    pub code: Option<i32>,
    /// Signal that ended it; `None` before Linux 6.15, and if it ended by itself.
    pub signal: Option<i32>,
    /// The kernel killed a process of its cgroup for want of memory just then; `None` where the cgroup does not tell.
    pub is_oom: Option<bool>,
}

/// A window without the tool: what happened in it, it did not see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// The end of one life.
    pub from_ns: u64,
    /// The begin of the next; `None` while there is none.
    pub to_ns: Option<u64>,
}

/// BPF programs of a tool, and their runs that the kernel skipped (`recursion_misses`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolPrograms {
    /// How many it has loaded.
    pub count: u64,
    /// Skipped runs of all, since they were loaded; `None` before Linux 5.12, and where there may be more than 1,024 CPUs.
    pub missed: Option<u64>,
    /// Those with skipped runs, most first.
    pub with_misses: Vec<ProgramSample>,
}

/// A BPF program with skipped runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramSample {
    /// Id.
    pub id: u32,
    /// Name: at most 15 bytes.
    pub name: String,
    /// `BPF_PROG_TYPE_` (include/uapi/linux/bpf.h).
    pub program_type: u32,
    /// Skipped runs since it was loaded.
    pub missed: u64,
}

/// Many short lives in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrashLoop {
    /// Lives that began in it.
    pub lives: u64,
    /// When the first of them began.
    pub from_ns: u64,
}

impl ToolSample {
    /// The crash loop that it is in at `now_ns`; `None` if it is in none.
    #[must_use]
    pub fn crash_loop(&self, now_ns: u64) -> Option<CrashLoop> {
        let since_ns = now_ns.saturating_sub(LOOP_NS);
        let recent: Vec<u64> =
            self.starts_ns.iter().copied().filter(|start_ns| *start_ns >= since_ns).collect();
        let from_ns = *recent.first().filter(|_| self.restarts > 0 && recent.len() >= LOOP_LIVES)?;
        Some(CrashLoop { lives: recent.len() as u64, from_ns })
    }

    /// Time in `from_ns..to_ns` in which it did not run, as far as the absences are still listed, ns.
    #[must_use]
    pub fn absent_within(&self, from_ns: u64, to_ns: u64) -> u64 {
        let within = |absence: &Absence| {
            absence.to_ns.unwrap_or(to_ns).min(to_ns).saturating_sub(absence.from_ns.max(from_ns))
        };
        self.absences.iter().map(within).sum()
    }

    /// Whether its rings are in memory where neither a BPF program nor another process can look: those of the kernel
    /// module. The probe before the modern one has perf buffers, which are seen.
    #[must_use]
    pub fn hides_its_rings(&self) -> bool {
        self.is_running && self.engine.as_deref() == Some("kmod")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn tool(starts: &[u64]) -> ToolSample {
        let starts_ns = starts.iter().map(|start| start * SECOND).collect();
        ToolSample { starts_ns, restarts: starts.len() as u64 - 1, ..ToolSample::default() }
    }

    #[test]
    fn three_lives_in_a_quarter_of_an_hour_are_a_loop() {
        let now = 10_000 * SECOND;
        assert_eq!(tool(&[9_900, 9_950]).crash_loop(now), None);
        assert_eq!(tool(&[1_000, 9_900, 9_950]).crash_loop(now), None, "the first was long ago");
        let found = tool(&[1_000, 9_200, 9_500, 9_900]).crash_loop(now);
        assert_eq!(found, Some(CrashLoop { lives: 3, from_ns: 9_200 * SECOND }));
        assert_eq!(tool(&[9_200, 9_500, 9_900]).crash_loop(20_000 * SECOND), None, "it is over");
    }

    #[test]
    fn absence_counts_where_the_window_meets_it() {
        let absences = vec![
            Absence { from_ns: 10, to_ns: Some(20) },
            Absence { from_ns: 30, to_ns: Some(40) },
            Absence { from_ns: 90, to_ns: None },
        ];
        let tool = ToolSample { absences, ..ToolSample::default() };
        assert_eq!(tool.absent_within(15, 35), 5 + 5);
        assert_eq!(tool.absent_within(50, 80), 0);
        assert_eq!(tool.absent_within(80, 100), 10, "it has not come back");
    }

    #[test]
    fn rings_of_a_module_are_out_of_sight() {
        let of = |engine: Option<&str>, is_running| {
            ToolSample { engine: engine.map(str::to_owned), is_running, ..ToolSample::default() }
                .hides_its_rings()
        };
        assert!(of(Some("kmod"), true));
        assert!(
            !of(Some("modern_ebpf"), true)
                && !of(Some("ebpf"), true)
                && !of(None, true)
                && !of(Some("kmod"), false)
        );
    }
}
