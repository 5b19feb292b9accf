//! What follows from the numbers, and what does not.

use std::collections::BTreeMap;

use super::{Alerts, Snapshots};
use crate::{
    alert::{Era, category},
    number::{count, percent, share},
};

/// What the alerts say together, beyond what is printed of them.
pub(super) struct Facts<'a> {
    /// Of the newest alert's form.
    pub(super) era: Option<Era>,
    /// Whether `ebpf_enabled` was set; `None` where no alert says it, or where that version is wrong about it.
    pub(super) ebpf: Option<bool>,
    /// Sums by the names of Falco.
    pub(super) fields: &'a BTreeMap<String, u64>,
    /// Drops of a full ring in no category.
    pub(super) uncategorised: Option<u64>,
    /// Whether an alert has more drops than events.
    pub(super) contradicts: bool,
}

impl Facts<'_> {
    fn field(&self, name: &str) -> u64 {
        self.fields.get(name).copied().unwrap_or(0)
    }

    fn buffer(&self) -> u64 {
        self.field("n_drops_buffer_total").saturating_add(self.field("n_drops_buffer"))
    }

    fn page_faults(&self) -> u64 {
        self.field("n_drops_pf").saturating_add(self.field("n_drops_page_faults"))
    }
}

/// One or two sentences.
pub(super) fn verdict(alerts: Option<&Alerts>, snapshots: Option<&Snapshots>, facts: &Facts<'_>) -> String {
    match (alerts, snapshots) {
        (Some(alerts), _) => {
            of_alerts(alerts, snapshots.and_then(|snapshots| snapshots.version.as_deref()), facts)
        }
        (None, Some(snapshots)) => of_snapshots(snapshots),
        (None, None) => "Nothing was said.".to_owned(),
    }
}

fn of_alerts(alerts: &Alerts, version: Option<&str>, facts: &Facts<'_>) -> String {
    let who = match &alerts.versions[..] {
        [] | [_] if version.is_some() => format!("Falco {}", version.unwrap_or_default()),
        [] => "Falco".to_owned(),
        [one] => format!("Falco {}", one.versions),
        [first, .., last] => format!("Falco ({}, and {})", first.versions, last.versions),
    };
    let of = match (alerts.n_evts, alerts.share) {
        (Some(n_evts), Some(share)) => format!(" of {} events ({})", count(n_evts), percent(share)),
        (Some(n_evts), None) => format!(", and counted {} events", count(n_evts)),
        (None, _) => " events".to_owned(),
    };
    let windows = match alerts.count {
        1 => String::new(),
        many => format!(" in {} alerts", count(many)),
    };
    let mut text = format!("{who} dropped {}{of}{windows}", count(alerts.n_drops));
    let (buffer, scratch_map) = (facts.buffer(), facts.field("n_drops_scratch_map"));
    text.push_str(match (buffer, scratch_map, facts.page_faults()) {
        (1.., 0, 0) => ": its ring buffer was full.",
        (0, 1.., 0) => ": they were larger than it can take.",
        (0, 0, 1..) => ": its driver could not read memory of the processes.",
        (0, 0, 0) => ".",
        _ => ", for several reasons.",
    });
    if let Some(rest) = facts.uncategorised.filter(|rest| *rest > 0 && buffer > 0) {
        text.push_str(&format!(
            " {} of them ({}) are of syscalls that no category of the alert covers.",
            count(rest),
            percent(share(rest, buffer))
        ));
    }
    text
}

fn of_snapshots(snapshots: &Snapshots) -> String {
    match (snapshots.n_evts, snapshots.n_drops) {
        (Some(n_evts), Some(n_drops)) if n_evts > 0 => format!(
            "Between {} snapshots Falco dropped {} of {} events ({}).",
            count(snapshots.count),
            count(n_drops),
            count(n_evts),
            percent(share(n_drops, n_evts))
        ),
        (Some(_), _) => "One snapshot shows how the counters stood, not what was dropped when: two do.".to_owned(),
        _ => "These snapshots have no counters of the kernel half, so they do not say whether events were dropped.".to_owned(),
    }
}

/// What follows from the numbers.
pub(super) fn conclusions(
    alerts: Option<&Alerts>,
    snapshots: Option<&Snapshots>,
    facts: &Facts<'_>,
) -> Vec<String> {
    let mut points = Vec::new();
    if alerts.is_some() {
        of_numbers(facts, &mut points);
    }
    if let Some(snapshots) = snapshots {
        of_snapshot_numbers(snapshots, &mut points);
    }
    points
}

