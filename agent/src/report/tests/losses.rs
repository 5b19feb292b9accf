//! Whose events a Falco dropped.

use crate::sample::{LoserSample, LosersSample, Workload, WorkloadDrops};

/// 9,990 drops of a build in a pod and of a process that nothing is known of, and 10 of nobody beside the 100 of before.
pub(super) fn losers() -> LosersSample {
    let workload = Some(Workload {
        namespace: None,
        pod: Some("1f2e3d4c-0000-4444-8888-abcdefabcdef".to_owned()),
        container: Some("0123456789ab".to_owned()),
    });
    let make = LoserSample {
        tgid: 77,
        comm: Some("make".to_owned()),
        cgroup_id: Some(9),
        workload: workload.clone(),
        slot: 0,
        drops: 6000,
    };
    LosersSample {
        is_watched: true,
        top: vec![make, LoserSample { tgid: 78, slot: 257, drops: 3990, ..LoserSample::default() }],
        workloads: vec![
            WorkloadDrops { workload: None, drops: 3990 },
            WorkloadDrops { workload, drops: 6000 },
        ],
        unattributed: 110,
        missed: Some(0),
        ..LosersSample::default()
    }
}
