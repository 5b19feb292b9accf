//! What is known of the node before anything is judged, as plain data. What cannot be read is `None`.

use std::path::PathBuf;

use caps::CapsHashSet;

use crate::{
    sample::{FalcoSample, HookSample, ToolSample},
    setup::{Hook, Naming, Visibility},
};

/// All of it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Whose names they have.
    pub names: Naming,
    /// The kernel.
    pub kernel: KernelFacts,
    /// What this process may do.
    pub rights: RightsFacts,
    /// File systems and namespaces.
    pub mounts: MountFacts,
    /// Others on the node.
    pub others: OtherFacts,
    /// What came of trying.
    pub tried: Tried,
}

/// The kernel.
#[derive(Clone, Debug)]
pub struct KernelFacts {
    /// As `uname -r`.
    pub release: Option<String>,
    /// Its major and minor version.
    pub version: Option<(u8, u8)>,
    /// Preemption model.
    pub preemption: Option<String>,
    /// Whether its types can be read, or why not.
    pub types: Result<(), String>,
    /// The tracepoint `raw_syscalls/sys_exit` is listed in tracefs; `None` where that is not readable.
    pub has_tracepoint: Option<bool>,
    /// Lockdown: `none`, `integrity` or `confidentiality`.
    pub lockdown: Option<String>,
    /// Security modules, such as `lockdown,capability,apparmor,bpf`.
    pub modules: Option<String>,
    /// `kernel.unprivileged_bpf_disabled`.
    pub unprivileged_bpf_disabled: Option<u64>,
    /// `net.core.bpf_jit_enable`.
    pub jit: Option<u64>,
    /// `kernel.perf_event_paranoid`.
    pub perf_event_paranoid: Option<i64>,
    /// `kernel.yama.ptrace_scope`; `None` without Yama, too.
    pub ptrace_scope: Option<u64>,
    /// Pressure stall information is kept.
    pub has_stalls: bool,
    /// Scheduler statistics of threads are kept.
    pub has_run_times: bool,
}

/// What this process may do.
#[derive(Clone, Debug)]
pub struct RightsFacts {
    /// Effective user id.
    pub uid: u32,
    /// Effective capabilities.
    pub effective: Option<CapsHashSet>,
    /// Capabilities that a program started from here may ever have.
    pub bounding: Option<CapsHashSet>,
    /// It is in the initial user namespace, whose capabilities the kernel asks for.
    pub is_initial_user_namespace: Option<bool>,
    /// Mode of seccomp: 0 off, 1 strict, 2 a filter.
    pub seccomp: Option<u32>,
    /// `no_new_privs`.
    pub no_new_privileges: Option<bool>,
    /// The label by which a security module confines it; `None` where none does.
    pub confined_by: Option<String>,
    /// `RLIMIT_MEMLOCK`.
    pub locked_memory: LockedMemory,
}

/// `RLIMIT_MEMLOCK`, bytes; `None` is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockedMemory {
    /// What counts.
    pub soft_bytes: Option<u64>,
    /// What it can be raised to without `CAP_SYS_RESOURCE`.
    pub hard_bytes: Option<u64>,
}

/// File systems and namespaces.
#[derive(Clone, Debug)]
pub struct MountFacts {
    /// /proc shows the processes of the node.
    pub is_initial_pid_namespace: Option<bool>,
    /// `hidepid` of /proc, if it hides anything.
    pub hidepid: Option<String>,
    /// Where cgroup v2 is mounted.
    pub cgroup_v2: Option<PathBuf>,
    /// Where the v1 hierarchies are mounted, with their controllers.
    pub cgroup_v1: Vec<PathBuf>,
    /// Cgroups of the whole node can be seen.
    pub sees_all_cgroups: Option<bool>,
    /// Where tracefs is mounted.
    pub tracefs: Option<PathBuf>,
    /// Where the BPF file system is mounted.
    pub bpffs: Option<PathBuf>,
    /// How many processes of others can be looked into.
    pub reach: Reach,
}

/// Processes of others, tried one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Tried.
    pub tried: usize,
    /// Whose list of open files could be read.
    pub files: usize,
    /// Whose root directory could be entered.
    pub roots: usize,
}

/// Others on the node.
#[derive(Clone, Debug)]
pub struct OtherFacts {
    /// Programs on the tracepoints of syscalls.
    pub hook: HookSample,
    /// Container runtimes, by their sockets.
    pub runtimes: Vec<&'static str>,
    /// This process is in a container that its cgroup names.
    pub is_in_container: bool,
    /// Kernel modules of Falco's family that are loaded; `None` where that cannot be read.
    pub modules: Option<Vec<&'static str>>,
    /// What the agent of this node says.
    pub agent: AgentFacts,
}

/// What the agent of this node says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentFacts {
    /// It answers, and keeps so many incidents.
    Answers(usize),
    /// It does not, for this reason, which names the way out.
    Silent(String),
}

/// What came of starting what `dropctl report` starts, for one sample.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Where our probe was attached, or why it was not.
    pub probe: Result<Option<Hook>, String>,
    /// What was seen meanwhile, or why nothing could be started that looks at others.
    pub seen: Result<Seen, String>,
    /// Known tools among the processes; `None` where processes are not visible.
    pub tools: Option<Vec<ToolSample>>,
}

/// What the programs saw.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What the node lets us see.
    pub visibility: Vec<Visibility>,
    /// Ring buffers of others; `None` where they are not watched.
    pub rings: Option<usize>,
    /// Falcos by their maps, and what they say of themselves.
    pub falcos: Vec<FalcoSample>,
}