fn of_numbers(facts: &Facts<'_>, points: &mut Vec<String>) {
    let mut say = |text: String| points.push(text);
    if facts.contradicts {
        say("More drops than events: the counters contradict each other, so there is no share. Falco before 0.33 could count \
             a drop twice; on newer versions it is a defect of the driver (DC114).".to_owned());
    }
    let buffer = facts.buffer();
    if buffer > 0 {
        say("A full ring buffer: for some time events came faster than Falco took them out. That is all that the alert says \
             about the reason.".to_owned());
    }
    let mut categories: Vec<(&str, u64)> = facts
        .fields
        .iter()
        .filter_map(|(name, value)| Some((category(name)?, *value)))
        .filter(|(_, value)| *value > 0)
        .collect();
    categories.sort_by_key(|(_, value)| std::cmp::Reverse(*value));
    if let Some((name, value)) = categories.first().filter(|(_, value)| *value > buffer / 2) {
        say(format!(
            "Most of it is {name} ({}): such syscalls came in masses (DC201).",
            percent(share(*value, buffer))
        ));
    }
    if facts.uncategorised.is_some_and(|rest| rest > 0 && rest > buffer / 2) {
        say("Most of it is in no category: reads, writes, sockets, futexes, polls and the like. The alert cannot tell which; \
             dropctl counts every syscall by name.".to_owned());
    }
    if facts.field("n_drops_scratch_map") > 0 {
        say("Some events were larger than 64 KiB: a larger ring does not help these (DC109).".to_owned());
    }
    if facts.page_faults() > 0 {
        say("Page faults are not about the load: memory that was swapped out or not there yet. They cannot be tuned away, and \
             the modern probe has none.".to_owned());
    }
    if facts.field("n_drops_bug") > 0 {
        say("n_drops_bug is not 0: a fault of the driver, worth an issue at falcosecurity/libs (DC114)."
            .to_owned());
    }
    match facts.ebpf {
        Some(true) => say("Engine: an eBPF probe (ebpf_enabled is 1).".to_owned()),
        Some(false) => say("Engine: the kernel module (ebpf_enabled is 0): dropctl sees its threads and counters, not its rings.".to_owned()),
        None => {}
    }
}

fn of_snapshot_numbers(snapshots: &Snapshots, points: &mut Vec<String>) {
    /// So many look-ups that fail are work for nothing (falco#813 had 321 million).
    const MANY_LOOKUPS: u64 = 1_000_000;
    if let Some(worst) = snapshots.worst_share.filter(|worst| *worst > 0.0) {
        points.push(format!("The worst time between two snapshots lost {}.", percent(worst)));
    }
    if snapshots.restarts > 0 {
        points.push(format!(
            "Falco's counters began anew {} times: it was restarted or loaded its configuration.",
            snapshots.restarts
        ));
    }
    if snapshots.n_evts.is_none() {
        points.push(
            "metrics.kernel_event_counters_enabled is off, or the snapshot was cut: set it to true."
                .to_owned(),
        );
    }
    if let Some(failed) = snapshots.failed_fd_lookups.filter(|failed| *failed >= MANY_LOOKUPS) {
        points.push(format!(
            "{} look-ups of file descriptors failed: Falco's state has holes, as it has after drops, and each event costs more.",
            count(failed)
        ));
    }
    if let Some(lost) = snapshots.outputs_queue_num_drops.filter(|lost| *lost > 0) {
        points.push(format!(
            "{} alerts were lost in the queue of outputs (DC111): those are alerts, not events of the kernel.",
            count(lost)
        ));
    }
}

/// What does not follow.
pub(super) fn limits(alerts: Option<&Alerts>, facts: &Facts<'_>, has_moment: bool) -> Vec<String> {
    let mut points = Vec::new();
    let mut say = |text: &str| points.push(text.to_owned());
    if let Some(alerts) = alerts {
        say(
            "\"In last second\" is a second of the times of events, while the counters are of now: after a stall it covers as long \
             as the stall was. It is not a rate.",
        );
        if facts.era.is_none_or(Era::has_threshold) {
            say(
                "Falco warns only above syscall_event_drops.threshold (10 % of a window by default) and about twice a minute: \
                 what it printed is less than what was lost. Its counters have it all.",
            );
        }
        if facts.era.is_some_and(|era| !era.counts_once()) && alerts.share.is_some() {
            say("Before 0.33 the two counters were not taken together: the share is rough.");
        }
        if facts.era == Some(Era::ExitsOnly) {
            say(
                "Since 0.42 drops of connect and open on entry are counted and not printed: they are in the rest.",
            );
        }
        if alerts.n_evts.is_none() {
            say(
                "Lines of the log have the sentence alone: the alert itself has the counters (syscall_event_drops.actions: alert).",
            );
        }
    }
    if !has_moment {
        say(
            "Why Falco was too slow (throttled, starved, blocked, busy, a burst), whose events these were, and which ring: no \
             alert has that. `dropctl report` on the node does; an agent there, or `--recording FILE`, tells it of the time of the alert.",
        );
    }
    points
}
