//! A Prometheus collector over the newest sample. It holds no counters of its own: what the kernel counted is
//! shown as it is, so nothing is counted twice and a scrape never waits for the event path.

mod consumers;
mod findings;
mod instances;
mod perf;
mod programs;
mod rings;
mod tools;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agent_common::slot::OTHER;
use prometheus::{
    core::{Collector, Desc},
    proto::{Counter, Gauge, LabelPair, Metric as Series, MetricFamily, MetricType},
};
use tokio::sync::watch;

use self::rings::Numbering;
use super::names::{self, Kind, Metric};
use crate::{
    diagnose::standing::Standing,
    number::float,
    sample::{ProbeSample, Sample, StreamSample},
    setup::Setup,
    syscall,
    timeline::seconds,
};

/// Syscalls with a series of their own. Those that come first are admitted and stay; the rest is `other`, so that
/// every series only grows. A busy node uses about 120.
pub const SYSCALL_SERIES: usize = 200;

/// Renders samples as metric families.
#[derive(Clone)]
pub struct SampleCollector {
    samples: watch::Receiver<Arc<Sample>>,
    standing: watch::Receiver<Arc<Standing>>,
    setup: Arc<Setup>,
    admitted: Arc<Mutex<BTreeSet<u16>>>,
    numbering: Arc<Mutex<Numbering>>,
    programs: Arc<Mutex<programs::Admitted>>,
    /// Duration of the previous scrape, ns; 0 before the first.
    scrape_ns: Arc<AtomicU64>,
    descs: Vec<Desc>,
}

impl SampleCollector {
    /// Shows what `samples` and `standing` hold at each scrape.
    ///
    /// # Errors
    ///
    /// When a name or label in `names` is not valid.
    pub fn new(
        samples: watch::Receiver<Arc<Sample>>,
        standing: watch::Receiver<Arc<Standing>>,
        setup: Setup,
    ) -> prometheus::Result<Self> {
        let desc = |metric: &Metric| {
            let labels = metric.labels.iter().map(|label| (*label).to_owned()).collect();
            Desc::new(
                metric.name.to_owned(),
                metric.help.to_owned(),
                labels,
                std::collections::HashMap::new(),
            )
        };
        Ok(Self {
            samples,
            standing,
            setup: Arc::new(setup),
            admitted: Arc::default(),
            numbering: Arc::default(),
            programs: Arc::default(),
            scrape_ns: Arc::default(),
            descs: names::ALL.iter().map(desc).collect::<Result<_, _>>()?,
        })
    }

