//! Which key of which file: by how the tool is installed, as its cgroup tells, and by its version.

use super::{case::Case, finding::Remedy};
use crate::number::bytes;

/// How a tool is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Installation {
    /// A pod: limits and requests in its manifest.
    Kubernetes,
    /// A unit.
    Systemd,
    /// Neither, or it cannot be seen.
    Unknown,
}

impl Installation {
    /// By the path of the cgroup.
    pub(super) fn of(cgroup: &str) -> Self {
        if cgroup.contains("kubepods") {
            Self::Kubernetes
        } else if cgroup.contains(".service") {
            Self::Systemd
        } else {
            Self::Unknown
        }
    }

    /// As in outputs; `None` where it is not known.
    pub(super) fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Kubernetes => Some("kubernetes"),
            Self::Systemd => Some("systemd"),
            Self::Unknown => None,
        }
    }

    /// Of a window's tool.
    pub(super) fn of_case(case: &Case<'_>) -> Self {
        let cgroup = case.tool.and_then(|tool| tool.cgroup.as_deref());
        let limits = case.consumer.as_ref().and_then(|consumer| consumer.limits.as_ref());
        let own = || limits?.first().map(|limit| limit.cgroup.as_str());
        cgroup.or_else(own).map_or(Self::Unknown, Self::of)
    }
}

/// More CPU time: from and to in CPUs.
pub(super) fn cpu_limit(case: &Case<'_>, from_cpus: f64, to_cpus: f64) -> Remedy {
    let (from_cpus, to_cpus) = (tenths(from_cpus), tenths(to_cpus));
    match Installation::of_case(case) {
        Installation::Kubernetes => Remedy::setting(
            "a CPU limit that the thread does not run into".to_owned(),
            "resources.limits.cpu",
            Some(millis(from_cpus)),
            millis(to_cpus),
        ),
        Installation::Systemd => Remedy::setting(
            "a CPU quota that the thread does not run into".to_owned(),
            "CPUQuota=",
            Some(format!("{:.0}%", 100.0 * from_cpus)),
            format!("{:.0}%", 100.0 * to_cpus),
        ),
        Installation::Unknown => Remedy::setting(
            "the quota of the cgroup named above (cpu.max, or cpu.cfs_quota_us in version 1)".to_owned(),
            "CPUs",
            Some(format!("{from_cpus:.1}")),
            format!("{to_cpus:.1}"),
        ),
    }
}

/// A larger weight.
pub(super) fn cpu_weight(case: &Case<'_>) -> Remedy {
    match Installation::of_case(case) {
        Installation::Kubernetes => Remedy::setting(
            "requests set the weight against neighbours; limits do not".to_owned(),
            "resources.requests.cpu",
            None,
            "1000m".to_owned(),
        ),
        Installation::Systemd => Remedy::setting(
            "the weight against other units (100 is everybody's)".to_owned(),
            "CPUWeight=",
            None,
            "1000".to_owned(),
        ),
        Installation::Unknown => Remedy::advice(
            "raise the weight of its cgroup (cpu.weight, or cpu.shares in version 1), lower its nice value, or move \
             load to other CPUs"
                .to_owned(),
        ),
    }
}

/// Keys of one tool's settings, by how it is installed and by Falco's version.
pub(crate) struct Keys {
    /// The size of each ring.
    pub(crate) preset: &'static str,
    /// The memory limit.
    pub(crate) memory: &'static str,
    /// What stands for MiB behind its number.
    pub(crate) mebibytes: &'static str,
    /// They are those of Falco's chart, which are the same in all its versions.
    pub(crate) is_chart: bool,
}

