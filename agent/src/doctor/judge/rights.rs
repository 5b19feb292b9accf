//! What this process may do.

use caps::Capability;

use crate::{
    doctor::{Check, Facts, RightsFacts, Status, Topic},
    number::bytes,
    observe::capability::NEEDED,
};

/// Since then maps are charged to memory cgroups, and no more to `RLIMIT_MEMLOCK`.
const CHARGES_CGROUPS: (u8, u8) = (5, 11);

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let rights = &facts.rights;
    let needed = NEEDED.into_iter().map(|(capability, reason)| needed(rights, capability, reason));
    let mut checks: Vec<Check> = needed.collect();
    checks.extend([
        user_namespace(facts),
        ptrace(rights),
        files_of_root(rights),
        pages(rights),
        locked_memory(facts),
        seccomp(facts),
        confinement(facts),
    ]);
    checks
}

fn check(name: &'static str, status: Status, found: impl Into<String>) -> Check {
    Check::new(Topic::Rights, name, status, found)
}

/// Both names are the same length as in the kernel's headers, so that they can be searched for.
fn name(capability: Capability) -> &'static str {
    match capability {
        Capability::CAP_BPF => "CAP_BPF",
        Capability::CAP_PERFMON => "CAP_PERFMON",
        _ => "capability",
    }
}

fn needed(rights: &RightsFacts, capability: Capability, reason: &str) -> Check {
    let name = name(capability);
    let includes = rights.has(Capability::CAP_SYS_ADMIN) == Some(true);
    match rights.has(capability) {
        None => check(name, Status::Unknown, "this process's capabilities cannot be read"),
        Some(true) => check(name, Status::Ok, "there"),
        Some(false) if includes => check(name, Status::Ok, "CAP_SYS_ADMIN includes it"),
        Some(false) => check(name, Status::Missing, format!("not there, as uid {}", rights.uid))
            .losing(format!("everything that looks at the node: it is needed {reason}"))
            .supplied_by(&[
                "sudo dropctl doctor",
                "setcap cap_bpf,cap_perfmon+ep /path/to/dropctl",
                "systemd: AmbientCapabilities=CAP_BPF CAP_PERFMON",
                "Kubernetes: securityContext: {runAsUser: 0, capabilities: {add: [BPF, PERFMON]}}",
                "Docker: --cap-add BPF --cap-add PERFMON",
            ]),
    }
}

fn user_namespace(facts: &Facts) -> Check {
    const NAME: &str = "user_namespace";
    match facts.rights.is_initial_user_namespace {
        Some(true) => check(NAME, Status::Ok, "the initial one, whose capabilities count"),
        // A kernel may delegate BPF to it (tokens, 6.9): then it works.
        Some(false) if facts.tried.probe.is_ok() => {
            check(NAME, Status::Ok, "one of its own, to which BPF is delegated")
        }
        Some(false) => {
            check(NAME, Status::Missing, "one of its own: capabilities in it do not count for BPF")
                .losing("everything that looks at the node")
                .supplied_by(&[
                    "Kubernetes: hostUsers: true (the default)",
                    "a container of root's, not a rootless one; without unshare --user",
                ])
        }
        None => check(NAME, Status::Unknown, "not shown by /proc/self/ns"),
    }
}

fn ptrace(rights: &RightsFacts) -> Check {
    const NAME: &str = "CAP_SYS_PTRACE";
    if rights.has(Capability::CAP_SYS_PTRACE) == Some(true) {
        return check(NAME, Status::Ok, "there");
    }
    check(NAME, Status::Limited, "not there")
        .losing(
            "Falco's configuration and pages, owners of programs that are held by links, the place that a blocked consumer \
             sleeps in",
        )
        .supplied_by(&[
            "sudo dropctl doctor",
            "Kubernetes: hostPID: true, and capabilities: {add: [BPF, PERFMON, SYS_PTRACE]}",
            "Docker: --pid=host --cap-add SYS_PTRACE",
        ])
}

fn files_of_root(rights: &RightsFacts) -> Check {
    const NAME: &str = "files_of_root";
    if rights.reads_files_of_root() {
        return check(NAME, Status::Ok, format!("uid {} may open files that are root's", rights.uid));
    }
    check(NAME, Status::Limited, format!("uid {} without CAP_DAC_READ_SEARCH", rights.uid))
        .losing("the syscall that a blocked consumer sleeps in, names of its open files; tracefs")
        .supplied_by(&[
            "sudo dropctl doctor",
            "Kubernetes: securityContext: {runAsUser: 0}",
            "systemd: AmbientCapabilities=CAP_DAC_READ_SEARCH",
        ])
}