    /// Tells how long a scrape took; the next one shows it.
    pub fn scraped_in(&self, duration: Duration) {
        self.scrape_ns.store(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn families(&self, sample: &Sample) -> Vec<MetricFamily> {
        let request = &self.setup.request;
        let revision = self.setup.revision.as_deref().unwrap_or_default();
        let mut families = vec![
            labelled(names::BUILD_INFO, vec![(vec![&*self.setup.version, revision], 1.0)]),
            labelled(names::PROBE_MODE, vec![(vec![request.mode.as_str()], 1.0)]),
        ];
        if let Some(probe) = &sample.probe {
            families.extend(self.probe_families(probe));
        }
        if let Some(rings) = &sample.rings {
            let mut numbering = self.numbering.lock().unwrap_or_else(PoisonError::into_inner);
            let falcos = sample.falcos.as_deref().unwrap_or_default();
            let tools = sample.tools.as_deref().unwrap_or_default();
            let perf_buffers = sample.perf_buffers.as_deref().unwrap_or_default();
            families.extend(numbering.families(rings, perf_buffers, falcos, tools));
            families.extend(perf::families(&numbering, perf_buffers));
            families.extend(sample.consumers.as_deref().and_then(|all| consumers::family(&numbering, all)));
        }
        if let Some(tools) = &sample.tools {
            families.extend(tools::families(tools));
            let mut admitted = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
            families.extend(admitted.family(tools));
        }
        families.extend(findings::families(&self.standing.borrow().clone()));
        let visibility = self.setup.visibility.iter();
        families.push(labelled(
            names::VISIBILITY,
            visibility
                .map(|entry| (vec![entry.capability.as_str()], f64::from(u8::from(entry.available))))
                .collect(),
        ));
        families.push(plain(names::AGENT_CPU, seconds(sample.own.cpu_ns)));
        families.extend(sample.own.resident_bytes.map(|bytes| plain(names::AGENT_RESIDENT, float(bytes))));
        let scrape_ns = self.scrape_ns.load(Ordering::Relaxed);
        families.extend((scrape_ns > 0).then(|| plain(names::SCRAPE_DURATION, seconds(scrape_ns))));
        families.push(plain(names::SAMPLE_TIMESTAMP, seconds(sample.clock.real_ns)));
        families
    }

    fn probe_families(&self, probe: &ProbeSample) -> Vec<MetricFamily> {
        let events = &probe.events;
        let mut families = vec![plain(names::SEEN, float(events.seen)), plain(names::OWN, float(events.own))];
        families.extend(probe.missed.map(|missed| plain(names::MISSED, float(missed))));
        if let Some(stream) = &probe.stream {
            families.extend([
                plain(names::SAMPLED_OUT, float(events.sampled_out)),
                plain(names::ATTEMPTED, float(events.attempted)),
                plain(names::SUBMITTED, float(events.submitted)),
                plain(names::DROPPED, float(events.dropped)),
                plain(names::SAMPLE_RATIO, 1.0 / f64::from(self.setup.request.sample)),
            ]);
            families.extend(stream_families(stream));
        }
        families.push(self.syscalls(&probe.syscalls));
        families
    }

    fn syscalls(&self, counts: &[(u16, u64)]) -> MetricFamily {
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut other = 0;
        let mut series = Vec::with_capacity(counts.len());
        for (slot, count) in counts {
            // Numbers that no kernel of today gives a name are for anybody to make up.
            if u32::from(*slot) == OTHER || !syscall::is_known(*slot) || !admit(&mut admitted, *slot) {
                other += count;
            } else {
                series.push((vec![syscall::name(*slot)], float(*count)));
            }
        }
        series.push((vec!["other".into()], float(other)));
        labelled(names::SYSCALLS, series)
    }
}

fn admit(admitted: &mut BTreeSet<u16>, slot: u16) -> bool {
    if admitted.contains(&slot) {
        return true;
    }
    admitted.len() < SYSCALL_SERIES && admitted.insert(slot)
}

fn stream_families(stream: &StreamSample) -> [MetricFamily; 8] {
    let backlog_bytes = stream.producer_bytes.saturating_sub(stream.consumer_bytes);
    [
        plain(names::CONSUMED, float(stream.consumed)),
        plain(names::SUBMITTED_BYTES, float(stream.producer_bytes)),
        plain(names::CONSUMED_BYTES, float(stream.consumer_bytes)),
        plain(names::OVERRUNS, float(stream.overrun_count)),
        plain(names::OVERRUN_SECONDS, seconds(stream.overrun_ns)),
        plain(names::RING_CAPACITY, float(stream.capacity_bytes)),
        plain(names::RING_BACKLOG, float(backlog_bytes)),
        plain(names::RING_BACKLOG_MAX, float(stream.backlog_max_bytes)),
    ]
}

impl Collector for SampleCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let sample = Arc::clone(&self.samples.borrow());
        self.families(&sample)
    }
}

fn plain(metric: Metric, value: f64) -> MetricFamily {
    labelled::<&str>(metric, vec![(Vec::new(), value)])
}

/// A family with one series per entry: label values in the order of `metric.labels`, and the value.
fn labelled<V: AsRef<str>>(metric: Metric, entries: Vec<(Vec<V>, f64)>) -> MetricFamily {
    let series = |(values, value): (Vec<V>, f64)| {
        let mut series = Series::default();
        let pairs = metric.labels.iter().zip(values).map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value(value.as_ref().to_owned());
            pair
        });
        series.set_label(pairs.collect());
        match metric.kind {
            Kind::Counter => {
                let mut counter = Counter::default();
                counter.set_value(value);
                series.set_counter(counter);
            }
            Kind::Gauge => {
                let mut gauge = Gauge::default();
                gauge.set_value(value);
                series.set_gauge(gauge);
            }
        }
        series
    };
    let mut family = MetricFamily::default();
    family.set_name(metric.name.to_owned());
    family.set_help(metric.help.to_owned());
    family.set_field_type(match metric.kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
    });
    family.set_metric(entries.into_iter().map(series).collect());
    family
}

#[cfg(test)]
mod tests;
