//! Drops of tools by workload. Who has a series is decided where drops are counted (`observe/loss/workloads.rs`), so that
//! every page of an agent agrees.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use prometheus::proto::MetricFamily;

use super::{float, labelled};
use crate::{
    metrics::names,
    sample::{FalcoSample, Workload, WorkloadDrops},
};

/// The values of `workload_namespace`, `workload_pod` and `workload_container`.
type Labels = [String; 3];

/// One series for each workload, and what is left. Nothing of tools of which it is not watched whose drops they are.
pub(super) fn family(
    falcos: &[FalcoSample],
    instance: impl Fn(&FalcoSample) -> Option<String>,
) -> MetricFamily {
    let mut series = Vec::new();
    // Of a process that reloads, the newest probe.
    let mut falcos: Vec<&FalcoSample> = falcos.iter().collect();
    falcos.sort_by_key(|falco| Reverse(falco.map_id));
    let mut taken = BTreeSet::new();
    for falco in falcos {
        let (Some(instance), Some(losers)) = (instance(falco), &falco.losers) else { continue };
        if !taken.insert((&falco.tool, instance.clone())) {
            continue;
        }
        // By labels: two series of the same would make the page invalid.
        let mut by_labels: BTreeMap<Labels, u64> = BTreeMap::new();
        for WorkloadDrops { workload, drops } in &losers.workloads {
            *by_labels.entry(labels(workload.as_ref())).or_default() += drops;
        }
        *by_labels.entry(pod("other")).or_default() += losers.workloads_other;
        *by_labels.entry(pod("unattributed")).or_default() += losers.unattributed;
        series.extend(by_labels.into_iter().map(|(labels, drops)| {
            let mut values = vec![falco.tool.clone(), instance.clone()];
            values.extend(labels);
            (values, float(drops))
        }));
    }
    labelled(names::WORKLOAD_DROPS, series)
}

fn labels(workload: Option<&Workload>) -> Labels {
    let Some(Workload { namespace, pod, container }) = workload else {
        // Its cgroup had gone before its path was looked for, or the node has no cgroups that tell.
        return [String::new(), String::new(), "unknown".to_owned()];
    };
    [namespace, pod, container].map(|part| part.clone().unwrap_or_default())
}

fn pod(name: &str) -> Labels {
    [String::new(), name.to_owned(), String::new()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::LosersSample;

    fn workload(pod: Option<&str>, container: &str, drops: u64) -> WorkloadDrops {
        let workload =
            Workload { namespace: None, pod: pod.map(str::to_owned), container: Some(container.to_owned()) };
        WorkloadDrops { workload: Some(workload), drops }
    }

    fn series(losers: Option<LosersSample>) -> Vec<(String, f64)> {
        let falco = FalcoSample { tool: "falco".to_owned(), losers, ..FalcoSample::default() };
        let family = family(&[falco], |_| Some("0".to_owned()));
        let series = |series: &prometheus::proto::Metric| {
            let labels: Vec<&str> = series.get_label().iter().map(|pair| pair.value()).collect();
            (labels.join("/"), series.get_counter().get_value())
        };
        family.get_metric().iter().map(series).collect()
    }

    #[test]
    fn the_sum_of_all_series_is_what_the_tool_dropped() {
        let losers = LosersSample {
            workloads: vec![
                workload(Some("uid"), "0123456789ab", 5),
                workload(None, "unknown", 7),
                WorkloadDrops { workload: None, drops: 11 },
            ],
            workloads_other: 13,
            unattributed: 17,
            ..LosersSample::default()
        };
        let expected = [
            ("falco/0///unknown", 18.0),
            ("falco/0//other/", 13.0),
            ("falco/0//uid/0123456789ab", 5.0),
            ("falco/0//unattributed/", 17.0),
        ];
        assert_eq!(series(Some(losers)), expected.map(|(labels, value)| (labels.to_owned(), value)));
    }

    #[test]
    fn the_known_starts_at_zero_and_the_unknown_is_absent() {
        let zeros = [("falco/0//other/".to_owned(), 0.0), ("falco/0//unattributed/".to_owned(), 0.0)];
        assert_eq!(series(Some(LosersSample::default())), zeros);
        assert!(series(None).is_empty());
    }

    #[test]
    fn a_process_that_reloads_has_one_series_of_each() {
        let probe = |map_id, drops| FalcoSample {
            map_id,
            losers: Some(LosersSample { unattributed: drops, ..LosersSample::default() }),
            ..FalcoSample::default()
        };
        let family = family(&[probe(7, 100), probe(8, 3)], |_| Some("0".to_owned()));
        let values: Vec<f64> =
            family.get_metric().iter().map(|series| series.get_counter().get_value()).collect();
        assert_eq!(values, [0.0, 3.0], "the newest probe's");
    }
}