/// More than it gives: so not among the things to ask for first.
fn pages(rights: &RightsFacts) -> Check {
    const NAME: &str = "CAP_SYS_ADMIN";
    if rights.has(Capability::CAP_SYS_ADMIN) == Some(true) {
        return check(NAME, Status::Ok, "there: positions of rings are mapped read-only");
    }
    check(NAME, Status::Info, "not there, and rarely worth it")
        .losing("looks at rings every 5 ms by mapped pages: without it an iterator looks every 10 ms or more, and costs more")
        .supplied_by(&["Kubernetes: capabilities: {add: [SYS_ADMIN]}"])
}

fn locked_memory(facts: &Facts) -> Check {
    const NAME: &str = "RLIMIT_MEMLOCK";
    let limit = facts.rights.locked_memory.soft_bytes;
    let shown = limit.map_or_else(|| "unlimited".to_owned(), bytes);
    let is_charged = facts.kernel.version.is_none_or(|version| version < CHARGES_CGROUPS);
    if !is_charged {
        return check(NAME, Status::Ok, format!("{shown}: of no effect since Linux 5.11"));
    }
    if limit.is_none() || facts.rights.has(Capability::CAP_SYS_RESOURCE) == Some(true) {
        return check(
            NAME,
            Status::Ok,
            format!("{shown}, or can be raised: maps are charged to it before Linux 5.11"),
        );
    }
    check(NAME, Status::Missing, format!("{shown}, and no CAP_SYS_RESOURCE to raise it"))
        .losing("the ring and the counters: before Linux 5.11 maps are charged to it")
        .supplied_by(&[
            "ulimit -l unlimited, before dropctl starts",
            "systemd: LimitMEMLOCK=infinity",
            "Kubernetes: kubectl apply -k deploy/overlays/kernel-5.10 (adds SYS_RESOURCE)",
            "Docker: --ulimit memlock=-1",
        ])
}

/// A filter refuses with the same error as a missing capability: it is to blame only where those are there.
fn seccomp(facts: &Facts) -> Check {
    match (facts.rights.seccomp, facts.tried.probe.is_ok(), facts.rights.may_load()) {
        (None, ..) => check("seccomp", Status::Unknown, "not shown by /proc/self/status"),
        (Some(0), ..) => check("seccomp", Status::Ok, "no filter"),
        (Some(_), true, _) => check("seccomp", Status::Ok, "a filter that lets bpf(2) through"),
        (Some(_), false, Some(true)) => check(
            "seccomp",
            Status::Limited,
            "a filter, and bpf(2) failed although the capabilities are there",
        )
        .losing("maybe everything: old profiles allow bpf(2) to CAP_SYS_ADMIN only")
        .supplied_by(&[
            "containerd 1.6.9, Docker 20.10.18 or newer, whose default profile knows CAP_BPF",
            "Kubernetes: seccompProfile: {type: Unconfined}",
            "Docker: --security-opt seccomp=unconfined",
        ]),
        (Some(_), false, _) => check(
            "seccomp",
            Status::Unknown,
            "a filter; what it lets through shows once the capabilities are there",
        ),
    }
}

/// What frees a container from a security module.
pub(super) const UNCONFINED: [&str; 3] = [
    "Kubernetes with SELinux: seLinuxOptions: {type: spc_t}",
    "Kubernetes with AppArmor: appArmorProfile: {type: Unconfined}",
    "Docker: --security-opt label=disable, --security-opt apparmor=unconfined",
];

fn confinement(facts: &Facts) -> Check {
    let Some(label) = &facts.rights.confined_by else {
        return check("confinement", Status::Ok, "no security module confines this process");
    };
    if facts.tried.probe.is_ok() {
        return check("confinement", Status::Ok, format!("{label}: lets bpf(2) through"));
    }
    check("confinement", Status::Limited, format!("confined by a security module as {label}"))
        .losing("maybe everything, if it refuses bpf(2) or files of other processes")
        .supplied_by(&UNCONFINED)
}
