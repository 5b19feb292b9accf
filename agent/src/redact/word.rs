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

/// Longest name of an object of the kernel: `KSYM_NAME_LEN` is more, and nothing that is read comes near.
const LONGEST: usize = 128;

/// A tool, an engine or a program.
pub(super) fn tool(redactor: &mut Redactor, real: &str) -> String {
    one_of(redactor, TOOLS, real)
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

/// A version: numbers with points, then what a distribution adds behind a sign of its own.
pub(super) fn version(redactor: &mut Redactor, real: &str) -> String {
    let bare = real.strip_prefix('v').unwrap_or(real);
    let numbers = bare.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(bare.len());
    let (numbers, rest) = bare.split_at(numbers);
    let is_one = numbers.starts_with(|first: char| first.is_ascii_digit())
        && (numbers.contains('.') || rest.is_empty())
        && real.len() <= 64
        && is_of_distribution(rest)
        && bare.parse::<core::net::Ipv4Addr>().is_err()
        && !text::has_host(redactor, real);
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
mod tests {
    use super::*;
    use crate::redact::tests::redactor;

    #[test]
    fn what_it_should_be_stays() {
        let mut redactor = redactor();
        for real in [
            "6.12.9-cloud-amd64",
            "5.14.0-503.el9.x86_64",
            "0.44.1",
            "9.1.0+driver",
            "v1.2.3",
            "0.39.0-rc1",
            "57",
            "6.12.0-next-g0123456789ab",
        ] {
            assert_eq!(version(&mut redactor, real), real);
        }
        for real in ["5", "true", "log, alert", "3 names", "modern_ebpf", "0.1", "-1", ""] {
            assert_eq!(value(&mut redactor, real), real);
        }
        for real in [
            "folio_wait_bit_common",
            "sys_exit",
            "clone_fork_exit",
            "foo.isra.0",
            "n_evts",
            "",
            "ringbuf_map",
        ] {
            assert_eq!(symbol(&mut redactor, real), real);
        }
        for real in ["engine.modern_ebpf.buf_size_preset", "rules_files", "webserver.enabled", ""] {
            assert_eq!(key(&mut redactor, real), real);
        }
        assert_eq!(commit(&mut redactor, "0123456"), "0123456");
        assert_eq!(cpus(&mut redactor, "0-3,8"), "0-3,8");
    }

    #[test]
    fn what_it_should_not_be_does_not() {
        let mut redactor = redactor();
        for real in ["10.1.2.3", "acme", "1.0/acme", "1.0 acme", "1.0-node7", "2acme", "1.0-4f0c6a7b8d9e0123"]
        {
            assert!(version(&mut redactor, real).starts_with("name-"), "{real}");
        }
        for real in ["acme", "5 acme", "/srv/acme", "inf"] {
            assert!(value(&mut redactor, real).starts_with("name-"), "{real}");
        }
        for real in ["acme-billing", "10.1.2.3", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "node7", "a b"] {
            assert!(symbol(&mut redactor, real).starts_with("name-"), "{real}");
        }
        assert!(
            tool(&mut redactor, "acme").starts_with("name-")
                && plugin(&mut redactor, "acme").starts_with("name-")
        );
        assert!(key(&mut redactor, "http_output.url").starts_with("name-"));
        assert!(
            commit(&mut redactor, "acme").starts_with("name-")
                && cpus(&mut redactor, "acme").starts_with("name-")
        );
    }

    #[test]
    fn every_tool_that_is_known_keeps_its_name() {
        for comm in [
            "dropctl",
            "falco",
            "scap-open",
            "csysdig",
            "tetragon",
            "tracee",
            "bpftrace",
            "ig",
            "cilium-agent",
            "system-probe",
            "systemd-journal",
            "anything",
        ] {
            let real = crate::observe::tools::known::tool(comm);
            assert_eq!(tool(&mut redactor(), real), real);
        }
    }
}
