//! Names of all metrics. Public interface: names are added, never changed. docs/metrics.md describes each.

/// Counter or gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows while the agent runs.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// One metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name.
    pub name: &'static str,
    /// HELP text.
    pub help: &'static str,
    /// TYPE.
    pub kind: Kind,
    /// Names of its labels.
    pub labels: &'static [&'static str],
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, kind: Kind::Counter, labels: &[] }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, kind: Kind::Gauge, labels: &[] }
}

/// Build.
pub const BUILD_INFO: Metric = Metric {
    labels: &["version", "revision"],
    ..gauge("dropctl_build_info", "Version and commit of this agent; always 1.")
};
/// Mode.
pub const PROBE_MODE: Metric = Metric {
    labels: &["mode"],
    ..gauge("dropctl_probe_mode", "What runs per syscall; 1 for the active mode.")
};
/// Events seen.
pub const SEEN: Metric = counter(
    "dropctl_probe_events_seen_total",
    "Syscall exits counted, dropctl's own left out. Exact while no run is missed.",
);
/// Own events.
pub const OWN: Metric = counter(
    "dropctl_probe_events_own_total",
    "Syscall exits of dropctl itself, left out of everything else.",
);
/// Missed runs.
pub const MISSED: Metric = counter(
    "dropctl_probe_events_missed_total",
    "Runs of the probe that the kernel skipped (recursion_misses); absent where it does not count them.",
);
/// Passed over by sampling.
pub const SAMPLED_OUT: Metric = counter(
    "dropctl_probe_events_sampled_out_total",
    "Events counted and, by --sample, not meant for the ring.",
);
/// Records tried.
pub const ATTEMPTED: Metric = counter(
    "dropctl_probe_events_attempted_total",
    "Records tried: attempted = consumed + dropped + in flight.",
);
/// Records committed.
pub const SUBMITTED: Metric =
    counter("dropctl_probe_events_submitted_total", "Records committed to the ring.");
/// Records consumed.
pub const CONSUMED: Metric = counter("dropctl_probe_events_consumed_total", "Records read from the ring.");
/// Records dropped.
pub const DROPPED: Metric = counter("dropctl_probe_events_dropped_total", "Records that the ring refused.");
/// Bytes committed.
pub const SUBMITTED_BYTES: Metric =
    counter("dropctl_probe_submitted_bytes_total", "Bytes written to the ring, record headers included.");
/// Bytes consumed.
pub const CONSUMED_BYTES: Metric =
    counter("dropctl_probe_consumed_bytes_total", "Bytes freed by the consumer, record headers included.");
/// Overruns.
pub const OVERRUNS: Metric = counter(
    "dropctl_probe_overruns_total",
    "Episodes in which the ring refused records; one ends after 100 ms without a refusal.",
);
/// Overrun time.
pub const OVERRUN_SECONDS: Metric = counter(
    "dropctl_probe_overrun_seconds_total",
    "Time from the first to the last refusal of all overruns.",
);
/// Ring size.
pub const RING_CAPACITY: Metric =
    gauge("dropctl_probe_ring_capacity_bytes", "Data bytes of dropctl's own ring.");
/// Ring backlog.
pub const RING_BACKLOG: Metric =
    gauge("dropctl_probe_ring_backlog_bytes", "Bytes in dropctl's own ring when last looked at.");
/// Ring high-water mark.
pub const RING_BACKLOG_MAX: Metric = gauge(
    "dropctl_probe_ring_backlog_max_bytes",
    "Largest backlog found in dropctl's own ring since its start.",
);
/// Share streamed.
pub const SAMPLE_RATIO: Metric =
    gauge("dropctl_probe_sample_ratio", "Share of events that are streamed: 1 / --sample.");
/// Syscalls.
pub const SYSCALLS: Metric = Metric {
    labels: &["syscall"],
    ..counter(
        "dropctl_syscalls_total",
        "Syscall exits by name; 32-bit ones carry a prefix, `none` has no number, `other` is all the rest.",
    )
};
/// Visibility.
pub const VISIBILITY: Metric = Metric {
    labels: &["capability"],
    ..gauge("dropctl_visibility", "Whether this node lets dropctl see something: 1 or 0.")
};
/// CPU.
pub const AGENT_CPU: Metric = counter(
    "dropctl_agent_cpu_seconds_total",
    "CPU time of the agent's threads; its probe runs on the time of those who make the syscalls.",
);
/// Memory.
pub const AGENT_RESIDENT: Metric = gauge("dropctl_agent_resident_bytes", "Resident memory of the agent.");
/// Scrape duration.
pub const SCRAPE_DURATION: Metric =
    gauge("dropctl_scrape_duration_seconds", "Time to render the previous scrape; absent on the first.");
/// Age of the facts.
pub const SAMPLE_TIMESTAMP: Metric =
    gauge("dropctl_sample_timestamp_seconds", "Unix time of the sample that this page shows.");

