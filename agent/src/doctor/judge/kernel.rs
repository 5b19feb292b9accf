//! The kernel.

use crate::{
    doctor::{Check, Facts, KernelFacts, Status, Topic},
    probe::OLDEST_KERNEL,
};

/// From here on the kernel may skip runs of programs that it has preempted (docs/kernels.md).
const SKIPS_RUNS: (u8, u8) = (7, 2);

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let kernel = &facts.kernel;
    vec![
        version(kernel),
        types(kernel),
        tracepoint(facts),
        preemption(kernel),
        jit(kernel),
        lockdown(kernel),
        modules(kernel),
        unprivileged_bpf(kernel),
        perf_events(kernel),
        yama(kernel),
        stalls(kernel),
        run_times(kernel),
    ]
}

fn check(name: &'static str, status: Status, found: impl Into<String>) -> Check {
    Check::new(Topic::Kernel, name, status, found)
}

fn version(kernel: &KernelFacts) -> Check {
    let release = kernel.release.as_deref().unwrap_or("unknown");
    let found = format!("Linux {release}");
    match kernel.version {
        None => check("version", Status::Unknown, found),
        Some(version) if version >= OLDEST_KERNEL => check("version", Status::Ok, found),
        Some(_) => check("version", Status::Missing, found)
            .losing("everything: BPF ring buffers came with Linux 5.8")
            .supplied_by(&["a kernel of Linux 5.8 or newer"]),
    }
}

fn types(kernel: &KernelFacts) -> Check {
    match &kernel.types {
        Ok(()) => check("btf", Status::Ok, "the kernel shows its types (/sys/kernel/btf/vmlinux)"),
        Err(why) => check("btf", Status::Limited, format!("the kernel's types cannot be read: {why}"))
            .losing(
                "ring buffers of other tools, and whose events they drop; each read of kernel memory costs 25 ns more; \
                 Falco's modern probe does not start either",
            )
            .supplied_by(&[
                "a kernel built with CONFIG_DEBUG_INFO_BTF=y (distributions have it since about 5.8)",
                "container: the node's /sys, read-only, as every runtime mounts it by default",
            ]),
    }
}

/// Attached to it is better than seen.
fn tracepoint(facts: &Facts) -> Check {
    const NAME: &str = "tracepoint";
    match (&facts.tried.probe, facts.kernel.has_tracepoint) {
        (Ok(Some(_)), _) => check(NAME, Status::Ok, "raw_syscalls/sys_exit: attached to it"),
        (_, Some(true)) => check(NAME, Status::Ok, "raw_syscalls/sys_exit is listed"),
        (_, Some(false)) => check(NAME, Status::Missing, "no raw_syscalls/sys_exit among the tracepoints")
            .losing("counts of syscalls, and whose events were dropped")
            .supplied_by(&["a kernel built with CONFIG_FTRACE_SYSCALLS=y", "dropctl agent --mode passive"]),
        (_, None) => check(NAME, Status::Unknown, "tracefs is not readable, and nothing could be attached")
            .supplied_by(&["sudo dropctl doctor"]),
    }
}

fn preemption(kernel: &KernelFacts) -> Check {
    let Some(model) = &kernel.preemption else {
        return check("preemption", Status::Unknown, "the preemption model is not shown");
    };
    let can_preempt = !["none", "voluntary"].iter().any(|calm| model.contains(calm));
    let is_new = kernel.version.is_some_and(|version| version >= SKIPS_RUNS);
    let found = format!("preemption {model}");
    if can_preempt && is_new {
        check("preemption", Status::Info, found).losing(
            "runs of BPF programs that the kernel preempts and skips, of every tool; dropctl counts and shows them as missed \
             (docs/kernels.md)",
        )
    } else {
        check("preemption", Status::Ok, format!("{found}: the kernel skips no runs"))
    }
}

