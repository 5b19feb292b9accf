//! Takes in what was said, in constant memory.

use std::collections::{BTreeMap, VecDeque};

use super::{Alerts, Explanation, Moment, Number, One, SCHEMA, Snapshots, Versions, conclude, meaning};
use crate::{
    alert::{DropAlert, Era, Said, Snapshot, Time, whole},
    number::share,
    redact::Redactor,
};

/// Alerts in the list of the largest.
const LARGEST: usize = 10;
/// Fields of one name that are summed: versions know fewer than 30.
const FIELDS: usize = 64;
/// Alerts that are remembered to find out whether a line of the log repeats one of them.
const REMEMBERED: usize = 4;

/// Sums over what was said.
#[derive(Debug, Default)]
pub struct Tally {
    alerts: u64,
    repeated: u64,
    eras: BTreeMap<Era, u64>,
    fields: BTreeMap<String, u64>,
    /// Drops of all, and of those that have `n_evts`.
    n_drops: u64,
    of_evts: Option<(u64, u64)>,
    contradicts: bool,
    uncategorised: Option<u64>,
    ebpf: [u64; 2],
    /// Of the first alert and the last.
    times: Option<(Time, Time)>,
    recent: VecDeque<DropAlert>,
    largest: Vec<One>,
    snapshots: Snapshots,
    /// `scap.n_evts` and `scap.n_drops` of the snapshot before.
    before: Option<(u64, u64)>,
}

impl Tally {
    /// Takes in one.
    pub fn add(&mut self, said: Said) {
        match said {
            Said::Drop(alert) => self.alert(alert),
            Said::Snapshot(snapshot) => self.snapshot(snapshot),
        }
    }

    /// Takes out what could name somebody: texts of others are versions, engines and times, or should be.
    pub fn redact(&mut self, redactor: &mut Redactor) {
        let Snapshots { version, engine, first, last, .. } = &mut self.snapshots;
        version.iter_mut().for_each(|version| *version = redactor.version(version));
        engine.iter_mut().for_each(|engine| *engine = redactor.engine(engine));
        let of_alerts = self.times.iter_mut().flat_map(|(first, last)| [&mut first.0, &mut last.0]);
        let of_largest = self.largest.iter_mut().map(|one| &mut one.time);
        for time in [first, last].into_iter().chain(of_alerts).chain(of_largest).flatten() {
            *time = redactor.words(time);
        }
    }

