//! What follows from the facts. Pure.

mod kernel;
mod mounts;
mod others;
mod rights;
mod tried;

use caps::Capability;

use super::{Check, Examination, Facts, RightsFacts, SCHEMA, Status, Topic};

/// Judges everything.
#[must_use]
pub fn judge(facts: &Facts) -> Examination {
    let parts = [kernel::checks(facts), rights::checks(facts), mounts::checks(facts), tried::checks(facts)];
    let checks: Vec<Check> = parts.into_iter().flatten().chain(others::checks(facts)).collect();
    let named = |status| -> Vec<&str> {
        checks.iter().filter(|check| check.status == status).map(|check| check.name).collect()
    };
    let (missing, limited) = (named(Status::Missing), named(Status::Limited));
    let limits = match limited.as_slice() {
        [] => "Nothing limits what it sees.".to_owned(),
        limited => format!("Limited: {}.", limited.join(", ")),
    };
    let verdict = match missing.as_slice() {
        [] => format!("dropctl runs here. {limits}"),
        missing => format!("dropctl cannot run here. Missing: {}. {limits}", missing.join(", ")),
    };
    let can_run = missing.is_empty();
    let (dropctl, names) = (env!("CARGO_PKG_VERSION"), facts.names);
    Examination { schema: SCHEMA, dropctl, names, verdict, can_run, checks }
}

impl Check {
    fn new(topic: Topic, name: &'static str, status: Status, found: impl Into<String>) -> Self {
        Self { topic, name, status, found: found.into(), lost: None, ways: Vec::new() }
    }

    fn losing(mut self, lost: impl Into<String>) -> Self {
        self.lost = Some(lost.into());
        self
    }

    fn supplied_by(mut self, ways: &[&str]) -> Self {
        self.ways.extend(ways.iter().map(|way| (*way).to_owned()));
        self
    }
}

impl RightsFacts {
    /// `None` where capabilities cannot be read.
    fn has(&self, capability: Capability) -> Option<bool> {
        self.effective.as_ref().map(|set| set.contains(&capability))
    }

    /// Both that loading programs needs; `CAP_SYS_ADMIN` includes them.
    fn may_load(&self) -> Option<bool> {
        let has = |capability| self.has(capability);
        Some(has(Capability::CAP_SYS_ADMIN)? || (has(Capability::CAP_BPF)? && has(Capability::CAP_PERFMON)?))
    }

    /// Files that only root may open.
    fn reads_files_of_root(&self) -> bool {
        let has = |capability| self.has(capability) == Some(true);
        self.uid == 0 || has(Capability::CAP_DAC_READ_SEARCH) || has(Capability::CAP_DAC_OVERRIDE)
    }
}
