//! Drops of tools by workload. Who has a series is decided where drops are counted (`observe/loss/workloads.rs`), so that
//! every page of an agent agrees.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use prometheus::proto::MetricFamily;

use super::{drops_by_tool, float, labelled};
use crate::{
    metrics::names,
    sample::{FalcoSample, LosersSample, RingSample, Workload, WorkloadDrops},
};

/// The values of `workload_namespace`, `workload_pod` and `workload_container`.
type Labels = [String; 3];

/// The values of `tool` and `tool_instance`.
pub(super) type Tool = (String, String);

/// One series for each workload, and what is left; by the counter of the tool, else by what its rings were seen to refuse.
/// Nothing of tools of which it is not watched whose drops they are.
pub(super) fn family(
    falcos: &[FalcoSample],
    rings: &[&RingSample],
    tool_of: impl Fn(&str, u32) -> Option<Tool>,
) -> MetricFamily {
    let followed = newest(falcos).into_iter().filter_map(|falco| {
        let tool = tool_of(&falco.tool, falco.tgid)?;
        Some((tool, falco.losers.as_ref()?))
    });
    let refused = rings.iter().filter_map(|ring| {
        let owner = ring.owner.as_ref().filter(|_| drops_by_tool(ring, falcos).is_none())?;
        let tool = tool_of(&owner.tool, owner.tgid)?;
        Some((tool, &ring.refused.as_ref()?.losers))
    });
    // By labels: two series of the same would make the page invalid, and a tool may have several rings.
    let mut sums: BTreeMap<(Tool, Labels), u64> = BTreeMap::new();
    for (tool, losers) in followed.chain(refused) {
        for (labels, drops) in parts(losers) {
            *sums.entry((tool.clone(), labels)).or_default() += drops;
        }
    }
    let series = sums.into_iter().map(|(((tool, instance), labels), drops)| {
        let mut values = vec![tool, instance];
        values.extend(labels);
        (values, float(drops))
    });
    labelled(names::WORKLOAD_DROPS, series.collect())
}

/// Of a process that reloads, the newest probe.
fn newest(falcos: &[FalcoSample]) -> Vec<&FalcoSample> {
    let mut falcos: Vec<&FalcoSample> = falcos.iter().collect();
    falcos.sort_by_key(|falco| Reverse(falco.map_id));
    let mut taken = BTreeSet::new();
    falcos.retain(|falco| falco.losers.is_some() && taken.insert((&falco.tool, falco.tgid)));
    falcos
}

fn parts(losers: &LosersSample) -> Vec<(Labels, u64)> {
    let named =
        losers.workloads.iter().map(|WorkloadDrops { workload, drops }| (labels(workload.as_ref()), *drops));
    let rest = [(pod("other"), losers.workloads_other), (pod("unattributed"), losers.unattributed)];
    named.chain(rest).collect()
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
    use crate::sample::{RefusedSample, RingOwner};

    fn workload(pod: Option<&str>, container: &str, drops: u64) -> WorkloadDrops {
        let workload =
            Workload { namespace: None, pod: pod.map(str::to_owned), container: Some(container.to_owned()) };
        WorkloadDrops { workload: Some(workload), drops }
    }

    fn series(losers: Option<LosersSample>) -> Vec<(String, f64)> {
        let falco = FalcoSample { tool: "falco".to_owned(), losers, ..FalcoSample::default() };
        read(&family(&[falco], &[], tool_of))
    }

    fn tool_of(tool: &str, _: u32) -> Option<Tool> {
        Some((tool.to_owned(), "0".to_owned()))
    }

    fn read(family: &MetricFamily) -> Vec<(String, f64)> {
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
        let family = family(&[probe(7, 100), probe(8, 3)], &[], tool_of);
        let values: Vec<f64> =
            family.get_metric().iter().map(|series| series.get_counter().get_value()).collect();
        assert_eq!(values, [0.0, 3.0], "the newest probe's");
    }

    #[test]
    fn rings_of_one_tool_add_up_unless_it_counts_itself() {
        let owner = |tgid, tool: &str| Some(RingOwner { tgid, comm: tool.to_owned(), tool: tool.to_owned() });
        let ring = |map_id, tgid, tool, drops| {
            let losers =
                LosersSample { workloads: vec![workload(None, "a", drops)], ..LosersSample::default() };
            let refused = Some(RefusedSample { losers, ..RefusedSample::default() });
            RingSample { map_id, owner: owner(tgid, tool), refused, places: vec![0], ..RingSample::default() }
        };
        let falco = FalcoSample {
            tgid: 5,
            tool: "falco".to_owned(),
            losers: Some(LosersSample { unattributed: 9, ..LosersSample::default() }),
            ..FalcoSample::default()
        };
        let rings = [ring(1, 6, "bpftrace", 3), ring(2, 6, "bpftrace", 4), ring(3, 5, "falco", 100)];
        let family = family(&[falco], &rings.each_ref(), tool_of);
        let expected = [
            ("bpftrace/0///a", 7.0),
            ("bpftrace/0//other/", 0.0),
            ("bpftrace/0//unattributed/", 0.0),
            ("falco/0//other/", 0.0),
            ("falco/0//unattributed/", 9.0),
        ];
        assert_eq!(read(&family), expected.map(|(labels, value)| (labels.to_owned(), value)));
    }
}
