//! Others on the node: programs on our hook, runtimes, Falco, the agent.

use caps::Capability;

use crate::{
    doctor::{AgentFacts, Check, Facts, Status, Topic},
    number::bytes,
    probe::OLDEST_KERNEL,
    sample::{FalcoSample, HookProgram, ToolSample},
    socket,
};

/// What Falco says as it ends (userspace/libpman).
const MEMLOCK_ERROR: &str = "libpman: unable to bump RLIMIT_MEMLOCK to RLIM_INFINITY (errno: 1";

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![hook(facts), runtimes(facts), container(facts)];
    checks.extend(falcos(facts));
    checks.push(agent(facts));
    checks
}

fn check(name: &'static str, status: Status, found: impl Into<String>) -> Check {
    Check::new(Topic::Others, name, status, found)
}

fn hook(facts: &Facts) -> Check {
    let hook = &facts.others.hook;
    let mut hidden = match hook.hidden {
        0 => String::new(),
        hidden => format!("; open files of {hidden} processes are hidden"),
    };
    if hook.untold > 0 {
        hidden.push_str(&format!("; the kernel did not tell what {} perf events are on", hook.untold));
    }
    let others: Vec<&HookProgram> = hook.programs.iter().filter(|program| !program.is_own).collect();
    if others.is_empty() {
        // A few may be kept from everybody; without the right, they are those that have more than dropctl has.
        let may_see = hook.hidden == 0 || facts.rights.has(Capability::CAP_SYS_PTRACE) == Some(true);
        if may_see && hook.saw_all() && facts.mounts.is_initial_pid_namespace == Some(true) {
            return check("shared_hook", Status::Ok, format!("nobody else on sys_enter or sys_exit{hidden}"));
        }
        let mut ways = vec!["CAP_SYS_PTRACE, and the node's pid namespace (hostPID: true)"];
        ways.extend((hook.untold > 0).then_some(
            "CAP_SYS_ADMIN for what perf events are on, and Linux 6.17 where a link alone keeps one",
        ));
        return check(
            "shared_hook",
            Status::Unknown,
            format!("nobody else seen on sys_enter or sys_exit{hidden}"),
        )
        .supplied_by(&ways);
    }
    let name = |program: &&HookProgram| {
        let HookProgram { program, tracepoint, comm, tgid, .. } = program;
        format!("{comm} (pid {tgid}, program {program} on {tracepoint})")
    };
    let names: Vec<String> = others.iter().map(name).collect();
    check("shared_hook", Status::Info, format!("{}{hidden}", names.join(", ")))
        .losing("speed: every syscall pays for each of them, and for dropctl (DC903)")
        .supplied_by(&["dropctl agent --mode passive attaches nothing there"])
}

fn runtimes(facts: &Facts) -> Check {
    let found = match facts.others.runtimes.as_slice() {
        [] => "none seen (by their sockets under /run)".to_owned(),
        names => names.join(", "),
    };
    check(
        "container_runtime",
        Status::Info,
        format!("{found}; dropctl asks none: workloads go by ids and units"),
    )
}

fn container(facts: &Facts) -> Check {
    let found = match facts.others.is_in_container {
        true => "dropctl runs in a container",
        false => "dropctl runs in no container, or in one that its cgroup does not name",
    };
    check("own_container", Status::Info, found)
}

fn falcos(facts: &Facts) -> Vec<Check> {
    let Some(tools) = &facts.tried.tools else {
        return vec![check("falco", Status::Unknown, "processes are not visible")];
    };
    let running: Vec<&ToolSample> =
        tools.iter().filter(|tool| tool.tool == "falco" && tool.is_running).collect();
    if running.is_empty() {
        return vec![check("falco", Status::Info, "none runs"), falco_start(facts)];
    }
    let seen = facts.tried.seen.as_ref().map(|seen| seen.falcos.as_slice()).unwrap_or_default();
    let said = |tool: &ToolSample| seen.iter().find(|falco| falco.tgid == tool.tgid);
    running.into_iter().map(|tool| falco(tool, said(tool), facts)).collect()
}

