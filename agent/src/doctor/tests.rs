//! A healthy node minus one fact, each time, and the page of one that lacks a lot.

use caps::Capability;

use super::{
    example::{SEEN, entry, healthy, set},
    *,
};
use crate::{
    golden::golden,
    sample::{HookProgram, HookSample},
};

/// What is not as it should be, in words: status and name.
fn complaints(change: impl FnOnce(&mut Facts)) -> Vec<String> {
    let mut facts = healthy();
    change(&mut facts);
    let all = judge(&facts).checks.into_iter();
    let bad = all.filter(|check| !matches!(check.status, Status::Ok | Status::Info));
    bad.map(|check| format!("{} {}", check.status.as_str(), check.name)).collect()
}

fn without(facts: &mut Facts, capabilities: &[Capability]) {
    facts.rights.effective.as_mut().unwrap().retain(|capability| !capabilities.contains(capability));
}

/// Without `CAP_SYS_ADMIN`, which stands for others.
const ADMIN: Capability = Capability::CAP_SYS_ADMIN;

#[test]
fn a_healthy_node_has_nothing_to_complain_of() {
    assert_eq!(complaints(|_| ()), [] as [&str; 0]);
    let examination = judge(&healthy());
    assert!(examination.can_run);
    assert_eq!(examination.verdict, "dropctl runs here. Nothing limits what it sees.");
    assert!(examination.checks.iter().all(|check| check.name != "other"), "every capability is known");
}

#[test]
fn a_kernel_that_lacks_one_thing() {
    assert_eq!(complaints(|facts| facts.kernel.version = Some((5, 7))), ["missing version"]);
    assert_eq!(complaints(|facts| facts.kernel.version = None), ["unknown version"]);
    assert_eq!(complaints(|facts| facts.kernel.types = Err("no".to_owned())), ["limited btf"]);
    assert_eq!(complaints(|facts| facts.kernel.jit = Some(0)), ["limited bpf_jit_enable"]);
    assert_eq!(complaints(|facts| facts.kernel.jit = None), [] as [&str; 0], "a pod is not shown it");
    let level = |level: &str| complaints(|facts| facts.kernel.lockdown = Some(level.to_owned()));
    assert_eq!(level("confidentiality"), ["limited lockdown"]);
    assert_eq!(level("integrity"), [] as [&str; 0]);
    assert_eq!(complaints(|facts| facts.kernel.ptrace_scope = Some(3)), ["limited ptrace_scope"]);
    assert_eq!(complaints(|facts| facts.kernel.has_stalls = false), ["limited pressure"]);
    assert_eq!(complaints(|facts| facts.kernel.has_run_times = false), ["limited schedstat"]);
    assert_eq!(complaints(|facts| facts.kernel.preemption = None), ["unknown preemption"]);
}

#[test]
fn preempted_programs_are_skipped_from_7_2_on() {
    let said = |version, model: &str| {
        let mut facts = healthy();
        (facts.kernel.version, facts.kernel.preemption) = (Some(version), Some(model.to_owned()));
        let checks = judge(&facts).checks;
        checks.into_iter().find(|check| check.name == "preemption").unwrap().lost.is_some()
    };
    assert!(said((7, 2), "lazy") && said((7, 3), "full"));
    assert!(!said((7, 1), "lazy") && !said((7, 2), "none") && !said((7, 2), "voluntary"));
}

#[test]
fn the_tracepoint_is_there_if_it_was_attached_to() {
    assert_eq!(complaints(|facts| facts.kernel.has_tracepoint = None), [] as [&str; 0]);
    let refused = |has_tracepoint| {
        complaints(|facts| {
            facts.kernel.has_tracepoint = has_tracepoint;
            facts.tried.probe = Err("no".to_owned());
        })
    };
    assert_eq!(refused(Some(true)), ["missing probe"]);
    assert_eq!(refused(Some(false)), ["missing tracepoint", "missing probe"]);
    assert_eq!(refused(None), ["unknown tracepoint", "missing probe"]);
}

#[test]
fn two_capabilities_are_needed() {
    use Capability::{CAP_BPF, CAP_PERFMON};
    assert_eq!(complaints(|facts| without(facts, &[CAP_BPF])), [] as [&str; 0], "CAP_SYS_ADMIN includes it");
    assert_eq!(complaints(|facts| without(facts, &[ADMIN])), [] as [&str; 0], "the two are enough");
    assert_eq!(complaints(|facts| without(facts, &[ADMIN, CAP_BPF])), ["missing CAP_BPF"]);
    assert_eq!(complaints(|facts| without(facts, &[ADMIN, CAP_PERFMON])), ["missing CAP_PERFMON"]);
    let unreadable = complaints(|facts| facts.rights.effective = None);
    assert!(unreadable.starts_with(&["unknown CAP_BPF".to_owned(), "unknown CAP_PERFMON".to_owned()]));
}

