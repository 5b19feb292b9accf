//! Limits and weights of a tool's cgroup in the form that its installation takes: `resources` of the chart, a drop-in of the
//! unit, options of the container, or the cgroup by its name.

use super::{
    installation::{Installation, unit},
    place::{MemoryLimit, Place},
    table,
    yaml::{Document, Value},
};
use crate::{
    diagnose::finding::{Changed, Remedy, Snippet},
    number::bytes,
};

/// Memory limits are raised in steps of this, bytes.
pub(super) const STEP_BYTES: u64 = 64 << 20;
/// A request of this much is the weight that one whole CPU has, CPUs: the draining thread cannot use more.
const ONE_CPU: f64 = 1.0;
/// Ten times everybody's (cpu.weight 100, cpu.shares 1024).
const WEIGHT: u64 = 1000;
const SHARES: u64 = 10_240;

/// What a unit, a container or a container of a pod has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Limit {
    /// CPUs.
    Cpu { from: Option<f64>, to: f64 },
    /// Against neighbours.
    Weight,
    /// Bytes.
    Memory { from: u64, to: u64 },
}

impl Limit {
    /// Key, and value before and after. `None` where there are no keys.
    fn changed(self, installation: Installation<'_>) -> Option<Changed> {
        let is_chart = installation == Installation::Kubernetes;
        let is_unit = matches!(installation, Installation::Systemd { .. });
        let key = match (self, installation) {
            (_, Installation::Unknown) => return None,
            (Self::Cpu { .. }, Installation::Kubernetes) => "resources.limits.cpu",
            (Self::Cpu { .. }, Installation::Systemd { .. }) => "CPUQuota=",
            (Self::Cpu { .. }, Installation::Container) => "--cpus",
            (Self::Weight, Installation::Kubernetes) => "resources.requests.cpu",
            (Self::Weight, Installation::Systemd { .. }) => "CPUWeight=",
            (Self::Weight, Installation::Container) => "--cpu-shares",
            (Self::Memory { .. }, Installation::Kubernetes) => "resources.limits.memory",
            (Self::Memory { .. }, Installation::Systemd { .. }) => "MemoryMax=",
            (Self::Memory { .. }, Installation::Container) => "--memory",
        };
        let cpus = |cpus: f64| match () {
            () if is_chart => format!("{:.0}m", 1000.0 * cpus),
            () if is_unit => format!("{:.0}%", 100.0 * cpus),
            () => format!("{cpus:.2}"),
        };
        // M and m to the base of 1024: systemd.resource-control(5), docker-run(1).
        let suffix = if is_chart {
            "Mi"
        } else if is_unit {
            "M"
        } else {
            "m"
        };
        let mebibytes = |size: u64| format!("{}{suffix}", size >> 20);
        let (from, to) = match self {
            Self::Cpu { from, to } => (from.map(cpus), cpus(to)),
            Self::Weight if is_chart => (None, cpus(ONE_CPU)),
            Self::Weight => (None, if is_unit { WEIGHT } else { SHARES }.to_string()),
            Self::Memory { from, to } => (Some(mebibytes(from)), mebibytes(to)),
        };
        Some(Changed { key: key.to_owned(), from, to })
    }
}

/// Puts limits into the chart's values; for others a snippet of their own, if there is a form for one.
pub(super) fn apply(
    place: &Place<'_>,
    limits: &[Limit],
    values: &mut Option<Document>,
) -> (Vec<Changed>, Option<Snippet>) {
    let changed: Vec<Changed> = limits.iter().filter_map(|limit| limit.changed(place.installation)).collect();
    let snippet = match place.installation {
        Installation::Kubernetes if place.is_falco => {
            let document = values.get_or_insert_default();
            changed.iter().for_each(|one| document.put(&one.key, Value::of(&one.to)));
            None
        }
        Installation::Systemd { unit } => drop_in(place, unit, &changed),
        // Whose chart it is of, or which engine started the container, is not known.
        Installation::Kubernetes | Installation::Container | Installation::Unknown => None,
    };
    (changed, snippet)
}

