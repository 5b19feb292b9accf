//! File systems and namespaces.

use caps::Capability;

use super::rights::UNCONFINED;
use crate::{
    doctor::{Check, Facts, MountFacts, Reach, Status, Topic},
    sample::FEW_HIDDEN,
};

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let mounts = &facts.mounts;
    vec![
        processes(mounts),
        hidepid(facts),
        reach(facts),
        cgroups(mounts),
        all_cgroups(mounts),
        mounted(
            "tracefs",
            mounts.tracefs.as_deref(),
            "dropctl does without; Falco attaches its enter programs through it",
        ),
        mounted("bpffs", mounts.bpffs.as_deref(), "dropctl does without: it pins nothing"),
    ]
}

fn check(name: &'static str, status: Status, found: impl Into<String>) -> Check {
    Check::new(Topic::Mounts, name, status, found)
}

fn processes(mounts: &MountFacts) -> Check {
    match mounts.is_initial_pid_namespace {
        Some(true) => check("proc", Status::Ok, "/proc shows the processes of the node"),
        Some(false) => check("proc", Status::Limited, "a pid namespace of its own: /proc shows this container's processes")
            .losing(
                "names of processes, starts and ends of tools, the threads that drain rings and so most causes, Falco's \
                 configuration and pages",
            )
            .supplied_by(&["Kubernetes: hostPID: true", "Docker: --pid=host"]),
        None => check("proc", Status::Unknown, "/proc is not mounted, or shows no namespaces"),
    }
}

fn hidepid(facts: &Facts) -> Check {
    let rights = &facts.rights;
    let may_see = rights.uid == 0 || rights.has(Capability::CAP_SYS_PTRACE) == Some(true);
    match &facts.mounts.hidepid {
        None => check("hidepid", Status::Ok, "off"),
        Some(value) if may_see => check("hidepid", Status::Ok, format!("{value}: not for this process")),
        Some(value) => {
            check("hidepid", Status::Limited, format!("{value}: processes of other users are hidden"))
                .losing("tools as processes, and the threads that drain rings")
                .supplied_by(&["sudo dropctl doctor", "mount -o remount,hidepid=0 /proc"])
        }
    }
}

/// What is lost with the files of other processes.
const HIDDEN: &str = "what the others have open and configured, Falco's falco.yaml among it";

fn reach(facts: &Facts) -> Check {
    let Reach { tried, files, roots } = facts.mounts.reach;
    let rights = &facts.rights;
    let found =
        format!("of {tried} other processes, open files of {files} and files below the root of {roots}");
    let may_see = rights.has(Capability::CAP_SYS_PTRACE) == Some(true) && rights.reads_files_of_root();
    // AppArmor shows those of its own profile, which other containers have and a privileged one, as Falco's, has not.
    if may_see && rights.confined_by.is_some() && (tried - roots.min(tried)) as u64 > FEW_HIDDEN {
        return check("reach", Status::Limited, found).losing(HIDDEN).supplied_by(&UNCONFINED);
    }
    // Even then some end meanwhile, or are kept from everybody, as process 1 of some machines is.
    if may_see || (files == tried && roots == tried) {
        return check("reach", Status::Ok, found);
    }
    check("reach", Status::Limited, found).losing(HIDDEN).supplied_by(&[
        "sudo dropctl doctor",
        "uid 0 and CAP_SYS_PTRACE (docs/privileges.md has what each shows)",
    ])
}

fn cgroups(mounts: &MountFacts) -> Check {
    let v1 = || mounts.cgroup_v1.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    match (&mounts.cgroup_v2, mounts.cgroup_v1.is_empty()) {
        (Some(path), true) => check("cgroups", Status::Ok, format!("v2 at {}", path.display())),
        (Some(path), false) => {
            check("cgroups", Status::Ok, format!("v2 at {}, v1 at {}", path.display(), v1()))
        }
        (None, false) => check("cgroups", Status::Ok, format!("v1 at {}", v1())),
        (None, true) => check("cgroups", Status::Limited, "no hierarchy is mounted here")
            .losing("limits and throttling of tools (DC102, DC304), their memory (DC112), names of workloads")
            .supplied_by(&[
                "mount -t cgroup2 none /sys/fs/cgroup",
                "Kubernetes: a hostPath volume of /sys/fs/cgroup, read-only",
            ]),
    }
}

fn all_cgroups(mounts: &MountFacts) -> Check {
    const NAME: &str = "cgroups_of_node";
    match mounts.sees_all_cgroups {
        Some(true) => check(NAME, Status::Ok, "cgroups of the whole node"),
        Some(false) => check(NAME, Status::Limited, "a cgroup namespace of its own: it sees its own cgroups alone")
            .losing("names of workloads, and limits of tools in other containers")
            .supplied_by(&[
                "Kubernetes: a hostPath volume of /sys/fs/cgroup, read-only, mounted anywhere, such as /host/sys/fs/cgroup",
                "Docker: --cgroupns=host",
            ]),
        None => check(NAME, Status::Unknown, "not shown by /proc/self/ns"),
    }
}

fn mounted(name: &'static str, place: Option<&std::path::Path>, note: &str) -> Check {
    let place = place.map_or_else(|| "not mounted here".to_owned(), |place| place.display().to_string());
    check(name, Status::Info, format!("{place}; {note}"))
}
