//! Series of the rings of other tools, and the numbers that tell them apart.

mod drops;
mod workloads;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use prometheus::proto::MetricFamily;

use self::drops::{drops_by_tool, drops_of, overruns_of};
use super::{
    float,
    instances::{Instances, Process, lowest_free},
    labelled, perf,
};
use crate::{
    metrics::names::{self, Metric},
    sample::{FalcoSample, PageStatus, PerfBuffersSample, RingSample, ToolSample},
    timeline::seconds,
};

/// Rings with series of their own; a node has a few dozen at most, and each costs nine series.
const MOST_RINGS: usize = 32;

/// Numbers once given stay as long as their ring does, so that a series is about one ring.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    instances: Instances,
    /// Map id to the number of the ring within its process.
    rings: BTreeMap<u32, usize>,
}

/// What a series says of a ring.
type Value = fn(&RingSample) -> f64;

/// The labels of one ring.
struct Labels {
    tool: String,
    instance: String,
    ring: String,
}

impl Numbering {
    /// Renders the rings, dropctl's own left out: it has series of its own. Those with perf buffers get numbers here, too.
    pub(super) fn families(
        &mut self,
        rings: &[RingSample],
        perf_buffers: &[PerfBuffersSample],
        falcos: &[FalcoSample],
        tools: &[ToolSample],
    ) -> Vec<MetricFamily> {
        let others: Vec<&RingSample> = rings.iter().filter(|ring| !ring.is_own).take(MOST_RINGS).collect();
        self.rings.retain(|map_id, _| others.iter().any(|ring| ring.map_id == *map_id));
        let processes: Vec<Process> = (others.iter().map(|ring| process_of(ring)))
            .chain(perf::shown(perf_buffers).map(perf::process_of))
            .collect();
        self.instances.update(tools, processes);
        let mut families: Vec<MetricFamily> = Vec::new();
        let labels: Vec<(Labels, &RingSample)> =
            others.iter().map(|ring| (self.labels(ring), *ring)).collect();
        let values: [(Metric, Value); 8] = [
            (names::TOOL_RING_CAPACITY, |ring| float(ring.capacity_bytes)),
            (names::TOOL_RING_BACKLOG, |ring| float(ring.backlog_bytes)),
            (names::TOOL_RING_BACKLOG_MAX, |ring| float(ring.backlog_max_bytes)),
            (names::TOOL_RING_PRODUCED, |ring| float(ring.produced_bytes)),
            (names::TOOL_RING_CONSUMED, |ring| float(ring.consumed_bytes)),
            (names::TOOL_RING_ABOVE_90, |ring| seconds(ring.above_90_ns)),
            (names::TOOL_RING_FULL, |ring| seconds(ring.full_ns)),
            (names::TOOL_RING_STALLED, |ring| seconds(ring.stalled_ns)),
        ];
        for (metric, value) in values {
            let series = labels.iter().map(|(labels, ring)| (labels.values(), value(ring)));
            families.push(labelled(metric, series.collect()));
        }
        let (mut drops, mut sources) = (Vec::new(), Vec::new());
        for (labels, ring) in &labels {
            let Some((count, source)) = drops_of(ring, falcos) else { continue };
            let mut values = labels.values();
            drops.push((values.clone(), float(count)));
            values.push(source.to_owned());
            sources.push((values, 1.0));
        }
        families.push(labelled(names::TOOL_RING_DROPS_SOURCE, sources));
        families.push(labelled(names::TOOL_RING_DROPS, drops));
        let overruns = labels
            .iter()
            .filter_map(|(labels, ring)| Some((labels.values(), float(overruns_of(ring)?.count))));
        families.push(labelled(names::TOOL_RING_OVERRUNS, overruns.collect()));
        families.extend(self.falco_families(falcos));
        let tool_of = |tool: &str, tgid| Some((tool.to_owned(), self.instance(tool, tgid)?.to_string()));
        families.push(workloads::family(falcos, &others, tool_of));
        let info = labels.iter().map(|(labels, ring)| {
            let mut values = labels.values();
            let owner = ring.owner.as_ref();
            values.push(ring.map_id.to_string());
            values.push(ring.name.clone().unwrap_or_default());
            values.push(owner.map_or_else(String::new, |owner| owner.tgid.to_string()));
            values.push(owner.map_or_else(String::new, |owner| owner.comm.clone()));
            (values, 1.0)
        });
        families.push(labelled(names::TOOL_RING_INFO, info.collect()));
        families.retain(|family| !family.get_metric().is_empty());
        families
    }