fn drop_in(place: &Place<'_>, unit: &str, changed: &[Changed]) -> Option<Snippet> {
    let section = if unit.ends_with(".slice") { "Slice" } else { "Service" };
    let lines: Vec<String> = changed.iter().map(|one| format!("{}{}\n", one.key, one.to)).collect();
    let text = format!("[{section}]\n{}", lines.concat());
    (!lines.is_empty()).then(|| {
        let file = format!("/etc/systemd/system/{unit}.d/zz-dropctl.conf");
        Snippet::new(place.file(file), text)
    })
}

/// The chart's values as a snippet.
pub(super) fn of_values(values: Option<Document>) -> Option<Snippet> {
    let values = values?;
    Some(Snippet::new("values.yaml of Falco's chart".to_owned(), values.text()))
}

fn of_limits(place: &Place<'_>, text: String, limits: &[Limit]) -> Remedy {
    let mut values = None;
    let (changed, snippet) = apply(place, limits, &mut values);
    Remedy { snippets: snippet.into_iter().chain(of_values(values)).collect(), ..Remedy::of(text, changed) }
}

/// More CPU time for that cgroup: from and to in CPUs.
pub(crate) fn cpu_limit(place: &Place<'_>, cgroup: &str, from_cpus: f64, to_cpus: f64) -> Remedy {
    let to = tenths(to_cpus);
    let limit = Limit::Cpu { from: Some(from_cpus), to };
    if place.is_its_own(cgroup) && place.installation != Installation::Unknown {
        let text = match place.installation {
            Installation::Systemd { .. } => "a CPU quota that the thread does not run into",
            _ => "a CPU limit that the thread does not run into",
        };
        return of_limits(place, text.to_owned(), &[limit]);
    }
    // A slice above the unit is one that somebody made for it; above a pod it is the node's.
    let above = unit(cgroup).filter(|_| matches!(place.installation, Installation::Systemd { .. }));
    if let Some(unit) = above {
        let changed: Vec<Changed> = limit.changed(place.installation).into_iter().collect();
        let text = format!("the quota of {unit}, which the tool shares with what else is in it");
        let snippets = drop_in(place, unit, &changed).into_iter().collect();
        return Remedy { snippets, ..Remedy::of(text, changed) };
    }
    Remedy::advice(format!(
        "raise the quota of cgroup {cgroup} from {from_cpus:.2} to {to:.2} CPUs (cpu.max, or cpu.cfs_quota_us in version 1)"
    ))
}

/// A larger weight. A request above the limit would be refused, so the limit goes with it.
pub(crate) fn cpu_weight(place: &Place<'_>) -> Remedy {
    let text = match place.installation {
        Installation::Kubernetes => "requests set the weight against neighbours; limits do not",
        Installation::Systemd { .. } => "the weight against other units (100 is everybody's)",
        Installation::Container => "the weight against other containers (1024 is everybody's)",
        Installation::Unknown => {
            return Remedy::advice(
                "raise the weight of its cgroup (cpu.weight, or cpu.shares in version 1), lower its nice value, or move \
                 load to other CPUs"
                    .to_owned(),
            );
        }
    };
    let mut limits = vec![Limit::Weight];
    let below = place.own_cpus().filter(|cpus| *cpus < ONE_CPU);
    if let (Installation::Kubernetes, Some(cpus)) = (place.installation, below) {
        limits.push(Limit::Cpu { from: Some(cpus), to: ONE_CPU });
    }
    of_limits(place, text.to_owned(), &limits)
}

/// Half as much memory again for the limit that was hit: what took it may take that, too. `hits` are those of the time that it is
/// about, `None` where that is not known. Without a limit, or a hit, it is the node that is short.
pub(crate) fn more_memory(place: &Place<'_>, hits: Option<u64>, why: &str) -> Remedy {
    let hit = place.memory_limits().find(|limit| !limit.is_spared).filter(|_| hits != Some(0));
    let Some(limit) = hit else { return without_limit(place, why) };
    let wanted = limit.limit_bytes.saturating_add(limit.limit_bytes / 2);
    if place.is_its_own(limit.cgroup) && place.installation != Installation::Unknown {
        return of_limits(place, why.to_owned(), &[memory(limit, wanted)]);
    }
    Remedy::advice(format!(
        "raise the memory limit of cgroup {} from {} to {}: {why}",
        limit.cgroup,
        bytes(limit.limit_bytes),
        bytes(step(wanted))
    ))
}

