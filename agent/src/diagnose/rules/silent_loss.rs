//! DC302 silent-loss: events are lost and no alert says so.
//!
//! It is this when the lost share stays at or below `syscall_event_drops.threshold` (0.1 by default: 10 %), when its actions do not include
//! `alert`, or when the `log` action writes at a level that `log_level` hides.
//!
//! Set `threshold: 0` and `actions: [log, alert]` (before Falco 0.42, which runs only one of them and not the first, `[alert]`), and watch
//! the counters rather than alerts: `falcosecurity_scap_n_drops_total`, or `dropctl_falco_drops_total`.

use crate::{
    diagnose::{
        case::Case,
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Severity},
        words,
    },
    number::{percent, share},
    remedies::{self, Setting, Value},
    sample::FalcoFacts,
};

/// Falco's default of `syscall_event_drops.threshold` (falco.yaml).
const THRESHOLD: f64 = 0.1;

/// Whether no alert shows this loss.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Option<Finding> {
    let falco = case.falco.as_ref()?;
    let drops = falco.counts.n_drops_buffer + falco.counts.n_drops_max_event_size.unwrap_or(0);
    let share = share(drops, falco.counts.n_evts);
    // Without its configuration nothing is known of its alerts: a guess would be wrong for every tool but Falco.
    let facts = case.facts.filter(|facts| facts.configuration.is_some())?;
    let threshold =
        value(facts, "syscall_event_drops.threshold").and_then(|text| text.parse().ok()).unwrap_or(THRESHOLD);
    let actions = value(facts, "syscall_event_drops.actions").unwrap_or("log, alert");
    let is_below = share <= threshold;
    let has_alert = actions.contains("alert");
    let why = match (is_below, has_alert) {
        (true, true) => below(share, threshold),
        (true, false) => format!("{}, and its actions are {actions}", below(share, threshold)),
        (false, false) => format!("its actions are {actions}"),
        (false, true) => return None,
    };
    let place = case.place();
    let mut wanted = Vec::new();
    if is_below {
        wanted.push((Setting::Threshold, Value::of(0)));
    }
    // Where one of them runs, it may be the log line, which nobody sees at Falco's default level.
    if !has_alert || place.runs_one_action() && actions != "alert" {
        wanted.push((Setting::Actions, with_alert(actions, place.runs_one_action())));
    }
    let summary = format!("No alert of {} shows this loss: {why}.", words::name(case));
    Some(Finding {
        tool: Some(case.loss.subject.clone()),
        evidence: vec![Fact::tool(format!("{} of its events were lost in this time", percent(share)))],
        remedies: vec![remedies::together(&place, &wanted, "so that every loss is told")],
        ..Finding::new(Code::SilentLoss, Severity::Warning, Confidence::High, summary)
    })
}

fn below(share: f64, threshold: f64) -> String {
    format!("the lost share of {} does not exceed the threshold of {}", percent(share), percent(threshold))
}

/// The actions that there are, and the alert; it alone where one is all that runs.
fn with_alert(actions: &str, is_only: bool) -> Value {
    let others = actions.split(", ").filter(|action| !is_only && ["log", "exit"].contains(action));
    Value::Words(others.chain(["alert"]).map(str::to_owned).collect())
}

/// A key of its configuration.
pub(in crate::diagnose) fn value<'a>(facts: &'a FalcoFacts, key: &str) -> Option<&'a str> {
    let keys = &facts.configuration.as_ref()?.keys;
    keys.iter().find(|fact| fact.key == key).map(|fact| fact.value.as_str())
}
