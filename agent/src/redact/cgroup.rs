//! Paths of cgroups, and workloads that are ends of them. The parts that Kubernetes, systemd and runtimes name alike on every
//! node stay, since they say how a tool is installed; uids of pods, ids of containers and units become pseudonyms.

use super::{Kind, Redactor};

/// Parts that are the same everywhere.
const PARTS: &[&str] = &[
    "",
    ".",
    "..",
    "kubepods",
    "kubepods.slice",
    "burstable",
    "besteffort",
    "guaranteed",
    "kubepods-burstable.slice",
    "kubepods-besteffort.slice",
    // Of the nodes of kind, and wherever else the kubelet has a root of its own.
    "kubelet",
    "kubelet.slice",
    "kubelet-kubepods.slice",
    "kubelet-kubepods-burstable.slice",
    "kubelet-kubepods-besteffort.slice",
    "system.slice",
    "user.slice",
    "machine.slice",
    "-.slice",
    "init.scope",
    "docker",
    "podruntime.slice",
    "runtime.slice",
    "libpod_parent",
    "unified",
    "systemd",
    "cpu",
    "cpuacct",
    "cpu,cpuacct",
    "cpuset",
    "memory",
    "blkio",
    "pids",
    "io",
    "app.slice",
    "session.slice",
    "background.slice",
];

/// Runtimes in front of a container's id.
const RUNTIMES: &[&str] = &[
    "cri-containerd",
    "crio",
    "crio-conmon",
    "docker",
    "libpod",
    "libpod-conmon",
    "containerd",
    "nerdctl",
    "lxc",
];

/// Units of distributions, of Kubernetes and of tools that look at events.
const UNITS: &[&str] = &[
    "auditd",
    "chrony",
    "chronyd",
    "cloud-init",
    "containerd",
    "cri-docker",
    "crio",
    "cron",
    "crond",
    "dbus",
    "dbus-broker",
    "docker",
    "falco",
    "falco-bpf",
    "falco-custom",
    "falco-kmod",
    "falco-modern-bpf",
    "falcoctl-artifact-follow",
    "k0scontroller",
    "k0sworker",
    "k3s",
    "k3s-agent",
    "kubelet",
    "NetworkManager",
    "polkit",
    "rke2-agent",
    "rke2-server",
    "rsyslog",
    "ssh",
    "sshd",
    "sysdig",
    "systemd-homed",
    "systemd-journald",
    "systemd-logind",
    "systemd-machined",
    "systemd-networkd",
    "systemd-oomd",
    "systemd-resolved",
    "systemd-timesyncd",
    "systemd-udevd",
    "systemd-userdbd",
    "tetragon",
    "tracee",
    "dropctl",
];

const UNIT_ENDINGS: [&str; 7] = [".service", ".scope", ".slice", ".socket", ".mount", ".swap", ".timer"];

/// What the files of controllers are called by, behind the controller.
const OF_FILES: &[&str] = &[
    "burst",
    "cfs_period_us",
    "cfs_quota_us",
    "cpus",
    "current",
    "effective",
    "events",
    "failcnt",
    "freeze",
    "group",
    "high",
    "idle",
    "kill",
    "latency",
    "limit_in_bytes",
    "local",
    "low",
    "max",
    "max_usage_in_bytes",
    "mems",
    "memsw",
    "min",
    "numa_stat",
    "oom",
    "oom_control",
    "partition",
    "peak",
    "pressure",
    "procs",
    "shares",
    "stat",
    "swap",
    "type",
    "usage",
    "usage_in_bytes",
    "weight",
];

/// Digits of a container's id by which it is called, as everywhere else in dropctl.
const ID_DIGITS: usize = 12;

/// A path below the root of its hierarchy.
pub(super) fn path(redactor: &mut Redactor, real: &str) -> String {
    let parts: Vec<String> = real.split('/').map(|part| of_part(redactor, part, Kind::Cgroup)).collect();
    parts.join("/")
}

/// A path below where a hierarchy is mounted: its end may be a file of a controller's.
pub(super) fn file(redactor: &mut Redactor, real: &str) -> String {
    match real.rsplit_once('/') {
        Some((folder, name)) if is_file_of_controller(name) => format!("{}/{name}", path(redactor, folder)),
        _ => path(redactor, real),
    }
}

