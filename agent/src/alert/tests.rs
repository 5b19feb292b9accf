//! Real lines of many versions, every documented set of fields in every form, and text that is meant to hurt.

mod snapshots;

use std::{fmt::Write as _, fs, path::PathBuf};

use super::*;

fn said(text: &str) -> Vec<Said> {
    Scanner::new(text.as_bytes()).map(Result::unwrap).collect()
}

fn drops(text: &str) -> Vec<DropAlert> {
    let drop = |said| match said {
        Said::Drop(alert) => Some(alert),
        Said::Snapshot(_) => None,
    };
    said(text).into_iter().filter_map(drop).collect()
}

fn data(name: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

/// Drops of each alert in a file, and how many have counters.
fn of_file(name: &str) -> (Vec<u64>, usize) {
    let alerts = drops(&data(name));
    let with_fields = alerts.iter().filter(|alert| alert.fields.is_some()).count();
    (alerts.iter().map(|alert| alert.n_drops).collect(), with_fields)
}

/// Of falco-alerts and of what a 0.44.1 wrote, all that is there.
const FILES: [&str; 8] = [
    "falco-0.44.1/stderr.log",
    "falco-0.44.1/stdout.log",
    "falco-alerts/2019-0.15-kmod-glued-text.log",
    "falco-alerts/2019-page-faults.jsonl",
    "falco-alerts/2020-drops-exceed-events.json",
    "falco-alerts/2020-mixed-json-and-log.log",
    "falco-alerts/2023-0.35-categories.json",
    "falco-alerts/2024-metrics-snapshot-barely-used-node.json",
];

#[test]
fn each_line_says_by_itself_what_it_says_in_its_file() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/falco-alerts");
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(FILES.contains(&&*format!("falco-alerts/{name}")), "{name} is not read by a test");
    }
    for name in FILES {
        let file = data(name);
        let lines: Vec<Said> = file.lines().flat_map(said).collect();
        assert_eq!(lines, said(&file), "{name}");
        // No sentence and no snapshot is passed over, wherever it stands.
        for line in file.lines() {
            let sentences = line.matches("system calls dropped in last second").count();
            let snapshots = line.matches(&format!("\"output\":\"{SNAPSHOT}\"")).count();
            assert_eq!(said(line).len(), sentences + snapshots, "{name}: {line}");
        }
    }
}

#[test]
fn every_real_file_is_read() {
    assert_eq!(of_file("falco-alerts/2019-0.15-kmod-glued-text.log"), (vec![1, 1, 2, 2, 3, 3], 3));
    assert_eq!(of_file("falco-alerts/2019-page-faults.jsonl"), (vec![922, 2088], 2));
    assert_eq!(of_file("falco-alerts/2020-drops-exceed-events.json"), (vec![6_315_305], 1));
    assert_eq!(of_file("falco-alerts/2020-mixed-json-and-log.log"), (vec![2, 2, 2], 2));
    assert_eq!(of_file("falco-alerts/2023-0.35-categories.json"), (vec![815_508], 1));
    assert_eq!(of_file("falco-alerts/2024-metrics-snapshot-barely-used-node.json"), (vec![], 0));
    assert_eq!(of_file("falco-0.44.1/stdout.log"), (vec![286_259], 1));
    assert_eq!(of_file("falco-0.44.1/stderr.log"), (vec![286_259], 0));
    let snapshots =
        |name: &str| said(&data(name)).iter().filter(|said| matches!(said, Said::Snapshot(_))).count();
    assert_eq!(snapshots("falco-alerts/2024-metrics-snapshot-barely-used-node.json"), 1);
    assert_eq!(
        snapshots("falco-0.44.1/stdout.log"),
        data("falco-0.44.1/stdout.log").matches(SNAPSHOT).count()
    );
}

#[test]
fn glued_lines_keep_their_own_times() {
    let alerts = drops(&data("falco-alerts/2019-0.15-kmod-glued-text.log"));
    let time = |index: usize| alerts[index].time.0.clone().unwrap();
    assert_eq!(time(0), "Tue May 21 12:55:58 2019");
    assert_eq!(time(1), "12:55:58.461500387");
    assert_eq!(time(3), "12:56:45.211539735");
    assert_eq!(alerts[1].priority.as_deref(), Some("Critical"));
    assert_eq!(alerts[1].count("n_evts"), Some(33_814));
    assert!(alerts[0].time.may_be(&alerts[1].time) && !alerts[0].time.may_be(&alerts[2].time));
}

