//! The loss of a tool cut by ring, class and workload, and the rates around it.

use std::collections::BTreeMap;

use crate::{
    diff::{By, Kind, Loss, Part, Quantity, Unit},
    number::{float, ratio},
    report::{
        Report,
        model::{Consumer, Tool},
    },
    sample::Workload,
};

/// Rows of one cut, the largest losses first.
const MOST_ROWS: usize = 12;

/// A workload without a name.
pub(super) const UNKNOWN: &str = "unknown";
/// All workloads that are not listed.
pub(super) const OTHERS: &str = "unattributed and others";

/// Drops by name.
type Drops = BTreeMap<(By, String), u64>;

/// All cuts of both.
pub(super) fn parts(a: &[&Tool], b: &[&Tool], loss_a: &Loss, loss_b: &Loss, unit: Unit) -> Vec<Part> {
    let (drops_a, drops_b) = (drops(a), drops(b));
    let mut names: Vec<&(By, String)> = drops_a.keys().chain(drops_b.keys()).collect();
    names.sort();
    names.dedup();
    // A cut that is known on one side is known to be 0 where its name is not there, except for rings, which may be others.
    let has = |drops: &Drops, by: By| drops.keys().any(|(of, _)| *of == by);
    let value = |drops: &Drops, key: &(By, String)| {
        drops.get(key).copied().or_else(|| (key.0 != By::Ring && has(drops, key.0)).then_some(0))
    };
    let normal = |drops: Option<u64>, loss: &Loss| {
        drops.filter(|_| loss.arrivals > 0).map(|drops| float(drops) * unit.per() / float(loss.arrivals))
    };
    let mut parts: Vec<Part> = names
        .into_iter()
        .map(|key| {
            let (a_drops, b_drops) = (value(&drops_a, key), value(&drops_b, key));
            Part {
                by: key.0,
                name: key.1.clone(),
                a_drops,
                b_drops,
                a_loss: normal(a_drops, loss_a),
                b_loss: normal(b_drops, loss_b),
            }
        })
        .collect();
    parts.sort_by_key(|part| (part.by, std::cmp::Reverse(part.a_drops.max(part.b_drops)), part.name.clone()));
    let mut kept: BTreeMap<By, usize> = BTreeMap::new();
    parts.retain(|part| {
        let count = kept.entry(part.by).or_default();
        *count += 1;
        *count <= MOST_ROWS
    });
    parts
}

fn drops(tools: &[&Tool]) -> Drops {
    let mut all = Drops::new();
    let mut add = |by: By, name: String, drops: u64| *all.entry((by, name)).or_default() += drops;
    for tool in tools {
        for ring in &tool.rings {
            if let Some(drops) = ring.drops {
                add(By::Ring, places(&ring.places, ring.name.as_deref()), drops);
            }
        }
        let Some(counters) = &tool.counters else { continue };
        for class in &counters.categories {
            add(By::Class, class.name.clone(), class.drops);
        }
        if let Some(rest) = counters.uncategorised {
            add(By::Class, "in no category".to_owned(), rest);
        }
        if let Some(losers) = &counters.losers {
            for one in &losers.workloads {
                add(By::Workload, workload(one.workload.as_ref()), one.drops);
            }
            add(By::Workload, OTHERS.to_owned(), losers.workloads_other + losers.unattributed);
        }
    }
    all
}

/// By the CPUs that a ring serves, since map ids change with every start.
fn places(places: &[u32], name: Option<&str>) -> String {
    match places {
        [] => name.unwrap_or("without a name").to_owned(),
        [one] => format!("CPU {one}"),
        all => {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            format!("CPU {}", all.join(","))
        }
    }
}

fn workload(workload: Option<&Workload>) -> String {
    let Some(Workload { namespace, pod, container }) = workload else { return UNKNOWN.to_owned() };
    let parts: Vec<&str> = [namespace, pod, container].into_iter().flatten().map(String::as_str).collect();
    parts.join("/")
}

/// Tools, report and loss of one side.
pub(super) type Of<'a> = (&'a [&'a Tool], &'a Report, &'a Loss);

/// Seconds that a thread spent in one state.
type State = fn(&Consumer) -> f64;

/// Rates, fill, and the time of the draining threads.
pub(super) fn quantities(a: Of<'_>, b: Of<'_>, unit: Unit) -> Vec<Quantity> {
    let of =
        |name, kind, value: &dyn Fn(Of<'_>) -> Option<f64>| Quantity { name, kind, a: value(a), b: value(b) };
    let arrivals = match unit {
        Unit::Events => Kind::Rate,
        Unit::Bytes => Kind::ByteRate,
    };
    let sum = |(tools, ..): Of<'_>, value: fn(&crate::report::model::Ring) -> f64| {
        let rings = || tools.iter().flat_map(|tool| &tool.rings);
        (rings().count() > 0).then(|| rings().map(value).sum::<f64>())
    };
    let share = |(tools, report, _): Of<'_>, state: State| {
        let is_its = |one: &&Consumer| tools.iter().any(|tool| tool.tgid == Some(one.tgid));
        let of_tool: Vec<&Consumer> = report.consumers.iter().flatten().filter(is_its).collect();
        let total: f64 = of_tool.iter().map(|one| one.seconds).sum();
        (total > 0.0).then(|| of_tool.into_iter().map(state).sum::<f64>() / total)
    };
    let mut all = vec![
        of("arrivals, mean", arrivals, &|(.., loss)| Some(loss.arrivals_per_second)),
        of("arrivals, peak", arrivals, &|(.., loss)| Some(loss.peak_arrivals_per_second)),
        of("dropped", Kind::Rate, &|(.., loss)| Some(ratio(float(loss.drops?), loss.seconds))),
        of("drained", Kind::ByteRate, &|side| sum(side, |ring| ring.consumed_bytes_per_second)),
        of("fullest ring", Kind::Share, &|(tools, ..)| {
            let fill = tools.iter().flat_map(|tool| &tool.rings);
            fill.map(|ring| ratio(float(ring.backlog_max_bytes), float(ring.capacity_bytes))).reduce(f64::max)
        }),
        of("rings above 90 %", Kind::Seconds, &|side| sum(side, |ring| ring.above_90_percent_seconds)),
        of("syscalls of the node", Kind::Rate, &|(_, report, _)| {
            report.throughput.as_ref().map(|throughput| throughput.seen.events_per_second)
        }),
    ];
    let states: [(&'static str, State); 5] = [
        ("consumer running", |one| one.running_seconds),
        ("consumer waiting", |one| one.waiting_seconds),
        ("consumer throttled", |one| one.throttled_seconds),
        ("consumer blocked", |one| one.blocked_seconds),
        ("consumer idle", |one| one.idle_seconds),
    ];
    all.extend(states.map(|(name, state)| of(name, Kind::Share, &|side| share(side, state))));
    all.retain(|quantity| quantity.a.is_some() || quantity.b.is_some());
    all
}
