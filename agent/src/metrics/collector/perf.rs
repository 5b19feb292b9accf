//! Series of the perf buffers of each process.

use std::collections::BTreeMap;

use prometheus::proto::MetricFamily;

use super::{float, instances::Process, labelled, rings::Numbering};
use crate::{
    metrics::names::{self, Metric},
    sample::PerfBuffersSample,
};

/// Processes with series of their own.
const MOST_PROCESSES: usize = 16;

/// Those that have series, dropctl's own left out.
pub(super) fn shown(all: &[PerfBuffersSample]) -> impl Iterator<Item = &PerfBuffersSample> {
    all.iter().filter(|one| !one.is_own).take(MOST_PROCESSES)
}

/// The process that they are counted under.
pub(super) fn process_of(one: &PerfBuffersSample) -> Process {
    (one.tool.clone(), Some(one.tgid))
}

/// Renders them; nothing where nobody has any.
pub(super) fn families(numbering: &Numbering, all: &[PerfBuffersSample]) -> Vec<MetricFamily> {
    type Value = fn(&PerfBuffersSample) -> Option<u64>;
    let numbers: BTreeMap<u32, usize> =
        shown(all).filter_map(|one| Some((one.tgid, numbering.instance(&one.tool, one.tgid)?))).collect();
    let labels = |one: &PerfBuffersSample| Some(vec![one.tool.clone(), numbers.get(&one.tgid)?.to_string()]);
    let values: [(Metric, Value); 5] = [
        (names::PERF_CAPACITY, |one| Some(one.capacity_bytes)),
        (names::PERF_BACKLOG, |one| Some(one.backlog_bytes)),
        (names::PERF_PRODUCED, |one| Some(one.produced_bytes)),
        (names::PERF_CONSUMED, |one| Some(one.consumed_bytes)),
        (names::PERF_LOST, |one| one.lost),
    ];
    let mut families: Vec<MetricFamily> = values
        .into_iter()
        .map(|(metric, value)| {
            let series = shown(all).filter_map(|one| Some((labels(one)?, float(value(one)?))));
            labelled(metric, series.collect())
        })
        .collect();
    let info = shown(all).filter_map(|one| {
        let mut values = labels(one)?;
        values.extend([one.tgid.to_string(), one.comm.clone()]);
        Some((values, 1.0))
    });
    families.push(labelled(names::PERF_INFO, info.collect()));
    families.retain(|family| !family.get_metric().is_empty());
    families
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_counted_has_no_series() {
        let one = |tgid, tool: &str, lost| PerfBuffersSample {
            tgid,
            tool: tool.to_owned(),
            comm: "x".to_owned(),
            backlog_bytes: 4,
            lost,
            ..PerfBuffersSample::default()
        };
        let own = PerfBuffersSample { is_own: true, ..one(70, "other", Some(1)) };
        let all = [one(50, "tracee", Some(7)), one(60, "other", None), own];
        let mut numbering = Numbering::default();
        numbering.families(&[], &all, &[], &[]);
        let families = families(&numbering, &all);
        let of = |name: &str| families.iter().find(|family| family.name() == name).unwrap().get_metric();
        let lost = of("dropctl_perf_buffer_lost_total");
        assert_eq!(
            (lost.len(), lost[0].get_label()[0].value(), lost[0].get_counter().get_value()),
            (1, "tracee", 7.0)
        );
        assert_eq!(of("dropctl_perf_buffer_backlog_bytes").len(), 2);
        assert!(super::families(&Numbering::default(), &[]).is_empty());
    }
}
