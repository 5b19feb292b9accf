//! DC202 noisy-workload: one workload makes most of what was lost.
//!
//! It is this when one workload has more than half of the drops that were attributed, or of the events that arrived during the loss.
//!
//! Look at what it does, give it a node of its own, or limit it. Its events are also the ones that the tool did not see.

use std::collections::BTreeMap;

use crate::{
    diagnose::{
        case::Case,
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Remedy, Severity},
        words,
    },
    number::{count, percent, share},
    sample::Workload,
};

/// More than this share is most.
const LEAST_SHARE: f64 = 0.5;

/// Whether one workload has most of the drops.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Option<Finding> {
    let falco = case.falco.as_ref()?;
    let losers = &falco.losers.as_ref()?.top;
    let mut by_group: BTreeMap<Option<u64>, u64> = BTreeMap::new();
    for loser in losers {
        *by_group.entry(loser.cgroup_id).or_default() += loser.drops;
    }
    let all = falco.counts.n_drops_buffer;
    let (group, drops) = by_group.into_iter().max_by_key(|(_, drops)| *drops)?;
    let share = share(drops, all);
    if share <= LEAST_SHARE {
        return None;
    }
    let first = losers.iter().filter(|loser| loser.cgroup_id == group).max_by_key(|loser| loser.drops)?;
    let comm = first.comm.as_deref().unwrap_or("a process without a name");
    let place = match (first.workload.as_ref().map(Workload::path).filter(|path| !path.is_empty()), group) {
        (Some(path), _) => path,
        (None, Some(id)) => format!("cgroup {id}"),
        (None, None) => "an unknown cgroup".to_owned(),
    };
    let summary = format!(
        "{place} has {} of the events that {} dropped, most of them of {comm} (pid {}).",
        percent(share),
        words::name(case),
        first.tgid
    );
    Some(Finding {
        tool: Some(case.loss.subject.clone()),
        drops: Some(drops),
        evidence: vec![Fact::exact(format!("{} of {} dropped events", count(drops), count(all)))],
        remedies: vec![Remedy::advice(
            "look at what it does, limit it, or give it a node of its own: its events are the ones that were not seen"
                .to_owned(),
        )],
        ..Finding::new(Code::NoisyWorkload, Severity::Info, Confidence::High, summary)
    })
}
