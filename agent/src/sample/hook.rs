//! Programs on the tracepoints that every syscall passes.

use serde::{Deserialize, Serialize};

/// What a look at the open files of all processes found. Who keeps a program attached by a pinned link alone is not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookSample {
    /// By process and program.
    pub programs: Vec<HookProgram>,
    /// Processes whose open files were looked at, all of them.
    pub looked_at: u64,
    /// Processes whose open files are not visible (`CAP_SYS_PTRACE`), or more than are looked at.
    pub hidden: u64,
    /// perf events of which the kernel does not tell what they are on (`CAP_SYS_ADMIN`; where a link alone keeps one, Linux 6.17).
    pub untold: u64,
    /// Runs of all programs are timed (`kernel.bpf_stats_enabled`); `None` where that cannot be read. A process can want that for a
    /// while, too, and then it is not said here.
    pub is_timed: Option<bool>,
}

/// So many processes may be kept from everybody, as process 1 of some machines is.
pub(crate) const FEW_HIDDEN: u64 = 3;

impl HookSample {
    /// Whether whoever was not found is not there.
    #[must_use]
    pub fn saw_all(&self) -> bool {
        self.hidden <= FEW_HIDDEN && self.untold == 0
    }
}

/// A program, and who keeps it attached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookProgram {
    /// Id of the program.
    pub program: u32,
    /// The tracepoint: `sys_enter`, `sys_exit`, or one of a single syscall, which every syscall passes all the same.
    pub tracepoint: String,
    /// Process id, as /proc counts.
    pub tgid: u32,
    /// Its name.
    pub comm: String,
    /// The tool that it is, from a closed set; `other` for everybody else.
    pub tool: String,
    /// It is dropctl's.
    pub is_own: bool,
    /// What it has cost while runs were timed; `None` where its process has the program itself not open.
    pub cost: Option<RunCost>,
}

/// Runs of a program while they were timed, since it was loaded. Exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCost {
    /// How many.
    pub runs: u64,
    /// Their time, ns.
    pub run_ns: u64,
}
