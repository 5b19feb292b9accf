//! Which charts a report has, and what they say in words.

use super::{
    chart::{Chart, Charts, Key, Plot, Row, Scale},
    series::{
        self, Band, bands, drops,
        flow::{self, Refused},
        mean, peak,
        rings::{self, Filled, MOST_RINGS},
        states::{self, STATES, Thread},
    },
};
use crate::{
    evidence::Evidence,
    number::{byte_rate, bytes, count, percent, seconds},
    report::model::{Report, Tool},
    timeline::Slice,
};

/// Tools with charts of their own.
const MOST_TOOLS: usize = 3;
/// Threads of a tool with a chart of their own.
const MOST_THREADS: usize = 2;

/// The charts of a report, from the timeline that it was built from.
pub(in crate::report) fn of(report: &Report, slice: &Slice<'_>) -> Charts {
    let span = report.window.seconds;
    let tools = rings::tools(report);
    let mut charts: Vec<Chart> = fill(report, slice).into_iter().collect();
    for tool in tools.iter().take(MOST_TOOLS) {
        of_tool(tool, slice, span, &mut charts);
    }
    let mut notes = vec![if charts.is_empty() {
        "No ring of another tool had anything in it: there is nothing to draw.".to_owned()
    } else {
        format!(
            "Each chart runs from left to right over the {} from {} on; where it is blank, nothing is known. The tables below have \
             the sums.",
            seconds(span),
            report.window.start
        )
    }];
    notes.extend(overruns(report));
    if tools.len() > MOST_TOOLS {
        notes.push(format!(
            "The {MOST_TOOLS} tools that lost or took most have charts; {} more with rings have none.",
            tools.len() - MOST_TOOLS
        ));
    }
    Charts { span, notes, charts }
}

/// Where the ends of overruns come from; `None` where there was none.
fn overruns(report: &Report) -> Option<String> {
    let all = || report.tools.iter().flatten().flat_map(|tool| tool.overruns.iter().flatten());
    let weakest = all().map(|overrun| overrun.times_evidence).max()?;
    let how = match weakest {
        Evidence::Exact => "by the first and the last refusal",
        Evidence::Tool | Evidence::Estimated => "by the readings before and after the drops",
    };
    Some(format!(
        "Overruns are marked where the newest of them began and ended, {how} ({}).",
        weakest.as_str()
    ))
}

fn fill(report: &Report, slice: &Slice<'_>) -> Option<Chart> {
    let fullest = rings::fullest(report, slice);
    if fullest.rings.is_empty() {
        return None;
    }
    let mut notes = vec![
        "The largest backlog that a look saw in each interval, as a share of the ring (exact).".to_owned(),
    ];
    if let Some((many, most)) = fullest.left_out {
        notes.push(format!(
            "The fullest {MOST_RINGS} rings; {many} more are left out, filled to {} at most.",
            percent(most)
        ));
    }
    if fullest.empty > 0 {
        notes.push(format!("{} more with nothing in them.", fullest.empty));
    }
    let said = |ring: &Filled| {
        format!("{}: up to {} of {}", ring.name, percent(ring.fullest), bytes(ring.capacity_bytes))
    };
    let about: Vec<String> = fullest.rings.iter().map(said).collect();
    let has_bands = fullest.rings.iter().any(|ring| !ring.bands.is_empty());
    let row = |ring: Filled| Row {
        value: format!("fullest {} of {}", percent(ring.fullest), bytes(ring.capacity_bytes)),
        name: ring.name,
        points: series::thin(&ring.points),
        bands: ring.bands,
    };
    Some(Chart {
        title: "Backlog of ring buffers".to_owned(),
        about: format!("{}.", about.join("; ")),
        notes,
        legend: legend(&[(Key::Area, "backlog (waiting to be drained)")], has_bands),
        plot: Plot::Rows { rows: fullest.rings.into_iter().map(row).collect(), scale: Scale::share() },
    })
}

fn of_tool(tool: &Tool, slice: &Slice<'_>, span: f64, charts: &mut Vec<Chart>) {
    let Some(tgid) = tool.tgid else { return };
    let name = format!("{} (pid {tgid})", tool.comm.as_deref().unwrap_or("unknown"));
    let overruns = bands(tool.overruns.iter().flatten(), span);
    charts.push(flow(&name, &flow::of(slice, tgid), &overruns));
    let threads = states::of(slice, tgid);
    for thread in threads.iter().take(MOST_THREADS) {
        charts.push(stack(&name, tgid, thread, &overruns, threads.len()));
    }
    let evidence = if tool.counters.is_some() { Evidence::Tool } else { Evidence::Exact };
    charts.extend(lost(&name, &drops::of(slice, tgid), evidence, &overruns));
}