#[test]
fn the_rest_is_what_no_category_has() {
    let alert = &drops(&data("falco-alerts/2023-0.35-categories.json"))[0];
    assert_eq!(alert.uncategorised(), Some(815_508 - 803 - 804 - 798 - 798));
    let alert = &drops(&data("falco-0.44.1/stdout.log"))[0];
    assert_eq!(alert.uncategorised(), Some(0));
    let alert = &drops(&data("falco-alerts/2020-drops-exceed-events.json"))[0];
    assert_eq!((alert.uncategorised(), alert.buffer()), (None, Some(6_315_305)));
}

const EXITS: [&str; 6] =
    ["clone_fork_exit", "execve_exit", "connect_exit", "open_exit", "dir_file_exit", "other_interest_exit"];
const ENTRIES: [&str; 6] = [
    "clone_fork_enter",
    "execve_enter",
    "connect_enter",
    "open_enter",
    "dir_file_enter",
    "other_interest_enter",
];

/// Names of all fields of a version's alerts.
fn names(era: Era) -> Vec<String> {
    let mut names: Vec<String> =
        ["ebpf_enabled", "n_drops", "n_drops_bug", "n_evts"].iter().map(|name| (*name).to_owned()).collect();
    let more: &[&str] = match era {
        Era::Critical | Era::Debug => &["n_drops_buffer", "n_drops_pf"],
        Era::ScratchMap => &["n_drops_buffer", "n_drops_pf", "n_drops_scratch_map"],
        _ => &["n_drops_buffer_total", "n_drops_page_faults", "n_drops_scratch_map"],
    };
    names.extend(more.iter().map(|name| (*name).to_owned()));
    let mut category = |list: &[&str]| names.extend(list.iter().map(|name| format!("n_drops_buffer_{name}")));
    if era >= Era::Categories {
        category(&EXITS);
    }
    if matches!(era, Era::Categories | Era::CloseAndProc) {
        category(&ENTRIES);
    }
    if era >= Era::CloseAndProc {
        category(&["close_exit", "proc_exit"]);
    }
    names.sort();
    names
}

/// An alert of a version in each form in which it may be met.
fn forms(era: Era, values: &[(String, u64)]) -> Vec<(&'static str, String)> {
    let n_drops = values.iter().find(|(name, _)| name == "n_drops").unwrap().1;
    let priority = if era == Era::Critical { "Critical" } else { "Debug" };
    let sentence = format!("{DROP}. {n_drops} system calls dropped in last second.");
    let fields: Vec<String> = values.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    let json = format!(
        "{{\"hostname\":\"h\",\"output\":\"{sentence}\",\"output_fields\":{{{}}},\"priority\":\"{priority}\",\"rule\":\"{DROP}\",\
         \"source\":\"internal\",\"time\":\"2026-11-23T05:49:58.171836390Z\"}}",
        fields.join(",")
    );
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let pairs = |quote: &str| {
        let pair = |(name, value): &(String, u64)| format!("{name}={quote}{value}{quote}");
        values.iter().map(pair).collect::<Vec<_>>().join(" ")
    };
    let text = |quote: &str, blank: &str| {
        format!("05:49:58.171836390: {priority} {sentence}{blank}({})", pairs(quote))
    };
    let docker =
        serde_json::json!({"log": format!("{json}\n"), "stream": "stdout", "time": "2026-11-23T05:50:00Z"});
    let collector =
        serde_json::json!({"_source": {"kubernetes": {"pod": "falco-x"}, "message": docker.to_string()}});
    vec![
        ("json", json.clone()),
        ("pretty", serde_json::to_string_pretty(&value).unwrap()),
        ("kubectl", format!("[pod/falco-7xk2p/falco] {json}\n")),
        ("journald", format!("Nov 23 05:49:58 node-a falco[812]: {json}\n")),
        ("docker", docker.to_string()),
        ("docker with text", serde_json::json!({"log": text("\"", " "), "stream": "stderr"}).to_string()),
        ("collector", collector.to_string()),
        ("falcosidekick", json.replacen('{', "{\"uuid\":\"4e0\",\"tags\":[\"{\"],", 1)),
        ("text", text("", " ")),
        ("glued text", text("", "")),
        ("quoted text", text("\"", " ")),
        ("text in a shell", text("\\\"", " ")),
    ]
}

const ERAS: [Era; 6] =
    [Era::Critical, Era::Debug, Era::ScratchMap, Era::Categories, Era::CloseAndProc, Era::ExitsOnly];

