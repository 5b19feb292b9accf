//! Words that come from closed sets, or are made of what the kernel lets a name be made of. One that is not what it should be
//! gets a pseudonym: recordings come from anybody, and web servers answer what they like.

use super::{Kind, Redactor, text};

/// Tools, engines and the programs of Falco's family.
const TOOLS: &[&str] = &[
    "dropctl",
    "falco",
    "sysdig",
    "tetragon",
    "tracee",
    "bpftrace",
    "inspektor-gadget",
    "cilium",
    "datadog",
    "systemd",
    "other",
    "modern_ebpf",
    "ebpf",
    "kmod",
    "replay",
    "gvisor",
    "nodriver",
    "userspace",
    "unknown",
    "modern_bpf",
    "bpf",
];

/// Plugins of the public registry (falcosecurity/plugins, registry.yaml).
const PLUGINS: &[&str] = &[
    "anomalydetection",
    "awselb",
    "box",
    "cloudtrail",
    "collector",
    "container",
    "docker",
    "dummy",
    "dummy_c",
    "gcpaudit",
    "github",
    "gitlab",
    "journald",
    "json",
    "k8saudit",
    "k8saudit-aks",
    "k8saudit-eks",
    "k8saudit-gke",
    "k8saudit-ovh",
    "k8smeta",
    "kafka",
    "keycloak",
    "krsi",
    "nomad",
    "okta",
    "salesforce",
    "seccompagent",
    "syslogsrv",
    "test",
];

/// Keys of a falco.yaml that bear on drops, or the first part of them.
const KEYS: &[&str] = &[
    "base_syscalls",
    "config_files",
    "engine",
    "metrics",
    "modern_bpf",
    "outputs_queue",
    "rules_file",
    "rules_files",
    "syscall_buf_size_preset",
    "syscall_drop_failed_exit",
    "syscall_event_drops",
    "watch_config_files",
    "webserver",
];

/// What values of these keys are made of, beside numbers.
const VALUES: &[&str] = &["true", "false", "names", "entries", "ignore", "log", "alert", "exit"];

/// Models of preemption, as the kernel lists them and as its version names them.
const PREEMPTION: &[&str] =
    &["none", "voluntary", "full", "lazy", "or", "PREEMPT", "DYNAMIC", "LAZY", "RT", ""];

/// What can be seen of a node.
const CAPABILITIES: &[&str] = &[
    "all_rings",
    "btf",
    "cgroup_id",
    "consumer_syscall",
    "consumer_wchan",
    "consumers",
    "memory",
    "missed_runs",
    "own_process",
    "perf_buffers",
    "refusals",
    "rings",
    "syscall_abi",
    "tool_rings",
    "tools",
    "whose_drops",
];

/// Behind the four numbers of kernels of the Windows Subsystem for Linux, such as `6.6.87.2-microsoft-standard-WSL2`.
const OF_WSL: &str = "-microsoft-standard";

/// Longest name of an object of the kernel: `KSYM_NAME_LEN` is more, and nothing that is read comes near.
const LONGEST: usize = 128;

/// A tool, an engine or a program.
pub(super) fn tool(redactor: &mut Redactor, real: &str) -> String {
    one_of(redactor, TOOLS, real)
}

/// Whether it is the name of one.
pub(super) fn is_tool(word: &str) -> bool {
    TOOLS.contains(&word)
}

/// What can be seen.
pub(super) fn capability(redactor: &mut Redactor, real: &str) -> String {
    one_of(redactor, CAPABILITIES, real)
}

/// A preemption model.
pub(super) fn preemption(redactor: &mut Redactor, real: &str) -> String {
    let all = real.split([' ', '_', '(', ')']).all(|word| PREEMPTION.contains(&word));
    kept_if(redactor, all, Kind::Name, real)
}

/// A plugin.
pub(super) fn plugin(redactor: &mut Redactor, real: &str) -> String {
    one_of(redactor, PLUGINS, real)
}

/// A key of a configuration.
pub(super) fn key(redactor: &mut Redactor, real: &str) -> String {
    let top = real.split('.').next().unwrap_or_default();
    let is_known = (real.is_empty() || KEYS.contains(&top)) && is_symbol(real);
    kept_if(redactor, is_known, Kind::Name, real)
}

/// The value of one.
pub(super) fn value(redactor: &mut Redactor, real: &str) -> String {
    let is_known = |word: &str| {
        let is_number = word.parse::<f64>().is_ok_and(f64::is_finite);
        is_number || VALUES.contains(&word) || TOOLS.contains(&word)
    };
    let all = real.split([' ', ',']).filter(|word| !word.is_empty()).all(is_known);
    kept_if(redactor, all, Kind::Name, real)
}

/// A name in the kernel: of a function, a map, a program, a member or a syscall. Letters, digits, `_` and `.` are all that it
/// takes (`bpf_obj_name_cpy`, kernel/bpf/syscall.c).
pub(super) fn symbol(redactor: &mut Redactor, real: &str) -> String {
    let looks_well = is_symbol(real) && text::token(redactor, real).is_none();
    kept_if(redactor, looks_well, Kind::Name, real)
}

/// A version: numbers with points, then what a distribution adds behind a sign of its own. Names of the node are not looked
/// for: one called `pve` is not meant by `6.8.12-8-pve`.
pub(super) fn version(redactor: &mut Redactor, real: &str) -> String {
    let bare = real.strip_prefix('v').unwrap_or(real);
    let numbers = bare.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(bare.len());
    let (numbers, rest) = bare.split_at(numbers);
    let is_address = numbers.trim_end_matches('.').parse::<core::net::Ipv4Addr>().is_ok();
    let is_one = numbers.starts_with(|first: char| first.is_ascii_digit())
        && (numbers.contains('.') || rest.is_empty())
        && real.len() <= 64
        && is_of_distribution(rest)
        && (!is_address || rest.starts_with(OF_WSL));
    kept_if(redactor, is_one, Kind::Name, real)
}

/// Such as `-cloud-amd64`, `+driver`, `-503.el9.x86_64`, `-g0123456789ab`.
fn is_of_distribution(rest: &str) -> bool {
    let is_sign = |letter: char| ".+~_-".contains(letter);
    let is_commit = |part: &str| {
        let digits = part.strip_prefix('g').unwrap_or(part);
        (7..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let is_word = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_alphanumeric()) && (is_commit(part) || !text::is_secret(part))
    };
    (rest.is_empty() || rest.starts_with(is_sign)) && rest.split(is_sign).all(is_word)
}

/// A commit, or part of its hash.
pub(super) fn commit(redactor: &mut Redactor, real: &str) -> String {
    let bare = real.strip_suffix("-dirty").unwrap_or(real);
    let is_one = (4..=40).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
    kept_if(redactor, is_one, Kind::Name, real)
}

/// A list of CPUs, such as `0-3,8`.
pub(super) fn cpus(redactor: &mut Redactor, real: &str) -> String {
    let is_list = real.bytes().all(|byte| byte.is_ascii_digit() || b"-,".contains(&byte));
    kept_if(redactor, is_list, Kind::Name, real)
}

fn one_of(redactor: &mut Redactor, set: &[&str], real: &str) -> String {
    kept_if(redactor, set.contains(&real), Kind::Name, real)
}

fn kept_if(redactor: &mut Redactor, is_kept: bool, kind: Kind, real: &str) -> String {
    if is_kept { real.to_owned() } else { redactor.name(kind, real) }
}

fn is_symbol(real: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    real.len() <= LONGEST && real.bytes().all(inside)
}

#[cfg(test)]
mod tests;