/// Which ring a series is about: the tool, which of its processes, which of its rings.
const OF_A_RING: &[&str] = &["tool", "tool_instance", "ring"];

const fn ring_counter(name: &'static str, help: &'static str) -> Metric {
    Metric { labels: OF_A_RING, ..counter(name, help) }
}

const fn ring_gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { labels: OF_A_RING, ..gauge(name, help) }
}

/// Size of another tool's ring.
pub const TOOL_RING_CAPACITY: Metric = ring_gauge("dropctl_ring_capacity_bytes", "Data bytes of the ring.");
/// Backlog of another tool's ring.
pub const TOOL_RING_BACKLOG: Metric =
    ring_gauge("dropctl_ring_backlog_bytes", "Bytes reserved and not consumed at the last look.");
/// Largest backlog of another tool's ring.
pub const TOOL_RING_BACKLOG_MAX: Metric = ring_gauge(
    "dropctl_ring_backlog_max_bytes",
    "Largest backlog that a look found since the ring was found.",
);
/// Bytes into another tool's ring.
pub const TOOL_RING_PRODUCED: Metric = ring_counter(
    "dropctl_ring_produced_bytes_total",
    "Bytes reserved since the ring was found, headers included.",
);
/// Bytes out of another tool's ring.
pub const TOOL_RING_CONSUMED: Metric =
    ring_counter("dropctl_ring_consumed_bytes_total", "Bytes consumed since the ring was found.");
/// Time near the top.
pub const TOOL_RING_ABOVE_90: Metric = ring_counter(
    "dropctl_ring_above_90_percent_seconds_total",
    "Time with at least 90 % of the ring taken; as fine as the looks.",
);
/// Time at the top.
pub const TOOL_RING_FULL: Metric = ring_counter(
    "dropctl_ring_full_seconds_total",
    "Time without room for a record of a page, or a sixteenth of the ring; as fine as the looks.",
);
/// Time of stalls.
pub const TOOL_RING_STALLED: Metric = ring_counter(
    "dropctl_ring_stalled_seconds_total",
    "Time in which nothing was consumed for 100 ms and more although records had come.",
);
/// What churns.
pub const TOOL_RING_INFO: Metric = Metric {
    labels: &["tool", "tool_instance", "ring", "map_id", "map_name", "pid", "comm"],
    ..gauge("dropctl_ring_info", "Which map of which process the ring is; always 1.")
};

/// Drops of another tool's ring.
pub const TOOL_RING_DROPS: Metric = ring_counter(
    "dropctl_ring_drops_total",
    "Records that the ring refused, since the tool loaded its probe or dropctl began to count; absent where nobody counts.",
);
/// Where they come from.
pub const TOOL_RING_DROPS_SOURCE: Metric = Metric {
    labels: &["tool", "tool_instance", "ring", "source"],
    ..gauge("dropctl_ring_drops_source_info", "Where dropctl_ring_drops_total comes from; always 1.")
};
/// Time of the threads that drain rings.
pub const CONSUMER_SECONDS: Metric = Metric {
    labels: &["tool", "tool_instance", "state"],
    ..counter(
        "dropctl_consumer_seconds_total",
        "Time of the thread that drains the rings, by what it did; the states are disjoint.",
    )
};
/// Falco's events.
pub const FALCO_EVENTS: Metric = Metric {
    labels: &["tool_instance"],
    ..counter("dropctl_falco_events_total", "Falco's n_evts: attempts to write an event, drops included.")
};
/// Falco's drops.
pub const FALCO_DROPS: Metric = Metric {
    labels: &["tool_instance", "category"],
    ..counter(
        "dropctl_falco_drops_total",
        "Falco's drops by its own categories; none: in no category, scratch_map: larger than 64 KiB.",
    )
};
/// Falco's page.
pub const FALCO_SCRAPE: Metric = Metric {
    labels: &["tool_instance"],
    ..gauge(
        "dropctl_falco_scrape_success",
        "1: Falco's /metrics answered when last asked; 0: it did not; absent where Falco does not serve it.",
    )
};

const OF_A_TOOL: &[&str] = &["tool", "tool_instance"];

/// A tool runs.
pub const TOOL_UP: Metric = Metric {
    labels: OF_A_TOOL,
    ..gauge("dropctl_tool_up", "Whether a known tool runs, from its first sight on: 1 or 0.")
};
/// Lives of a tool after its first.
pub const TOOL_RESTARTS: Metric = Metric {
    labels: OF_A_TOOL,
    ..counter("dropctl_tool_restarts_total", "Times that the tool came again after it had ended.")
};

