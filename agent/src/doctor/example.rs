//! Facts of a node that lacks nothing, for tests.

use std::path::PathBuf;

use caps::{Capability, CapsHashSet};

use super::*;
use crate::{
    sample::{FalcoSample, HookSample, ToolSample, VersionFacts},
    setup::{Hook, Naming, Visibility},
};

pub(super) fn set(capabilities: &[Capability]) -> Option<CapsHashSet> {
    Some(capabilities.iter().copied().collect())
}

pub(super) fn entry(capability: &str, available: bool) -> Visibility {
    Visibility { capability: capability.to_owned(), available, note: format!("what {capability} gives") }
}

/// Of the visibility of a live report.
pub(super) const SEEN: [&str; 13] = [
    "btf",
    "cgroup_id",
    "own_process",
    "missed_runs",
    "syscall_abi",
    "rings",
    "perf_buffers",
    "whose_drops",
    "refusals",
    "tools",
    "consumers",
    "consumer_wchan",
    "consumer_syscall",
];

/// Nothing is missing, and a Falco runs.
pub(super) fn healthy() -> Facts {
    let all: Vec<Capability> = caps::all().into_iter().collect();
    let falco = ToolSample {
        tool: "falco".to_owned(),
        comm: "falco".to_owned(),
        tgid: 50,
        is_running: true,
        engine: Some("modern_ebpf".to_owned()),
        ..ToolSample::default()
    };
    let mut said = FalcoSample { tgid: 50, ..FalcoSample::default() };
    said.facts.version = Some(VersionFacts { falco: Some("0.44.1".to_owned()), ..VersionFacts::default() });
    Facts {
        names: Naming::Real,
        kernel: KernelFacts {
            release: Some("6.12.9-amd64".to_owned()),
            version: Some((6, 12)),
            preemption: Some("full".to_owned()),
            types: Ok(()),
            has_tracepoint: Some(true),
            lockdown: Some("none".to_owned()),
            modules: Some("lockdown,capability,apparmor,bpf".to_owned()),
            unprivileged_bpf_disabled: Some(2),
            jit: Some(1),
            perf_event_paranoid: Some(3),
            ptrace_scope: Some(1),
            has_stalls: true,
            has_run_times: true,
        },
        rights: RightsFacts {
            uid: 0,
            effective: set(&all),
            bounding: set(&all),
            is_initial_user_namespace: Some(true),
            seccomp: Some(0),
            no_new_privileges: Some(false),
            confined_by: None,
            locked_memory: LockedMemory { soft_bytes: Some(8 << 20), hard_bytes: Some(8 << 20) },
        },
        mounts: MountFacts {
            is_initial_pid_namespace: Some(true),
            hidepid: None,
            cgroup_v2: Some(PathBuf::from("/sys/fs/cgroup")),
            cgroup_v1: Vec::new(),
            sees_all_cgroups: Some(true),
            tracefs: Some(PathBuf::from("/sys/kernel/tracing")),
            bpffs: Some(PathBuf::from("/sys/fs/bpf")),
            reach: Reach { tried: 80, files: 80, roots: 80 },
        },
        others: OtherFacts {
            hook: HookSample { looked_at: 80, ..HookSample::default() },
            runtimes: vec!["containerd"],
            is_in_container: false,
            modules: Some(Vec::new()),
            agent: AgentFacts::Answers(3),
        },
        tried: Tried {
            probe: Ok(Some(Hook::Btf)),
            seen: Ok(Seen {
                visibility: SEEN.iter().map(|name| entry(name, true)).collect(),
                rings: Some(2),
                falcos: vec![said],
            }),
            tools: Some(vec![falco]),
        },
    }
}