#[test]
fn rights_that_show_more() {
    assert_eq!(complaints(|facts| without(facts, &[Capability::CAP_SYS_PTRACE])), ["limited CAP_SYS_PTRACE"]);
    let nobody = |taken: &[Capability]| {
        complaints(|facts| {
            facts.rights.uid = 65_534;
            without(facts, taken);
        })
    };
    let reads = [Capability::CAP_DAC_READ_SEARCH, Capability::CAP_DAC_OVERRIDE];
    assert_eq!(nobody(&reads), ["limited files_of_root"]);
    assert_eq!(nobody(&reads[..1]), [] as [&str; 0]);
}

#[test]
fn locked_memory_matters_before_5_11() {
    let with = |version, soft_bytes, taken: &[Capability]| {
        complaints(|facts| {
            facts.kernel.version = Some(version);
            facts.rights.locked_memory.soft_bytes = soft_bytes;
            without(facts, taken);
        })
    };
    let resource = [Capability::CAP_SYS_RESOURCE];
    assert_eq!(with((5, 10), Some(64 << 10), &resource), ["missing RLIMIT_MEMLOCK"]);
    assert_eq!(with((5, 10), Some(64 << 10), &[]), [] as [&str; 0]);
    assert_eq!(with((5, 10), None, &resource), [] as [&str; 0]);
    assert_eq!(with((5, 11), Some(64 << 10), &resource), [] as [&str; 0]);
}

#[test]
fn a_filter_is_to_blame_only_where_capabilities_are_not() {
    let filtered = |works: bool, taken: &[Capability]| {
        complaints(|facts| {
            facts.rights.seccomp = Some(2);
            facts.rights.confined_by = Some("docker-default (enforce)".to_owned());
            without(facts, taken);
            if !works {
                facts.tried.probe = Err("Operation not permitted".to_owned());
            }
        })
    };
    assert_eq!(filtered(true, &[]), [] as [&str; 0]);
    assert_eq!(filtered(false, &[]), ["limited seccomp", "limited confinement", "missing probe"]);
    let poor = filtered(false, &[ADMIN, Capability::CAP_BPF]);
    assert_eq!(poor, ["missing CAP_BPF", "unknown seccomp", "limited confinement", "missing probe"]);
}

#[test]
fn namespaces_and_mounts() {
    let user = |works: bool| {
        complaints(|facts| {
            facts.rights.is_initial_user_namespace = Some(false);
            if !works {
                facts.tried.probe = Err("no".to_owned());
            }
        })
    };
    assert_eq!(user(false), ["missing user_namespace", "missing probe"]);
    assert_eq!(user(true), [] as [&str; 0]);
    assert_eq!(
        complaints(|facts| facts.mounts.is_initial_pid_namespace = Some(false)),
        ["limited proc", "unknown shared_hook"]
    );
    assert_eq!(
        complaints(|facts| facts.mounts.hidepid = Some("2".to_owned())),
        [] as [&str; 0],
        "root sees all"
    );
    let nobody = complaints(|facts| {
        facts.mounts.hidepid = Some("2".to_owned());
        facts.rights.uid = 1000;
        without(facts, &[Capability::CAP_SYS_PTRACE]);
    });
    assert_eq!(nobody, ["limited CAP_SYS_PTRACE", "limited hidepid"]);
    assert_eq!(complaints(|facts| facts.mounts.cgroup_v2 = None), ["limited cgroups"]);
    assert_eq!(complaints(|facts| facts.mounts.sees_all_cgroups = Some(false)), ["limited cgroups_of_node"]);
    let reach = Reach { tried: 80, files: 79, roots: 79 };
    assert_eq!(complaints(|facts| facts.mounts.reach = reach), [] as [&str; 0], "one is kept from everybody");
    let poor = complaints(|facts| {
        facts.mounts.reach = reach;
        without(facts, &[Capability::CAP_SYS_PTRACE]);
    });
    assert_eq!(poor, ["limited CAP_SYS_PTRACE", "limited reach"]);
    let confined = |roots: usize| {
        complaints(|facts| {
            facts.rights.confined_by = Some("cri-containerd.apparmor.d (enforce)".to_owned());
            facts.mounts.reach = Reach { tried: 80, files: 80, roots };
        })
    };
    assert_eq!(
        (confined(40), confined(79)),
        (vec!["limited reach".to_owned()], vec![]),
        "capabilities do not help"
    );
}

#[test]
fn what_was_tried_counts() {
    let hidden = |name: &'static str| {
        complaints(move |facts| facts.tried.seen.as_mut().unwrap().visibility = vec![entry(name, false)])
    };
    for name in SEEN.into_iter().filter(|name| *name != "btf") {
        assert_eq!(hidden(name), [format!("limited {name}")]);
    }
    assert_eq!(
        complaints(|facts| facts.tried.seen = Err("no".to_owned())),
        ["limited rings", "limited falco"]
    );
}