/// Overruns of another tool's ring.
pub const TOOL_RING_OVERRUNS: Metric = ring_counter(
    "dropctl_ring_overruns_total",
    "Episodes in which the ring refused records, or the tool's counter of drops grew; one ends after 100 ms without.",
);
/// Drops of another tool by workload.
pub const WORKLOAD_DROPS: Metric = Metric {
    labels: &["tool", "tool_instance", "workload_namespace", "workload_pod", "workload_container"],
    ..counter(
        "dropctl_workload_drops_total",
        "Events that the tool dropped, by whose they were; pod unattributed: nobody's, other: all without a series.",
    )
};
/// Findings made.
pub const FINDINGS: Metric = Metric {
    labels: &["tool", "code"],
    ..counter(
        "dropctl_findings_total",
        "Times that the agent made the finding: once for as long as it finds it again (docs/findings.md).",
    )
};
/// Findings that stand.
pub const FINDING_ACTIVE: Metric = Metric {
    labels: &["tool", "code", "name", "severity"],
    ..gauge(
        "dropctl_finding_active",
        "1: the finding stands, or did within the last five minutes; else absent.",
    )
};

/// Skipped runs of a tool's programs.
pub const PROGRAM_MISSED: Metric = Metric {
    labels: &["tool", "tool_instance", "program"],
    ..counter(
        "dropctl_program_missed_total",
        "Runs of a tool's BPF programs that the kernel skipped (recursion_misses), since they were loaded.",
    )
};

/// Size of the perf buffers of a process.
pub const PERF_CAPACITY: Metric = Metric {
    labels: OF_A_TOOL,
    ..gauge("dropctl_perf_buffer_capacity_bytes", "Data bytes of all perf buffers of a process.")
};
/// What waits in them.
pub const PERF_BACKLOG: Metric = Metric {
    labels: OF_A_TOOL,
    ..gauge(
        "dropctl_perf_buffer_backlog_bytes",
        "Bytes written to the perf buffers of a process and not read.",
    )
};
/// What was written to them.
pub const PERF_PRODUCED: Metric = Metric {
    labels: OF_A_TOOL,
    ..counter("dropctl_perf_buffer_produced_bytes_total", "Bytes written since they were found.")
};
/// What was read from them.
pub const PERF_CONSUMED: Metric = Metric {
    labels: OF_A_TOOL,
    ..counter("dropctl_perf_buffer_consumed_bytes_total", "Bytes read since they were found.")
};
/// What they lost.
pub const PERF_LOST: Metric = Metric {
    labels: OF_A_TOOL,
    ..counter(
        "dropctl_perf_buffer_lost_total",
        "Samples that found no room since they were found; absent where the kernel does not count them.",
    )
};
/// Whose they are.
pub const PERF_INFO: Metric = Metric {
    labels: &["tool", "tool_instance", "pid", "comm"],
    ..gauge("dropctl_perf_buffer_info", "Which process has them; always 1.")
};

/// All of them, in the order of the page.
pub const ALL: &[Metric] = &[
    BUILD_INFO,
    PROBE_MODE,
    SEEN,
    OWN,
    MISSED,
    SAMPLED_OUT,
    ATTEMPTED,
    SUBMITTED,
    CONSUMED,
    DROPPED,
    SUBMITTED_BYTES,
    CONSUMED_BYTES,
    OVERRUNS,
    OVERRUN_SECONDS,
    RING_CAPACITY,
    RING_BACKLOG,
    RING_BACKLOG_MAX,
    SAMPLE_RATIO,
    SYSCALLS,
    TOOL_RING_CAPACITY,
    TOOL_RING_BACKLOG,
    TOOL_RING_BACKLOG_MAX,
    TOOL_RING_PRODUCED,
    TOOL_RING_CONSUMED,
    TOOL_RING_ABOVE_90,
    TOOL_RING_FULL,
    TOOL_RING_STALLED,
    TOOL_RING_DROPS,
    TOOL_RING_DROPS_SOURCE,
    TOOL_RING_OVERRUNS,
    TOOL_RING_INFO,
    CONSUMER_SECONDS,
    WORKLOAD_DROPS,
    FALCO_EVENTS,
    FALCO_DROPS,
    FALCO_SCRAPE,
    TOOL_UP,
    TOOL_RESTARTS,
    PROGRAM_MISSED,
    FINDINGS,
    FINDING_ACTIVE,
    PERF_CAPACITY,
    PERF_BACKLOG,
    PERF_PRODUCED,
    PERF_CONSUMED,
    PERF_LOST,
    PERF_INFO,
    VISIBILITY,
    AGENT_CPU,
    AGENT_RESIDENT,
    SCRAPE_DURATION,
    SAMPLE_TIMESTAMP,
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        let mut seen = HashSet::new();
        for Metric { name, help, kind, labels } in ALL {
            assert!(seen.insert(name), "{name} twice");
            assert!(name.starts_with("dropctl_") && !help.is_empty(), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(
                !labels
                    .iter()
                    .any(|label| ["instance", "job", "namespace", "pod", "container"].contains(label))
            );
        }
    }
}