/// Those of the tool in that cgroup; where Falco's version is unknown, of those since 0.38.
pub(crate) fn keys(cgroup: Option<&str>, version: Option<&str>) -> Keys {
    let installation = cgroup.map_or(Installation::Unknown, Installation::of);
    Keys {
        preset: preset_key_of(installation, version.is_some_and(is_legacy_version)),
        memory: match installation {
            Installation::Kubernetes => "resources.limits.memory",
            Installation::Systemd => "MemoryMax=",
            Installation::Unknown => "memory limit of its cgroup",
        },
        mebibytes: match installation {
            Installation::Kubernetes => "Mi",
            // To the base of 1024: systemd.resource-control(5).
            Installation::Systemd => "M",
            Installation::Unknown => " MiB",
        },
        is_chart: installation == Installation::Kubernetes,
    }
}

/// Falco's buffer sizes: index - 1 is the preset (userspace/falco/app/actions/configure_syscall_buffer_size.cpp).
pub(crate) const PRESETS_BYTES: [u64; 10] =
    [1 << 20, 2 << 20, 4 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20, 128 << 20, 256 << 20, 512 << 20];

/// The largest ring that Falco can have, bytes.
pub(super) const LARGEST_BYTES: u64 = PRESETS_BYTES[9];

/// Rings of at least this size each; `None` if no ring is that large.
pub(super) fn ring_bytes(case: &Case<'_>, now_bytes: u64, wanted_bytes: u64) -> Option<Remedy> {
    let preset = |bytes: u64| PRESETS_BYTES.iter().position(|size| *size >= bytes).map(|index| index + 1);
    let wanted = preset(wanted_bytes)?;
    let rings = case.rings.len().max(1) as u64;
    let memory = bytes(rings * PRESETS_BYTES[wanted - 1]);
    let is_falco = ["falco", "sysdig"].contains(&case.loss.subject.tool.as_str()) || case.falco.is_some();
    if !is_falco {
        let text = format!("a ring of {} holds what arrived", bytes(PRESETS_BYTES[wanted - 1]));
        return Some(Remedy::setting(
            text,
            "ring size",
            Some(now_bytes.to_string()),
            PRESETS_BYTES[wanted - 1].to_string(),
        ));
    }
    let text = format!(
        "rings of {} hold what arrived; {rings} of them take {memory} of memory",
        bytes(PRESETS_BYTES[wanted - 1])
    );
    let now = PRESETS_BYTES.iter().position(|size| *size == now_bytes).map(|index| (index + 1).to_string());
    Some(Remedy::setting(text, preset_key(case), now, wanted.to_string()))
}

/// The key of the buffer's size: Falco 0.38 left `syscall_buf_size_preset` behind, and the chart writes falco.yaml itself.
pub(super) fn preset_key(case: &Case<'_>) -> &'static str {
    preset_key_of(Installation::of_case(case), is_legacy(case))
}

fn preset_key_of(installation: Installation, is_legacy: bool) -> &'static str {
    match (installation, is_legacy) {
        (Installation::Kubernetes, _) => "driver.modernEbpf.bufSizePreset",
        (_, true) => "syscall_buf_size_preset",
        (_, false) => "engine.modern_ebpf.buf_size_preset",
    }
}

/// The key of the number of CPUs that share a ring.
pub(super) fn cpus_key(case: &Case<'_>) -> &'static str {
    match (Installation::of_case(case), is_legacy(case)) {
        (Installation::Kubernetes, _) => "driver.modernEbpf.cpusForEachBuffer",
        (_, true) => "modern_bpf.cpus_for_each_syscall_buffer",
        (_, false) => "engine.modern_ebpf.cpus_for_each_buffer",
    }
}

fn is_legacy(case: &Case<'_>) -> bool {
    let version = case.facts.and_then(|facts| facts.version.as_ref()?.falco.as_deref());
    version.is_some_and(is_legacy_version)
}

fn is_legacy_version(version: &str) -> bool {
    let minor = |version: &str| version.strip_prefix("0.")?.split('.').next()?.parse::<u32>().ok();
    minor(version).is_some_and(|minor| minor < 38)
}

fn tenths(cpus: f64) -> f64 {
    (10.0 * cpus).ceil() / 10.0
}

fn millis(cpus: f64) -> String {
    format!("{:.0}m", 1000.0 * cpus)
}