fn jit(kernel: &KernelFacts) -> Check {
    match kernel.jit {
        Some(0) => {
            check("bpf_jit_enable", Status::Limited, "net.core.bpf_jit_enable = 0: programs are interpreted")
                .losing("speed: every syscall of the node pays several times the price")
                .supplied_by(&["sysctl -w net.core.bpf_jit_enable=1"])
        }
        Some(value) => check("bpf_jit_enable", Status::Ok, format!("net.core.bpf_jit_enable = {value}")),
        None => check(
            "bpf_jit_enable",
            Status::Info,
            "shown in the network namespace of the node only (or by no kernel without it)",
        ),
    }
}

fn lockdown(kernel: &KernelFacts) -> Check {
    match kernel.lockdown.as_deref() {
        Some("confidentiality") => check("lockdown", Status::Limited, "confidentiality: programs may not read kernel memory")
            .losing("ring buffers of other tools; without the kernel's types, everything; Falco does not start either")
            .supplied_by(&["boot with lockdown=integrity"]),
        Some(level) => check("lockdown", Status::Ok, format!("{level}: BPF programs may read kernel memory")),
        None => check("lockdown", Status::Info, "not shown: the kernel has none, or securityfs is not mounted here"),
    }
}

fn modules(kernel: &KernelFacts) -> Check {
    let shown = kernel.modules.as_deref().unwrap_or("not shown: securityfs is not mounted here");
    check("security_modules", Status::Info, shown)
}

fn unprivileged_bpf(kernel: &KernelFacts) -> Check {
    let found = match kernel.unprivileged_bpf_disabled {
        Some(0) => {
            "0: anybody may load simple programs; those of dropctl need CAP_BPF and CAP_PERFMON".to_owned()
        }
        Some(value) => format!("{value}: nobody loads programs without CAP_BPF, as dropctl does with it"),
        None => "not shown".to_owned(),
    };
    check("unprivileged_bpf_disabled", Status::Info, found)
}

fn perf_events(kernel: &KernelFacts) -> Check {
    let value = kernel.perf_event_paranoid.map_or_else(|| "not shown".to_owned(), |value| value.to_string());
    check("perf_event_paranoid", Status::Info, format!("{value}: of no effect for holders of CAP_PERFMON"))
}

/// /proc/PID/syscall asks for the right to attach (`lock_trace`, fs/proc/base.c), which 3 refuses to everybody.
fn yama(kernel: &KernelFacts) -> Check {
    match kernel.ptrace_scope {
        Some(3) => check("ptrace_scope", Status::Limited, "kernel.yama.ptrace_scope = 3: nobody may attach")
            .losing("the syscall that a blocked consumer sleeps in")
            .supplied_by(&[
                "kernel.yama.ptrace_scope = 1 in /etc/sysctl.d, then reboot: 3 cannot be taken back",
            ]),
        Some(value) => check(
            "ptrace_scope",
            Status::Ok,
            format!("kernel.yama.ptrace_scope = {value}: CAP_SYS_PTRACE decides"),
        ),
        None => check("ptrace_scope", Status::Ok, "no Yama: CAP_SYS_PTRACE decides"),
    }
}

fn stalls(kernel: &KernelFacts) -> Check {
    if kernel.has_stalls {
        return check("pressure", Status::Ok, "pressure stall information is kept (/proc/pressure)");
    }
    check("pressure", Status::Limited, "no pressure stall information (/proc/pressure)")
        .losing("evidence of memory pressure (DC112) and of a starved consumer (DC103)")
        .supplied_by(&["boot with psi=1 (needs CONFIG_PSI=y)"])
}

fn run_times(kernel: &KernelFacts) -> Check {
    if kernel.has_run_times {
        return check("schedstat", Status::Ok, "run times and waits of threads are kept");
    }
    check("schedstat", Status::Limited, "no run times of threads (/proc/PID/schedstat)")
        .losing("where the time of consumers goes, so most causes (DC101 to DC105)")
        .supplied_by(&["a kernel built with CONFIG_SCHED_INFO=y"])
}