#[test]
fn others_on_the_hook() {
    let of = |change: fn(&mut HookSample)| complaints(move |facts| change(&mut facts.others.hook));
    assert_eq!(of(|hook| hook.hidden = 1), [] as [&str; 0], "one is kept from everybody");
    assert_eq!(of(|hook| hook.hidden = 40), ["unknown shared_hook"], "whatever hides them");
    assert_eq!(of(|hook| hook.untold = 1), ["unknown shared_hook"], "it may be on the hook");
    let poor = complaints(|facts| {
        facts.others.hook.hidden = 3;
        without(facts, &[Capability::CAP_SYS_PTRACE]);
    });
    assert_eq!(poor, ["limited CAP_SYS_PTRACE", "unknown shared_hook"]);
    let check = |hook: HookSample| {
        let mut facts = healthy();
        facts.others.hook = hook;
        judge(&facts).checks.into_iter().find(|check| check.name == "shared_hook").unwrap()
    };
    let untold = check(HookSample { untold: 2, ..HookSample::default() });
    assert!(untold.found.ends_with("; the kernel did not tell what 2 perf events are on"), "{untold:?}");
    assert!(untold.ways.iter().any(|way| way.starts_with("CAP_SYS_ADMIN")), "{untold:?}");
    let hidden = check(HookSample { hidden: 40, ..HookSample::default() });
    assert!(!hidden.ways.iter().any(|way| way.starts_with("CAP_SYS_ADMIN")), "{hidden:?}");
    let shared = |hook: &mut HookSample| {
        hook.programs.push(HookProgram {
            program: 41,
            tracepoint: "sys_exit".to_owned(),
            tgid: 50,
            comm: "falco".to_owned(),
            ..HookProgram::default()
        });
    };
    assert_eq!(of(shared), [] as [&str; 0]);
    let mut facts = healthy();
    shared(&mut facts.others.hook);
    let checks = judge(&facts).checks;
    let hook = checks.iter().find(|check| check.name == "shared_hook").unwrap();
    assert_eq!((hook.status, hook.found.as_str()), (Status::Info, "falco (pid 50, program 41 on sys_exit)"));
}

#[test]
fn a_falco_that_cannot_start() {
    let none = |change: fn(&mut Facts)| {
        complaints(move |facts| {
            facts.tried.tools = Some(Vec::new());
            change(facts);
        })
    };
    assert_eq!(none(|_| ()), [] as [&str; 0]);
    let bound = |facts: &mut Facts| {
        facts.rights.bounding.as_mut().unwrap().remove(&Capability::CAP_SYS_RESOURCE);
    };
    assert_eq!(none(bound), ["limited falco_start"]);
    let unlimited = |facts: &mut Facts| {
        facts.rights.bounding.as_mut().unwrap().remove(&Capability::CAP_SYS_RESOURCE);
        facts.rights.locked_memory.hard_bytes = None;
    };
    assert_eq!(none(unlimited), [] as [&str; 0], "there is nothing to raise");
    assert_eq!(
        none(|facts| facts.kernel.types = Err("no".to_owned())),
        ["limited btf", "limited falco_start"]
    );
    assert_eq!(complaints(|facts| facts.tried.tools = None), ["unknown falco"]);
    assert_eq!(complaints(bound), [] as [&str; 0], "one runs");
}

#[test]
fn a_falco_that_hides() {
    let engine = |engine: &str| {
        complaints(|facts| facts.tried.tools.as_mut().unwrap()[0].engine = Some(engine.to_owned()))
    };
    assert_eq!(engine("kmod"), ["limited falco"]);
    let hidden = |facts: &mut Facts| {
        let falcos = &mut facts.tried.seen.as_mut().unwrap().falcos;
        falcos[0].facts.not_visible.push("its files".to_owned());
    };
    assert_eq!(complaints(hidden), ["limited falco"]);
    let unseen = |facts: &mut Facts| facts.tried.seen.as_mut().unwrap().falcos.clear();
    assert_eq!(complaints(unseen), ["limited falco"]);
}

#[test]
fn the_page_of_a_poor_node() {
    let mut facts = healthy();
    facts.rights.uid = 1000;
    facts.rights.effective = set(&[]);
    facts.rights.bounding.as_mut().unwrap().remove(&Capability::CAP_SYS_RESOURCE);
    facts.kernel.jit = None;
    facts.kernel.has_tracepoint = None;
    facts.mounts.reach = Reach { tried: 80, files: 3, roots: 3 };
    facts.others.hook = HookSample { looked_at: 3, hidden: 77, ..HookSample::default() };
    facts.others.agent = AgentFacts::Silent("no agent answers at /run/dropctl/agent.sock".to_owned());
    facts.tried =
        Tried { probe: Err("refused".to_owned()), seen: Err("refused".to_owned()), tools: Some(Vec::new()) };
    let examination = judge(&facts);
    assert!(!examination.can_run);
    golden("doctor/poor.md", &markdown(&examination));
    golden("doctor/poor.txt", &text(&examination));
    golden("doctor/poor.json", &json(&examination).unwrap());
    golden("doctor/poor.html", &html(&examination));
    golden("doctor/healthy.md", &markdown(&judge(&healthy())));
    golden("doctor/healthy.txt", &text(&judge(&healthy())));
}