fn legend(keys: &[(Key, &'static str)], has_bands: bool) -> Vec<(Key, &'static str)> {
    keys.iter()
        .copied()
        .chain(has_bands.then_some((Key::Overrun, "overrun (a ring refused records)")))
        .collect()
}

fn flow(name: &str, flow: &flow::Flow, overruns: &[Band]) -> Chart {
    let said = |points| {
        let rate = |rate: Option<f64>| rate.map_or_else(|| "unknown".to_owned(), byte_rate);
        format!("{} on average, {} at most", rate(mean(points)), rate(peak(points)))
    };
    let refused = match flow.refused {
        Refused::Nothing => "Due is what the rings took (exact); nothing is known to have been refused.",
        Refused::Counted => "Due is what the rings took and what they refused (exact).",
        Refused::Estimated => {
            "Due is what the rings took (exact), and what they refused at the mean size of a record (estimated)."
        }
        Refused::Unknown => {
            "Due is what the rings took (exact); records were refused, too, whose size is not known and which are not in it."
        }
    };
    Chart {
        title: format!("Arrivals and drain rate of {name}"),
        about: format!("Due: {}. Drained: {}.", said(&flow.due), said(&flow.drained)),
        notes: vec![refused.to_owned(), "Drained is what the tool consumed (exact).".to_owned()],
        legend: legend(
            &[(Key::Due, "due (arrivals)"), (Key::Drained, "drained by the tool")],
            !overruns.is_empty(),
        ),
        plot: Plot::Lines {
            lines: vec![(Key::Drained, series::thin(&flow.drained)), (Key::Due, series::thin(&flow.due))],
            scale: Scale::bytes(peak(flow.due.iter().chain(&flow.drained)).unwrap_or(0.0)),
            bands: overruns.to_vec(),
        },
    }
}

/// `name` and `tgid`: of the tool that it is a thread of.
fn stack(name: &str, tgid: u32, thread: &Thread, overruns: &[Band], threads: usize) -> Chart {
    let which = match thread.tid {
        tid if tid == tgid && threads == 1 => String::new(),
        tid => format!(": {}, tid {tid}", thread.comm),
    };
    let shares: Vec<String> = STATES
        .iter()
        .zip(thread.shares())
        .map(|(state, share)| format!("{state} {}", percent(share)))
        .collect();
    let mut notes = vec![
        "Shares of the thread's time; throttled and blocked time is told from the rest by what happened at the same time \
         (estimated)."
            .to_owned(),
    ];
    if thread.candidates > 1 {
        notes.push(format!("It is one of {} threads that may drain.", thread.candidates));
    }
    if threads > MOST_THREADS {
        notes.push(format!("{} more threads are left out.", threads - MOST_THREADS));
    }
    let word = |state: &'static str| if state == "waiting" { "waiting for a CPU" } else { state };
    let keys: Vec<(Key, &'static str)> =
        STATES.iter().enumerate().map(|(place, state)| (Key::State(place), word(state))).collect();
    Chart {
        title: format!("What the draining thread of {name} did{which}"),
        about: format!("Over all of it: {}.", shares.join(", ")),
        notes,
        legend: legend(&keys, !overruns.is_empty()),
        plot: Plot::Stack { bars: states::thin(&thread.bars), bands: overruns.to_vec() },
    }
}

/// `None` where nothing was dropped. `counted`: by whom, unless a row says that it is an estimate.
fn lost(name: &str, lost: &[drops::Lost], counted: Evidence, overruns: &[Band]) -> Option<Chart> {
    let peak = peak(lost.iter().flat_map(|row| &row.points))?;
    let is_estimated = lost.iter().any(|row| row.whose == drops::Whose::Estimated);
    let evidence = if is_estimated { Evidence::Estimated } else { counted };
    let about: Vec<String> =
        lost.iter().map(|row| format!("{}: {} events", row.whose.name(), count(row.drops))).collect();
    let row = |row: &drops::Lost| Row {
        name: row.whose.name(),
        value: format!("{} events", count(row.drops)),
        points: series::thin(&row.points),
        bands: overruns.to_vec(),
    };
    Some(Chart {
        title: format!("Events that {name} dropped, by workload"),
        about: format!("{}.", about.join("; ")),
        notes: vec![format!(
            "Events per second, as the mean of each interval between two readings ({}); all rows have the same scale.",
            evidence.as_str()
        )],
        legend: legend(&[(Key::Area, "dropped events")], !overruns.is_empty()),
        plot: Plot::Rows { rows: lost.iter().map(row).collect(), scale: Scale::events(peak) },
    })
}