#[test]
fn every_set_of_fields_is_read_in_every_form() {
    let mut all = String::new();
    let mut expected = Vec::new();
    for (index, era) in ERAS.into_iter().enumerate() {
        let mut values: Vec<(String, u64)> = names(era).into_iter().zip((10 + index as u64)..).collect();
        values.iter_mut().filter(|(name, _)| name == "ebpf_enabled").for_each(|(_, value)| *value = 1);
        for (form, text) in forms(era, &values) {
            let found = drops(&text);
            assert_eq!(found.len(), 1, "{form}: {text}");
            let fields: Vec<(String, u64)> = found[0]
                .fields
                .iter()
                .flatten()
                .map(|(name, value)| (name.clone(), whole(*value).unwrap()))
                .collect();
            assert_eq!(fields, values, "{form}");
            assert_eq!(Era::of(&found[0]), Some(era), "{form}");
            let n_drops = values.iter().find(|(name, _)| name == "n_drops").unwrap().1;
            assert_eq!(found[0].n_drops, n_drops, "{form}");
            // One after the other without anything between them.
            let _ = write!(all, "{text}");
            expected.push(n_drops);
        }
    }
    assert_eq!(drops(&all).iter().map(|alert| alert.n_drops).collect::<Vec<_>>(), expected);
}

/// Gives a few bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl std::io::Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn nothing_is_lost_where_windows_meet() {
    let values: Vec<(String, u64)> = names(Era::ExitsOnly).into_iter().zip(1..).collect();
    let forms = forms(Era::ExitsOnly, &values);
    for (form, text) in &forms {
        for before in [0, 1, 7, 4_000, 100_000] {
            // The alert begins or ends at, before and behind the places where a window or two of them end.
            for at in [scan::WINDOW, 2 * scan::WINDOW] {
                let noise = "x".repeat(at.saturating_sub(before).saturating_sub(text.len() / 2));
                let long = format!("{noise} {text} {noise}\n{text}");
                assert_eq!(drops(&long).len(), 2, "{form} {before} before {at}");
            }
        }
        let alerts: Vec<_> = Scanner::new(Drip(text.as_bytes(), 3)).map(Result::unwrap).collect();
        assert_eq!(alerts.len(), 1, "{form} in drips");
    }
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let noise = "{\"a\":[{\"b\":\"{ Falco internal: syscall event drop. x ".repeat(20_000);
    let mut scanner = Scanner::new(noise.as_bytes());
    assert!(scanner.next().is_none());
    assert!(scanner.capacity() <= 4 * scan::WINDOW, "{} bytes are held", scanner.capacity());
}

#[test]
fn what_is_no_alert_says_nothing() {
    let nothing = [
        "",
        "{",
        "hello",
        "{\"output_fields\":{}}",
        "{\"output_fields\":{\"n_drops\":\"many\"}}",
        "{\"output_fields\":{\"n_drops\":-1}}",
        "Falco internal: syscall event drop",
        "Falco internal: syscall event drop. -5 system calls dropped in last second.",
        "Falco internal: syscall event drop. 99999999999999999999 system calls dropped in last second.",
        "{\"output\":\"A shell was spawned\",\"output_fields\":{\"proc.name\":\"sh\"}}",
    ];
    for text in nothing {
        assert_eq!(said(text), [], "{text}");
    }
}

#[test]
fn an_alert_that_was_cut_off_still_has_its_sentence() {
    let json = data("falco-0.44.1/stdout.log");
    let line = json.lines().find(|line| line.contains(DROP)).unwrap();
    let found = drops(&line[..line.len() - 40]);
    assert_eq!((found.len(), found[0].n_drops, found[0].fields.is_none()), (1, 286_259, true));
}

#[test]
fn numbers_that_no_driver_counted_are_none_and_add_up_to_nothing() {
    let fields = |count: &str| {
        let categories: Vec<String> =
            (0..3000).map(|index| format!("\"n_drops_buffer_x{index}\":\"{count}\"")).collect();
        format!(
            "{{\"output_fields\":{{\"n_evts\":\"9\",\"n_drops\":\"1\",\"n_drops_buffer_total\":\"1\",{}}}}}",
            categories.join(",")
        )
    };
    let alert = &drops(&fields("9007199254740992"))[0];
    assert_eq!((alert.categories().count(), alert.uncategorised()), (3000, None), "more than there are");
    assert_eq!(drops(&fields("18446744073709551615"))[0].categories().count(), 0);
}