fn falco(tool: &ToolSample, said: Option<&FalcoSample>, facts: &Facts) -> Check {
    let version = said.and_then(|said| said.facts.version.as_ref());
    let of = |name: &str, value: Option<&String>| value.map(|value| format!(", {name} {value}"));
    let version = [
        of("version", version.and_then(|version| version.falco.as_ref())),
        of("libs", version.and_then(|version| version.libs.as_ref())),
        of("driver", version.and_then(|version| version.default_driver.as_ref())),
        of("engine", tool.engine.as_ref()),
    ];
    let found =
        format!("{} (pid {}){}", tool.comm, tool.tgid, version.into_iter().flatten().collect::<String>());
    if tool.hides_its_rings() {
        return check("falco", Status::Limited, found)
            .losing("its rings: those of a kernel module are in memory that no program may look into")
            .supplied_by(&["falco.yaml: engine: {kind: modern_ebpf}", "Helm: driver: {kind: modern_ebpf}"]);
    }
    match said.map(|said| said.facts.not_visible.join("; ")) {
        Some(hidden) if !hidden.is_empty() => check("falco", Status::Limited, found).losing(hidden),
        Some(_) => check("falco", Status::Ok, found),
        None => {
            let module = match facts.others.modules.as_deref() {
                Some([name, ..]) => format!("; the kernel module {name} is loaded"),
                _ => String::new(),
            };
            check("falco", Status::Limited, found)
                .losing(format!("its counters: no map of its modern probe was seen{module}"))
        }
    }
}

/// What would keep one from starting that has the rights at hand.
fn falco_start(facts: &Facts) -> Check {
    let bounding = facts.rights.bounding.as_ref();
    let may = |capability| bounding.is_none_or(|set| set.contains(&capability));
    let hard = facts.rights.locked_memory.hard_bytes;
    let mut why = Vec::new();
    let mut ways: Vec<&str> = Vec::new();
    if facts.kernel.version.is_some_and(|version| version < OLDEST_KERNEL) {
        why.push("its modern probe needs Linux 5.8".to_owned());
        ways.push("a kernel of Linux 5.8 or newer");
    }
    if facts.kernel.types.is_err() {
        why.push("its modern probe needs the kernel's types".to_owned());
        ways.push("a kernel built with CONFIG_DEBUG_INFO_BTF=y");
    }
    if let (Some(hard), false) = (hard, may(Capability::CAP_SYS_RESOURCE)) {
        why.push(format!(
            "it raises RLIMIT_MEMLOCK on every kernel, here above its hard limit of {}, and ends with code 1 without \
             CAP_SYS_RESOURCE: \"{MEMLOCK_ERROR} ...\"",
            bytes(hard)
        ));
        ways.extend([
            "Kubernetes: capabilities: {add: [SYS_RESOURCE]} (Helm: driver.modernEbpf.leastPrivileged adds it)",
            "systemd: LimitMEMLOCK=infinity",
            "Docker: --ulimit memlock=-1",
        ]);
    }
    let can_load =
        may(Capability::CAP_SYS_ADMIN) || (may(Capability::CAP_BPF) && may(Capability::CAP_PERFMON));
    if !can_load {
        why.push("it loads programs, and CAP_BPF or CAP_PERFMON can never be had here".to_owned());
        ways.push("Kubernetes: capabilities: {add: [BPF, PERFMON, SYS_RESOURCE, SYS_PTRACE]}");
    }
    if why.is_empty() {
        return check("falco_start", Status::Ok, "nothing here keeps its modern probe from starting");
    }
    let why = why.join("; ");
    check(
        "falco_start",
        Status::Limited,
        format!("a Falco that is started from here would end at once: {why}"),
    )
    .losing("the tool itself")
    .supplied_by(&ways)
}

fn agent(facts: &Facts) -> Check {
    match &facts.others.agent {
        AgentFacts::Answers(incidents) => check(
            "agent",
            Status::Ok,
            format!("answers at {}, and keeps {incidents} incidents", socket::PATH),
        ),
        AgentFacts::Silent(why) => check("agent", Status::Info, why.clone())
            .losing("the minutes before a question: `dropctl report` sees from now on only")
            .supplied_by(&["dropctl agent, as a service", "kubectl apply -k deploy/base"]),
    }
}
