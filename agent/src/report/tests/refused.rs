//! A ring that refused records.

use super::SECOND;
use crate::sample::{
    CountedBy, LoserSample, LosersSample, LossRoute, Overrun, Overruns, RefusalClass, RefusedSample,
    Workload, WorkloadDrops,
};

/// 1,300 records that a ring of an unknown tool refused, most of them of one process.
pub(super) fn sample() -> RefusedSample {
    let workload = Some(Workload { container: Some("build.service".to_owned()), ..Workload::default() });
    let cc1 = LoserSample {
        tgid: 81,
        comm: Some("cc1".to_owned()),
        cgroup_id: Some(77),
        workload: workload.clone(),
        slot: 257,
        drops: 1200,
    };
    let unnamed = LoserSample { tgid: 82, slot: 257, drops: 60, ..LoserSample::default() };
    let overrun = |first_ns, drops| Overrun { first_ns, last_ns: first_ns + SECOND / 20, drops };
    RefusedSample {
        since_ns: 101 * SECOND,
        losers: LosersSample {
            route: LossRoute::Helpers,
            is_watched: true,
            top: vec![cc1, unnamed],
            workloads: vec![
                WorkloadDrops { workload, drops: 1200 },
                WorkloadDrops { workload: None, drops: 60 },
            ],
            unattributed: 40,
            ..LosersSample::default()
        },
        classes: vec![(RefusalClass::Behind, 1290), (RefusalClass::TooBig, 10)],
        bytes: 62_400,
        overruns: Overruns {
            counted_by: CountedBy::Helpers,
            listed: vec![overrun(102 * SECOND, 1000), overrun(103 * SECOND, 300)],
            count: 2,
            total_ns: SECOND / 10,
        },
    }
}
