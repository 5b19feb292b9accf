//! Whose events were lost.

use super::{comm, option};
use crate::{
    redact::{Kind, Redactor, cgroup},
    sample::{LoserSample, LosersSample, Overruns, Workload, WorkloadDrops},
};

pub(super) fn losers(redactor: &mut Redactor, losers: &mut LosersSample) {
    let LosersSample {
        route: _,
        is_watched: _,
        top,
        others: _,
        workloads,
        workloads_other: _,
        unattributed: _,
        missed: _,
    } = losers;
    for LoserSample { tgid: _, comm: name, cgroup_id: _, workload: place, slot: _, drops: _ } in top {
        name.iter_mut().for_each(|name| comm(redactor, name));
        place.iter_mut().for_each(|place| workload(redactor, place));
    }
    for WorkloadDrops { workload: place, drops: _ } in workloads {
        place.iter_mut().for_each(|place| workload(redactor, place));
    }
}

/// Numbers only.
pub(super) fn overruns(overruns: &mut Overruns) {
    let Overruns { counted_by: _, listed: _, count: _, total_ns: _ } = overruns;
}

fn workload(redactor: &mut Redactor, workload: &mut Workload) {
    let Workload { namespace, pod, container } = workload;
    // Without Kubernetes's names it is the end of a cgroup's path, and the same there.
    let of_container: super::Rule = if namespace.is_some() { cgroup::container } else { cgroup::path };
    option(redactor, namespace, |redactor, name| redactor.name(Kind::Namespace, name));
    option(redactor, pod, cgroup::pod);
    option(redactor, container, of_container);
}