    /// Falco's own counters. Its categories are a closed set of a dozen.
    fn falco_families(&self, falcos: &[FalcoSample]) -> [MetricFamily; 3] {
        let (mut events, mut drops, mut scrapes) = (Vec::new(), Vec::new(), Vec::new());
        // These series have no label for the tool: a number goes to a Falco before others with the same probe, and to
        // the newest probe of a process.
        let mut falcos: Vec<&FalcoSample> = falcos.iter().collect();
        falcos.sort_by_key(|falco| (falco.tool != "falco", Reverse(falco.map_id)));
        let mut taken = BTreeSet::new();
        for falco in falcos {
            // One that is neither a known tool nor has rings has ended.
            let Some(instance) = self.instance(&falco.tool, falco.tgid).map(|number| number.to_string())
            else {
                continue;
            };
            if !taken.insert(instance.clone()) {
                continue;
            }
            events.push((vec![instance.clone()], float(falco.now.n_evts)));
            let answered = match falco.facts.metrics_page.as_ref().map(|page| page.status) {
                Some(PageStatus::Answered) => Some(1.0),
                Some(PageStatus::Unreachable) => Some(0.0),
                Some(PageStatus::Off) | None => None,
            };
            scrapes.extend(answered.map(|answered| (vec![instance.clone()], answered)));
            let categorised: u64 = falco.now.categories.iter().map(|(_, count)| *count).sum();
            let rest = falco.now.n_drops_buffer.saturating_sub(categorised);
            let categories = falco.now.categories.iter().map(|(name, count)| (name.as_str(), *count));
            let scratch = falco.now.n_drops_max_event_size.map(|count| ("scratch_map", count));
            for (category, count) in categories.chain([("none", rest)]).chain(scratch) {
                drops.push((vec![instance.clone(), category.to_owned()], float(count)));
            }
        }
        [
            labelled(names::FALCO_EVENTS, events),
            labelled(names::FALCO_DROPS, drops),
            labelled(names::FALCO_SCRAPE, scrapes),
        ]
    }

    /// The number of a process among those of its tool; `None` while it has neither rings nor perf buffers.
    pub(super) fn instance(&self, tool: &str, tgid: u32) -> Option<usize> {
        self.instances.of(&(tool.to_owned(), Some(tgid)))
    }

    fn labels(&mut self, ring: &RingSample) -> Labels {
        let process = process_of(ring);
        let tool = process.0.clone();
        let instance = self.instances.of(&process).unwrap_or_default();
        // Falco's rings have a place of their own, the first CPU that each serves.
        let number = match ring.places.first() {
            Some(place) => *place as usize,
            None => {
                let taken: Vec<usize> = self.rings.values().copied().collect();
                *self.rings.entry(ring.map_id).or_insert_with(|| lowest_free(&taken))
            }
        };
        Labels { tool, instance: instance.to_string(), ring: number.to_string() }
    }
}

impl Labels {
    fn values(&self) -> Vec<String> {
        vec![self.tool.clone(), self.instance.clone(), self.ring.clone()]
    }
}