/// The container of a workload that Kubernetes named: twelve digits of an id, a unit, the end of a cgroup's path, or the name of one in a pod.
pub(super) fn container(redactor: &mut Redactor, real: &str) -> String {
    let parts: Vec<String> = real.split('/').map(|part| of_part(redactor, part, Kind::Container)).collect();
    parts.join("/")
}

/// The whole id of a container.
pub(super) fn container_id(redactor: &mut Redactor, real: &str) -> String {
    let id = real.get(..ID_DIGITS).filter(|_| is_id(real)).unwrap_or(real);
    redactor.name(Kind::Container, id)
}

/// The uid or the name of a pod.
pub(super) fn pod(redactor: &mut Redactor, real: &str) -> String {
    redactor.name(Kind::Pod, real)
}

fn of_part(redactor: &mut Redactor, part: &str, otherwise: Kind) -> String {
    if PARTS.contains(&part) {
        return part.to_owned();
    }
    if let Some((front, uid)) = pod_uid(part) {
        let ending = if part.ends_with(".slice") { ".slice" } else { "" };
        return format!("{front}{}{ending}", pod(redactor, &uid));
    }
    let (bare, ending) = match part.strip_suffix(".scope") {
        Some(bare) => (bare, ".scope"),
        None => (part, ""),
    };
    let (front, id) = match bare.rfind(['-', ':']) {
        Some(at) => bare.split_at(at + 1),
        None => ("", bare),
    };
    // containerd without its systemd driver writes `kubepods-...:cri-containerd:ID`.
    let runtime = front.trim_end_matches(['-', ':']);
    let (front, runtime) = match runtime.rsplit_once(':') {
        Some((_, last)) => (format!("{last}:"), last),
        None => (front.to_owned(), runtime),
    };
    if is_id(id) && (runtime.is_empty() || RUNTIMES.contains(&runtime)) {
        return format!("{front}{}{ending}", container_id(redactor, id));
    }
    unit(redactor, part).unwrap_or_else(|| redactor.name(otherwise, part))
}

/// A unit by its ending; `None` for what has none. Users' numbers and those of sessions stay.
fn unit(redactor: &mut Redactor, part: &str) -> Option<String> {
    let ending = UNIT_ENDINGS.iter().find(|ending| part.ends_with(*ending))?;
    let name = part.strip_suffix(ending).unwrap_or(part);
    let numbered = ["user-", "session-", "user@", "user-runtime-dir@"]
        .iter()
        .filter_map(|front| name.strip_prefix(front))
        .any(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    if numbered || UNITS.contains(&name) {
        return Some(part.to_owned());
    }
    Some(format!("{}{ending}", redactor.name(Kind::Unit, name)))
}

/// What stands in front of `pod<uid>`, and the uid as Kubernetes writes it; systemd wants `_` for `-`.
fn pod_uid(part: &str) -> Option<(&str, String)> {
    let bare = part.strip_suffix(".slice").unwrap_or(part);
    let (front, uid) = match bare.strip_prefix("pod") {
        Some(uid) => ("", uid),
        None => {
            let at = bare.rfind("-pod")?;
            (&bare[..=at], &bare[at + 4..])
        }
    };
    let uid = uid.replace('_', "-");
    let is_uid = uid.len() >= 32 && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let of_kubepods = front.strip_prefix("kubelet-").unwrap_or(front);
    let is_known = front.is_empty()
        || matches!(of_kubepods, "kubepods-" | "kubepods-burstable-" | "kubepods-besteffort-");
    (is_uid && is_known).then_some((front, uid))
}

/// Twelve digits or more, and hexadecimal.
fn is_id(text: &str) -> bool {
    text.len() >= ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `cpu.max`, `memory.limit_in_bytes`.
fn is_file_of_controller(part: &str) -> bool {
    let controllers = ["cpu", "cpuacct", "cpuset", "memory", "io", "blkio", "pids", "cgroup", "hugetlb"];
    part.split_once('.').is_some_and(|(controller, file)| {
        controllers.contains(&controller) && file.split('.').all(|word| OF_FILES.contains(&word))
    })
}

#[cfg(test)]
mod tests;