    /// Whether anything was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alerts == 0 && self.snapshots.count == 0
    }

    /// ns since 1970 of the first and the last alert, where they have a date and a zone.
    #[must_use]
    pub fn real_ns(&self) -> Option<(u64, u64)> {
        let (first, last) = self.times.as_ref()?;
        first.real_ns().zip(last.real_ns())
    }

    fn alert(&mut self, alert: DropAlert) {
        if let Some(at) = self.recent.iter().position(|other| is_the_same(other, &alert)) {
            self.repeated += 1;
            // The one with the counters stays, whichever came first.
            let Some(bare) = alert.fields.is_some().then(|| self.recent.remove(at)).flatten() else { return };
            self.alerts -= 1;
            self.n_drops -= bare.n_drops;
            if let Some(listed) = self.largest.iter().position(|one| *one == One::of(&bare)) {
                self.largest.remove(listed);
            }
        }
        self.alerts += 1;
        self.n_drops = self.n_drops.saturating_add(alert.n_drops);
        self.count(&alert);
        self.largest.push(One::of(&alert));
        self.largest.sort_by_key(|one| std::cmp::Reverse(one.n_drops));
        self.largest.truncate(LARGEST);
        let first = self.times.take().map_or_else(|| alert.time.clone(), |(first, _)| first);
        self.times = Some((first, alert.time.clone()));
        self.recent.push_back(alert);
        if self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
    }

    fn count(&mut self, alert: &DropAlert) {
        let Some(era) = Era::of(alert) else { return };
        *self.eras.entry(era).or_default() += 1;
        for (name, value) in alert.fields.iter().flatten() {
            let Some(value) = whole(*value) else { continue };
            if self.fields.len() < FIELDS || self.fields.contains_key(name) {
                let sum = self.fields.entry(name.clone()).or_default();
                *sum = sum.saturating_add(value);
            }
        }
        if let Some(rest) = alert.uncategorised() {
            let sum = self.uncategorised.get_or_insert_default();
            *sum = sum.saturating_add(rest);
        }
        if let Some(engine @ (0 | 1)) = alert.count("ebpf_enabled").filter(|_| era.knows_engine()) {
            self.ebpf[usize::from(engine == 1)] += 1;
        }
        if let Some(n_evts) = alert.count("n_evts") {
            self.contradicts |= alert.n_drops > n_evts;
            let (drops, evts) = self.of_evts.unwrap_or_default();
            self.of_evts = Some((drops.saturating_add(alert.n_drops), evts.saturating_add(n_evts)));
        }
    }

    fn snapshot(&mut self, snapshot: Snapshot) {
        let kept = &mut self.snapshots;
        let number = |name: &str| snapshot.fields.get(name).copied();
        let count = |name: &str| number(name).and_then(whole);
        kept.count += 1;
        kept.version = snapshot.version.clone().or_else(|| kept.version.take());
        kept.engine = snapshot.engine.clone().or_else(|| kept.engine.take());
        kept.first = kept.first.take().or_else(|| snapshot.time.0.clone());
        kept.last = snapshot.time.0.clone().or_else(|| kept.last.take());
        kept.cpu_percent = number("falco.cpu_usage_perc").or(kept.cpu_percent);
        kept.failed_fd_lookups = count("falco.n_failed_fd_lookups").or(kept.failed_fd_lookups);
        kept.outputs_queue_num_drops =
            count("falco.outputs_queue_num_drops").or(kept.outputs_queue_num_drops);
        let now = count("scap.n_evts").zip(count("scap.n_drops"));
        if let Some((n_evts, n_drops)) = now {
            let before = self.before.replace((n_evts, n_drops));
            let grown = before.map(|(evts, drops)| (n_evts.checked_sub(evts), n_drops.checked_sub(drops)));
            let (evts, drops) = match grown {
                Some((Some(evts), Some(drops))) => (evts, drops),
                // Its counters began anew: all that they show is of this life.
                Some(_) => {
                    kept.restarts += 1;
                    (n_evts, n_drops)
                }
                None => (0, 0),
            };
            for (sum, more) in [(&mut kept.n_evts, evts), (&mut kept.n_drops, drops)] {
                *sum = Some(sum.unwrap_or(0).saturating_add(more));
            }
            if evts > 0 {
                let worst = kept.worst_share.unwrap_or(0.0);
                kept.worst_share = Some(worst.max(share(drops, evts)));
            }
        }
    }

    /// What it all means; `moment` is what was seen at that time.
    #[must_use]
    pub fn explain(self, moment: Option<Moment>) -> Explanation {
        let era = self.eras.keys().next_back().copied();
        let mut numbers: Vec<Number> = self
            .fields
            .iter()
            .filter_map(|(name, value)| {
                let meaning = meaning::of(name, era)?;
                Some(Number { name: name.clone(), value: *value, meaning })
            })
            .collect();
        if let Some(value) = self.uncategorised {
            numbers.push(Number {
                name: "in no category".to_owned(),
                value,
                meaning: meaning::REST.to_owned(),
            });
        }
        let (first, last) = self.times.clone().unwrap_or_default();
        let alerts = (self.alerts > 0).then(|| Alerts {
            count: self.alerts,
            repeated: self.repeated,
            versions: self
                .eras
                .iter()
                .map(|(era, alerts)| Versions {
                    versions: era.versions().to_owned(),
                    because: era.because().to_owned(),
                    alerts: *alerts,
                })
                .collect(),
            first: first.0,
            last: last.0,
            n_drops: self.n_drops,
            n_evts: self.of_evts.map(|(_, evts)| evts),
            share: self.of_evts.filter(|_| !self.contradicts).map(|(drops, evts)| share(drops, evts)),
            largest: self.largest.clone(),
        });
        let snapshots = (self.snapshots.count > 0).then(|| self.snapshots.clone());
        let facts = conclude::Facts {
            era,
            ebpf: match self.ebpf {
                [0, 0] => None,
                [kmod, ebpf] => Some(ebpf > kmod),
            },
            fields: &self.fields,
            uncategorised: self.uncategorised,
            contradicts: self.contradicts,
        };
        Explanation {
            schema: SCHEMA.to_owned(),
            verdict: conclude::verdict(alerts.as_ref(), snapshots.as_ref(), &facts),
            conclusions: conclude::conclusions(alerts.as_ref(), snapshots.as_ref(), &facts),
            limits: conclude::limits(alerts.as_ref(), &facts, moment.is_some()),
            alerts,
            snapshots,
            numbers,
            moment,
        }
    }
}

impl One {
    fn of(alert: &DropAlert) -> Self {
        Self { time: alert.time.0.clone(), n_drops: alert.n_drops, n_evts: alert.count("n_evts") }
    }
}

/// Whether one is the line of the log that Falco writes beside the other.
fn is_the_same(one: &DropAlert, two: &DropAlert) -> bool {
    one.fields.is_some() != two.fields.is_some() && one.n_drops == two.n_drops && one.time.may_be(&two.time)
}
