//! Explanations of real alerts: sums, what is not counted twice, and goldens of their pages.

use std::{fs, path::PathBuf};

use super::*;
use crate::{
    alert::Scanner,
    diagnose::{Code, diagnose},
    golden::{golden, scenario},
};

fn tally_of(text: &str) -> Tally {
    let mut tally = Tally::default();
    Scanner::new(text.as_bytes()).for_each(|said| tally.add(said.unwrap()));
    assert!(!tally.is_empty(), "{text}");
    tally
}

fn explained(text: &str) -> Explanation {
    tally_of(text).explain(None)
}

fn data(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    fs::read_to_string(path).unwrap()
}

fn of_file(name: &str) -> Explanation {
    explained(&data(name))
}

#[test]
fn pages_of_real_alerts_are_as_accepted() {
    let files = [
        ("falco-alerts/2019-0.15-kmod-glued-text.log", "2019-glued"),
        ("falco-alerts/2019-page-faults.jsonl", "2019-page-faults"),
        ("falco-alerts/2020-drops-exceed-events.json", "2020-drops-exceed-events"),
        ("falco-alerts/2020-mixed-json-and-log.log", "2020-mixed"),
        ("falco-alerts/2023-0.35-categories.json", "2023-categories"),
        ("falco-alerts/2024-metrics-snapshot-barely-used-node.json", "2024-snapshot"),
        ("falco-0.44.1/stdout.log", "0.44.1"),
        ("falco-0.44.1/stderr.log", "0.44.1-log"),
    ];
    for (file, name) in files {
        golden(&format!("explain/{name}.txt"), &text(&of_file(file)));
    }
    let newest = of_file("falco-0.44.1/stdout.log");
    golden("explain/0.44.1.md", &markdown(&newest));
    golden("explain/0.44.1.json", &json(&newest).unwrap());
    golden("explain/0.44.1.html", &html(&newest));
    golden("explain/DC102.md", &format!("# {}\n", Code::ConsumerThrottled.page()));
}

/// With what a recording shows of that time.
#[test]
fn a_page_with_its_moment_is_as_accepted() {
    let findings = diagnose(&scenario("throttled").all(), &[]);
    let moment = Moment { source: "throttled.jsonl.gz".to_owned(), findings };
    let explanation = tally_of(&data("falco-alerts/2023-0.35-categories.json")).explain(Some(moment));
    golden("explain/with-a-recording.txt", &text(&explanation));
    golden("explain/with-a-recording.md", &markdown(&explanation));
}

#[test]
fn a_line_of_the_log_is_not_counted_beside_its_alert() {
    let alerts = of_file("falco-alerts/2019-0.15-kmod-glued-text.log").alerts.unwrap();
    assert_eq!((alerts.count, alerts.repeated, alerts.n_drops), (3, 3, 6));
    assert_eq!(alerts.n_evts, Some(33_814 + 33_249 + 30_425));
    let alerts = of_file("falco-alerts/2020-mixed-json-and-log.log").alerts.unwrap();
    assert_eq!((alerts.count, alerts.repeated, alerts.n_drops), (2, 1, 4));
    // The same number at another time is another loss.
    let line = |time: &str| {
        format!("{time}: Falco internal: syscall event drop. 2 system calls dropped in last second.\n")
    };
    let alerts = explained(&(line("07:43:15") + &line("07:44:15"))).alerts.unwrap();
    assert_eq!((alerts.count, alerts.repeated, alerts.n_drops), (2, 0, 4));
}

#[test]
fn counters_that_contradict_each_other_give_no_share() {
    let explanation = of_file("falco-alerts/2020-drops-exceed-events.json");
    assert_eq!(explanation.alerts.unwrap().share, None);
    assert!(explanation.conclusions[0].contains("contradict"), "{:?}", explanation.conclusions);
}

#[test]
fn snapshots_are_counted_between_each_other() {
    let snapshot = |n_evts: u64, n_drops: u64| {
        format!(
            "{{\"output\":\"Falco metrics snapshot\",\"output_fields\":{{\"scap.n_evts\":{n_evts},\"scap.n_drops\":{n_drops}}}}}\n"
        )
    };
    let text =
        [(1000, 10), (2000, 110), (500, 5)].map(|(n_evts, n_drops)| snapshot(n_evts, n_drops)).concat();
    let snapshots = explained(&text).snapshots.unwrap();
    assert_eq!((snapshots.count, snapshots.restarts), (3, 1));
    assert_eq!((snapshots.n_evts, snapshots.n_drops), (Some(1500), Some(105)));
    assert_eq!(snapshots.worst_share, Some(0.1));
    let alone = explained(&snapshot(7, 0));
    assert!(alone.verdict.contains("two do"), "{}", alone.verdict);
}