/// The process that a ring is counted under.
pub(super) fn process_of(ring: &RingSample) -> Process {
    let owner = ring.owner.as_ref();
    (owner.map_or_else(|| "other".to_owned(), |owner| owner.tool.clone()), owner.map(|owner| owner.tgid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{FalcoCounts, LosersSample, PageFacts, RefusedSample, RingOwner};

    fn ring(map_id: u32, tool: &str, tgid: u32, index: Option<u32>) -> RingSample {
        let owner = RingOwner { tgid, comm: tool.to_owned(), tool: tool.to_owned() };
        let places = index.into_iter().collect();
        RingSample { map_id, owner: Some(owner), places, capacity_bytes: 4096, ..RingSample::default() }
    }

    fn capacities(numbering: &mut Numbering, rings: &[RingSample]) -> Vec<String> {
        let families = numbering.families(rings, &[], &[], &[]);
        let Some(family) = families.first() else { return Vec::new() };
        let labels = |series: &prometheus::proto::Metric| {
            let values = series.get_label().iter().map(|pair| pair.value().to_owned());
            values.collect::<Vec<_>>().join("/")
        };
        family.get_metric().iter().map(labels).collect()
    }

    #[test]
    fn two_falcos_and_their_rings_are_told_apart() {
        let mut numbering = Numbering::default();
        let rings =
            [ring(1, "falco", 50, Some(0)), ring(2, "falco", 50, Some(2)), ring(3, "falco", 90, Some(0))];
        assert_eq!(capacities(&mut numbering, &rings), ["falco/0/0", "falco/0/2", "falco/1/0"]);
    }

    #[test]
    fn a_page_that_is_not_served_has_no_series_and_one_that_fails_has() {
        let of = |status: Option<PageStatus>| {
            let mut falco = FalcoSample { tgid: 50, tool: "falco".to_owned(), ..FalcoSample::default() };
            falco.facts.metrics_page = status.map(|status| PageFacts { status, why: None });
            let families =
                Numbering::default().families(&[ring(1, "falco", 50, Some(0))], &[], &[falco], &[]);
            let scraped = families.iter().find(|family| family.name() == "dropctl_falco_scrape_success");
            scraped.map(|family| family.get_metric()[0].get_gauge().get_value().to_bits())
        };
        assert_eq!([of(None), of(Some(PageStatus::Off))], [None; 2]);
        assert_eq!(of(Some(PageStatus::Unreachable)), Some(0_f64.to_bits()));
    }

    #[test]
    fn no_two_series_of_falco_are_the_same() {
        let rings =
            [ring(1, "falco", 50, Some(0)), ring(2, "sysdig", 90, Some(0)), ring(3, "other", 60, None)];
        let of = |map_id: u32, tgid, tool: &str| {
            let now = FalcoCounts { n_evts: map_id.into(), ..FalcoCounts::default() };
            FalcoSample { map_id, tgid, tool: tool.to_owned(), now, ..FalcoSample::default() }
        };
        // A sysdig, and a Falco that has just reloaded.
        let falcos = [of(30, 90, "sysdig"), of(7, 50, "falco"), of(8, 50, "falco")];
        let families = Numbering::default().families(&rings, &[], &falcos, &[]);
        let events = families.iter().find(|family| family.name() == "dropctl_falco_events_total").unwrap();
        let shown: Vec<_> =
            events.get_metric().iter().map(|series| series.get_counter().get_value()).collect();
        assert_eq!(shown, [8.0]);
    }

    #[test]
    fn a_ring_has_the_drops_of_its_cpus() {
        let now = FalcoCounts {
            n_evts: 1000,
            n_drops_buffer: 60,
            n_drops_max_event_size: Some(2),
            categories: vec![("open_exit".to_owned(), 40)],
            cpus: vec![(400, 10), (600, 50)],
            ..FalcoCounts::default()
        };
        let mut falco = FalcoSample { tgid: 50, tool: "falco".to_owned(), now, ..FalcoSample::default() };
        falco.facts.metrics_page = Some(PageFacts { status: PageStatus::Answered, why: None });
        let losers = LosersSample { unattributed: 7, ..LosersSample::default() };
        let refused = Some(RefusedSample { losers, ..RefusedSample::default() });
        let rings = [
            ring(1, "falco", 50, Some(0)),
            RingSample { refused: refused.clone(), ..ring(2, "falco", 50, Some(1)) },
            ring(3, "other", 60, None),
            RingSample { refused, ..ring(4, "other", 60, None) },
        ];
        let families = Numbering::default().families(&rings, &[], &[falco], &[]);
        let series = |name: &str| {
            let family = families.iter().find(|family| family.name() == name).unwrap();
            let value = |series: &prometheus::proto::Metric| {
                (series.get_label().last().unwrap().value().to_owned(), series.get_counter().get_value())
            };
            family.get_metric().iter().map(value).collect::<Vec<_>>()
        };
        let expected = |pairs: &[(&str, f64)]| {
            pairs.iter().map(|(label, value)| ((*label).to_owned(), *value)).collect::<Vec<_>>()
        };
        assert_eq!(series("dropctl_ring_drops_total"), expected(&[("0", 10.0), ("1", 50.0), ("1", 7.0)]));
        // The tool's own counter comes first, and what is not known has no series.
        let sources =
            families.iter().find(|family| family.name() == "dropctl_ring_drops_source_info").unwrap();
        let of = |series: &prometheus::proto::Metric| series.get_label().last().unwrap().value().to_owned();
        assert_eq!(sources.get_metric().iter().map(of).collect::<Vec<_>>(), ["tool", "tool", "exact"]);
        assert_eq!(series("dropctl_falco_events_total"), expected(&[("0", 1000.0)]));
        let scraped = families.iter().find(|family| family.name() == "dropctl_falco_scrape_success").unwrap();
        assert_eq!(scraped.get_metric()[0].get_gauge().get_value().to_bits(), 1_f64.to_bits());
        let drops = expected(&[("open_exit", 40.0), ("none", 20.0), ("scratch_map", 2.0)]);
        assert_eq!(series("dropctl_falco_drops_total"), drops);
    }

    #[test]
    fn numbers_stay_while_others_come_and_go() {
        let mut numbering = Numbering::default();
        capacities(&mut numbering, &[ring(1, "other", 50, None), ring(2, "other", 60, None)]);
        let later = [ring(2, "other", 60, None), ring(3, "other", 70, None)];
        assert_eq!(capacities(&mut numbering, &later), ["other/1/1", "other/0/0"]);
    }

    #[test]
    fn without_rings_and_for_our_own_there_are_no_series() {
        let own = RingSample { is_own: true, ..ring(1, "dropctl", 5, None) };
        assert!(Numbering::default().families(&[own], &[], &[], &[]).is_empty());
    }
}
