//! A ring that refused records.

use super::SECOND;
use crate::sample::{LoserSample, RefusalClass, RefusedSample};

/// 1,300 records that a ring of an unknown tool refused, most of them of one process.
pub(super) fn sample() -> RefusedSample {
    let loser = |tgid: u32, comm: Option<&str>, drops| LoserSample {
        tgid,
        comm: comm.map(str::to_owned),
        cgroup_id: None,
        slot: 257,
        drops,
    };
    let losers = vec![loser(81, Some("cc1"), 1200), loser(82, None, 60)];
    RefusedSample {
        since_ns: 101 * SECOND,
        drops: 1300,
        classes: vec![(RefusalClass::Behind, 1290), (RefusalClass::TooBig, 10)],
        bytes: 62_400,
        overrun_count: 2,
        losers,
        unattributed: 40,
        ..RefusedSample::default()
    }
}
