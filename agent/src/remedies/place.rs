//! What is known of the tool that something is to be changed of: where it is installed, what it is set to, and its limits.

use super::{
    installation::Installation,
    table::{self, Setting},
};
use crate::{
    diagnose::Subject,
    redact,
    sample::{CaptureFacts, ConfigurationFacts, CpuLimit, FalcoFacts, MemoryGroup, RingSample},
    setup::Naming,
    timeline::Slice,
};

/// A tool, as last seen.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    /// What it is: settings of Falco are Falco's alone, whoever else has its probe.
    pub(super) is_falco: bool,
    /// Names are pseudonyms.
    pub(super) is_redacted: bool,
    pub(super) installation: Installation<'a>,
    /// Path of its cgroup.
    pub(super) cgroup: Option<&'a str>,
    /// Minor version of a Falco.
    pub(super) minor: Option<u32>,
    pub(super) configuration: Option<&'a ConfigurationFacts>,
    pub(super) capture: Option<CaptureFacts>,
    /// Its rings: how many, bytes of each, and for how many CPUs each is.
    pub(super) rings: usize,
    pub(super) ring_bytes: u64,
    pub(super) sharing: usize,
    /// CPU limits of its cgroups, its own first.
    pub(super) cpu_limits: &'a [CpuLimit],
    /// Memory of its cgroups, its own first.
    pub(super) memory: &'a [MemoryGroup],
}

/// A limit that may be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MemoryLimit<'a> {
    pub(super) cgroup: &'a str,
    pub(super) limit_bytes: u64,
    /// Used, bytes; `None` where that cannot be read.
    pub(super) used_bytes: Option<u64>,
    /// Processes in it were killed for want of memory, and never because of this limit.
    pub(super) is_spared: bool,
}

impl<'a> Place<'a> {
    /// By the last sample; what a tool that has ended had is that of the last sample that saw it.
    pub(crate) fn of(slice: &Slice<'a>, subject: &Subject) -> Self {
        let tgid = subject.tgid;
        let samples = || slice.samples().iter().rev();
        let tool =
            samples().find_map(|sample| sample.tools.as_deref()?.iter().find(|tool| tool.tgid == tgid));
        let facts: Option<&FalcoFacts> = samples()
            .find_map(|sample| sample.falcos.as_deref()?.iter().rev().find(|falco| falco.tgid == tgid))
            .map(|falco| &falco.facts);
        let cpu_limits = samples()
            .find_map(|sample| {
                sample.consumers.as_deref()?.iter().find(|one| one.tgid == tgid)?.limits.as_deref()
            })
            .unwrap_or_default();
        let memory = samples()
            .find_map(|sample| {
                let pressure = sample.pressure.as_ref()?;
                pressure.tools.iter().find(|one| one.tgid == tgid)?.memory.as_deref()
            })
            .unwrap_or_default();
        let rings: Vec<&RingSample> = samples()
            .find_map(|sample| {
                let all = sample.rings.as_deref()?.iter().filter(|ring| ring.is_of(tgid));
                Some(all.collect::<Vec<_>>()).filter(|all| !all.is_empty())
            })
            .unwrap_or_default();
        let cgroup = tool.and_then(|tool| tool.cgroup.as_deref());
        let cgroup = cgroup.or_else(|| cpu_limits.first().map(|limit| limit.cgroup.as_str()));
        let is_falco = subject.tool == "falco";
        let version = facts.and_then(|facts| facts.version.as_ref()?.falco.as_deref());
        Self {
            is_falco,
            is_redacted: slice.setup.names == Naming::Pseudonyms,
            installation: cgroup.map_or(Installation::Unknown, Installation::of),
            cgroup,
            minor: version.filter(|_| is_falco).and_then(table::minor),
            configuration: facts.and_then(|facts| facts.configuration.as_ref()).filter(|_| is_falco),
            capture: facts.and_then(|facts| facts.capture),
            rings: rings.len(),
            ring_bytes: rings.iter().map(|ring| ring.capacity_bytes).max().unwrap_or(0),
            sharing: rings.iter().map(|ring| ring.places.len()).max().unwrap_or(0),
            cpu_limits,
            memory,
        }
    }

    /// The row of a setting for this version: 0.37 has both sets of keys, and which of them counts is told by what is
    /// configured; its chart writes the newer one.
    pub(super) fn row(&self, setting: Setting) -> Option<&'static table::Row> {
        let minor = self.minor?;
        let row = table::find(setting, minor)?;
        let legacy = table::find(setting, table::BOTH - 1);
        if minor != table::BOTH || self.installation == Installation::Kubernetes || row.first < table::BOTH {
            return Some(row);
        }
        [Some(row), legacy].into_iter().flatten().find(|row| self.key(row.falco_yaml).is_some())
    }

    /// A file, as a snippet names it: that a name in it is none is said beside it.
    pub(super) fn file(&self, path: String) -> String {
        let is_real = !self.is_redacted || !redact::has_pseudonym(&path);
        if is_real { path } else { format!("{path} (the pseudonym in it stands for its real name)") }
    }

    /// Whether it has the settings of Falco.
    pub(crate) fn has_settings(&self) -> bool {
        self.is_falco
    }

    /// Whether it is known to run only one of its actions on drops, whichever of them that is.
    pub(crate) fn runs_one_action(&self) -> bool {
        self.minor.is_some_and(|minor| minor < table::ALL_ACTIONS)
    }

    /// Whether a flag is set already.
    pub(crate) fn is_on(&self, setting: Setting) -> bool {
        self.row(setting).and_then(|row| self.key(row.falco_yaml)).is_some_and(|(value, _)| value == "true")
    }

    /// What is configured of a key, and who set it.
    pub(super) fn key(&self, key: &str) -> Option<(&'a str, Option<&'a str>)> {
        let keys = &self.configuration?.keys;
        let fact = keys.iter().find(|fact| fact.key == key)?;
        Some((&fact.value, fact.set_by.as_deref()))
    }

    /// The limit of its own cgroup, CPUs.
    pub(super) fn own_cpus(&self) -> Option<f64> {
        let own = self.cpu_limits.first().filter(|limit| self.is_its_own(&limit.cgroup))?;
        own.cpus()
    }

    /// Its memory limits, its own first.
    pub(super) fn memory_limits(&self) -> impl Iterator<Item = MemoryLimit<'a>> + use<'a> {
        self.memory.iter().filter_map(memory_limit)
    }

    /// The memory limit of its own cgroup.
    pub(super) fn own_memory(&self) -> Option<MemoryLimit<'a>> {
        self.memory_limits().find(|limit| self.is_its_own(limit.cgroup))
    }

    /// Whether the limits of a cgroup are the tool's to set; those above it are the node's. A pod's is the sum of those of its
    /// containers.
    pub(super) fn is_its_own(&self, cgroup: &str) -> bool {
        let Some(own) = self.cgroup else { return true };
        let last = cgroup.rsplit('/').next().unwrap_or_default();
        let of_pod = self.installation == Installation::Kubernetes
            && own.starts_with(cgroup)
            && last.replace("kubepods", "").contains("pod");
        own == cgroup || of_pod
    }
}

fn memory_limit(group: &MemoryGroup) -> Option<MemoryLimit<'_>> {
    Some(MemoryLimit {
        cgroup: &group.cgroup,
        limit_bytes: group.limit_bytes?,
        used_bytes: group.current_bytes,
        // A cgroup that was made anew has counted neither.
        is_spared: group.max_events == Some(0) && group.oom_kills.is_some_and(|kills| kills > 0),
    })
}
