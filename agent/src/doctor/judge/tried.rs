//! What came of trying: our own programs, and what they see.

use crate::doctor::{Check, Facts, Seen, Status, Topic};

/// Judged with the kernel.
const BTF: &str = "btf";
/// What there is in a report's visibility, and what supplies it.
const WAYS: [(&str, &[&str]); 14] = [
    ("cgroup_id", &["a kernel with its types (CONFIG_DEBUG_INFO_BTF=y), or cgroup v2"]),
    ("own_process", &["Linux 5.10 or newer, or the node's pid namespace (hostPID: true)"]),
    ("missed_runs", &["Linux 5.12 or newer"]),
    ("syscall_abi", &["a kernel built with CONFIG_DEBUG_INFO_BTF=y"]),
    ("rings", &["a kernel built with CONFIG_DEBUG_INFO_BTF=y", "CAP_BPF and CAP_PERFMON"]),
    ("perf_buffers", &["Linux 6.0 or newer, which counts lost samples"]),
    ("whose_drops", &["a kernel with its types (CONFIG_DEBUG_INFO_BTF=y)"]),
    (
        "refusals",
        &["a kernel that lets ring buffer helpers be traced: up to the 6.12 series (docs/refusals.md)"],
    ),
    ("tools", &["Kubernetes: hostPID: true", "Docker: --pid=host"]),
    ("consumers", &["Kubernetes: hostPID: true", "Docker: --pid=host"]),
    ("consumer_wchan", &["CAP_SYS_PTRACE"]),
    ("consumer_syscall", &["CAP_SYS_PTRACE, with uid 0 or CAP_DAC_READ_SEARCH"]),
    ("all_rings", &["fewer than 1,024 ring buffers on the node"]),
    ("tool_rings", &["falco.yaml: engine: {kind: modern_ebpf}", "Helm: driver: {kind: modern_ebpf}"]),
];

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![probe(facts)];
    match &facts.tried.seen {
        Ok(seen) => checks.extend(of_visibility(seen)),
        Err(why) => checks.push(
            check("rings", Status::Limited, format!("nothing looks at other tools: {why}"))
                .losing("ring buffers of other tools, their drops and causes"),
        ),
    }
    checks
}

fn check(name: &'static str, status: Status, found: impl Into<String>) -> Check {
    Check::new(Topic::Tried, name, status, found)
}

fn probe(facts: &Facts) -> Check {
    match &facts.tried.probe {
        Ok(Some(hook)) => {
            check("probe", Status::Ok, format!("loaded, attached to {}, and gone again", hook.as_str()))
        }
        Ok(None) => check("probe", Status::Ok, "loaded, and gone again"),
        Err(why) => check("probe", Status::Missing, format!("did not start: {why}"))
            .losing("counts of syscalls, and all that dropctl report and dropctl agent show of the node"),
    }
}

fn of_visibility(seen: &Seen) -> impl Iterator<Item = Check> + '_ {
    let rings = seen.rings.map(|count| {
        check("rings_seen", Status::Info, format!("{count} ring buffers of other tools at this moment"))
    });
    let each = seen.visibility.iter().filter(|entry| entry.capability != BTF).map(|entry| {
        let known = WAYS.iter().find(|(name, _)| *name == entry.capability);
        let (name, ways) = known.copied().unwrap_or(("other", &[]));
        match entry.available {
            true => check(name, Status::Ok, entry.note.clone()),
            false => check(name, Status::Limited, entry.note.clone()).supplied_by(ways),
        }
    });
    each.chain(rings)
}
