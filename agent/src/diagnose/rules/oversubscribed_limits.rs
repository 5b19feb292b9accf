//! DC304 oversubscribed-limits: the tool's limits cannot carry what it is asked to do.
//!
//! It is this when the CPU limit is below what the measured rate of events costs, or when rings, scratch areas and the tool's own memory do
//! not fit in its memory limit. A limit of 1.2 CPUs or more is none of it: one thread drains, and uses one CPU at most.
//!
//! Raise the limit that the finding names, to the value that it names.

use crate::{
    diagnose::{
        case::Case,
        catalogue::Code,
        finding::{Confidence, Finding, Severity},
        words,
    },
    number::percent,
    remedies,
};

/// A thread that needs more of a CPU than this cannot be helped by a limit.
const ONE_CPU: f64 = 1.0;
/// So many times what it needs, for seconds that bring more.
const ROOM: f64 = 1.2;

/// Whether the CPU limit is below what the measured rate takes.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Option<Finding> {
    let needed = case.flow_in_all?.needed_share()?;
    let limits = case.consumer.as_ref()?.limits.as_deref()?;
    let (limit, cpus) = limits
        .iter()
        .filter_map(|limit| Some((limit, limit.cpus()?)))
        .min_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let enough = ROOM * needed.min(ONE_CPU);
    // One that has that much already is not what it runs into: the thread has no second CPU to use.
    if needed <= cpus || cpus >= enough {
        return None;
    }
    let summary = format!(
        "Draining what {} traces takes {} of a CPU at the measured rate, and cgroup {} allows {}.",
        words::name(case),
        percent(needed),
        limit.cgroup,
        percent(cpus)
    );
    Some(Finding {
        tool: Some(case.loss.subject.clone()),
        evidence: words::flow(case).into_iter().collect(),
        remedies: vec![remedies::cpu_limit(&case.place(), &limit.cgroup, cpus, enough)],
        ..Finding::new(Code::OversubscribedLimits, Severity::Warning, Confidence::Medium, summary)
    })
}
