//! Alerts as Falco prints them with `json_output: true`.

use std::{
    collections::BTreeMap,
    time::{Duration, UNIX_EPOCH},
};

use serde::Serialize;

use super::{counters::Counts, identity::now_ns};

/// One line on stdout.
#[derive(Debug, Serialize)]
struct Alert<'a> {
    hostname: &'a str,
    output: String,
    output_fields: BTreeMap<&'static str, String>,
    priority: &'static str,
    rule: &'static str,
    source: &'static str,
    time: String,
}

/// Names of the categories in a drop alert; it has none for what is entered, though the kernel counts some.
const CATEGORIES: [&str; 8] = [
    "n_drops_buffer_clone_fork_exit",
    "n_drops_buffer_close_exit",
    "n_drops_buffer_connect_exit",
    "n_drops_buffer_dir_file_exit",
    "n_drops_buffer_execve_exit",
    "n_drops_buffer_open_exit",
    "n_drops_buffer_other_interest_exit",
    "n_drops_buffer_proc_exit",
];

/// Says what the counters have grown by. All numbers are strings.
pub(super) fn drops(hostname: &str, grown: &Counts) -> serde_json::Result<String> {
    let mut fields: BTreeMap<_, _> = CATEGORIES.map(|name| (name, grown.of(name).to_string())).into();
    for (name, count) in [
        ("ebpf_enabled", 1),
        ("n_drops", grown.drops()),
        ("n_drops_buffer_total", grown.of("n_drops_buffer")),
        ("n_drops_bug", 0),
        ("n_drops_page_faults", 0),
        ("n_drops_scratch_map", grown.of("n_drops_max_event_size")),
        ("n_evts", grown.events()),
    ] {
        fields.insert(name, count.to_string());
    }
    serde_json::to_string(&Alert {
        hostname,
        output: format!(
            "Falco internal: syscall event drop. {} system calls dropped in last second.",
            grown.drops()
        ),
        output_fields: fields,
        priority: "Debug",
        rule: "Falco internal: syscall event drop",
        source: "internal",
        time: iso8601(now_ns()),
    })
}

/// An alert of the stand-in's one rule, which every event may match.
pub(super) fn rule(hostname: &str, event_time_ns: u64, number: u64) -> serde_json::Result<String> {
    serde_json::to_string(&Alert {
        hostname,
        output: format!("Stand-in event (number={number})"),
        output_fields: [("evt.num", number.to_string())].into(),
        priority: "Notice",
        rule: "Stand-in event",
        source: "syscall",
        time: iso8601(event_time_ns),
    })
}

fn iso8601(time_ns: u64) -> String {
    humantime::format_rfc3339_nanos(UNIX_EPOCH + Duration::from_nanos(time_ns)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_strings_and_nothing_is_missing() {
        let grown = Counts::from_pairs(&[
            ("n_evts", 10),
            ("n_drops_buffer", 7),
            ("n_drops_buffer_open_exit", 3),
            ("n_drops_buffer_open_enter", 4),
        ]);
        let alert: serde_json::Value = serde_json::from_str(&drops("node", &grown).unwrap()).unwrap();
        let fields = alert["output_fields"].as_object().unwrap();
        assert_eq!(fields.len(), 15);
        assert!(fields.values().all(serde_json::Value::is_string));
        assert_eq!(fields["n_drops"], "7");
        assert_eq!(fields["n_drops_buffer_open_exit"], "3");
        assert_eq!(iso8601(1_500_000_000), "1970-01-01T00:00:01.500000000Z");
    }
}