fn without_limit(place: &Place<'_>, why: &str) -> Remedy {
    let what = match place.installation {
        // Its cgroups are known.
        _ if !place.memory.is_empty() => {
            "no memory limit of its cgroups was hit, so it is the node that is short: give it more memory, or move load away"
        }
        Installation::Kubernetes => "raise resources.limits.memory",
        Installation::Systemd { .. } => "raise MemoryMax= of its unit",
        Installation::Container => "raise --memory of its container",
        Installation::Unknown => "raise the memory limit of its cgroup",
    };
    Remedy::advice(format!("{what}: {why}"))
}

/// A limit of at least so much.
pub(super) fn memory(limit: MemoryLimit<'_>, wanted_bytes: u64) -> Limit {
    Limit::Memory { from: limit.limit_bytes, to: step(wanted_bytes) }
}

pub(super) fn step(size: u64) -> u64 {
    size.checked_next_multiple_of(STEP_BYTES).unwrap_or(u64::MAX)
}

/// Where a tool that does not stay alive says why.
pub(crate) fn last_words(place: &Place<'_>) -> Remedy {
    let (log, right) = match place.installation {
        Installation::Kubernetes => ("kubectl logs --previous".to_owned(), granted_by_chart(place.minor)),
        Installation::Systemd { unit } => (
            format!("journalctl -u {}", quoted(unit)),
            "its unit has it unless CapabilityBoundingSet= takes it away",
        ),
        Installation::Container => ("docker logs".to_owned(), "--cap-add SYS_RESOURCE"),
        Installation::Unknown => {
            ("kubectl logs --previous, or journalctl -u".to_owned(), "grant it where it is started")
        }
    };
    let end = if place.is_falco {
        format!("; a Falco without CAP_SYS_RESOURCE ends at once: {right}")
    } else {
        String::new()
    };
    Remedy::advice(format!("read its last words: {log}{end}"))
}

/// Chart 4.0, which has `driver.modernEbpf`, came with Falco 0.37.
fn granted_by_chart(minor: Option<u32>) -> &'static str {
    match minor {
        Some(minor) if minor < table::BOTH => "add SYS_RESOURCE to securityContext.capabilities",
        Some(_) => {
            "add SYS_RESOURCE to securityContext.capabilities, or driver.modernEbpf.leastPrivileged of its chart, which does"
        }
        None => {
            "add SYS_RESOURCE to securityContext.capabilities, or driver.modernEbpf.leastPrivileged of its chart since 4.0, \
             which does"
        }
    }
}

/// For a shell, which takes a backslash away: systemd writes `-` in a name as `\x2d`. Units have no quotes in their names.
fn quoted(unit: &str) -> String {
    if unit.contains('\\') { format!("'{unit}'") } else { unit.to_owned() }
}

/// For programs whose runs the kernel skips: nothing that the tool is set to helps.
pub(crate) fn other_preemption(place: &Place<'_>) -> Remedy {
    let what =
        "boot with preempt=none or preempt=voluntary where the kernel offers it, or run Linux before 7.2";
    let place = match place.installation {
        Installation::Kubernetes => {
            "in the image or the machine configuration of the nodes; nothing in the pod helps"
        }
        Installation::Systemd { .. } => {
            "on the kernel's command line of the boot loader; nothing in the unit helps"
        }
        Installation::Container => "on the host; nothing in the container helps",
        Installation::Unknown => "no setting of the tool helps",
    };
    Remedy::advice(format!("{what}; {place}"))
}

/// What a limit should be: at least that, in numbers that people write. What it is stays as it is.
fn tenths(cpus: f64) -> f64 {
    (10.0 * cpus).ceil() / 10.0
}
