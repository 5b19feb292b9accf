//! The stand-in against what a real Falco 0.44.1 was seen to do: how much a ring keeps while its consumer stands
//! still, what its maps look like from outside, where its counters lie, what its alerts say.
//!
//! Needs root and bpftool, and a machine on which nobody else calls `getpgrp`, `open` all the time: a run with
//! foreign calls is made again.
//!
//! Environment: `DROPCTL_LAB_BIN`, the program to test.
#![allow(unused_crate_dependencies, reason = "a test target uses few of the package's dependencies")]

mod abilities;
mod alerts;
mod bpftool;
mod conserved;
mod layouts;
mod orders;
mod outputs;
mod outside;
mod pages;
mod paused;
#[allow(dead_code, reason = "shared with `watched`")]
mod standin;

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};

/// A test by its name.
type Test = (&'static str, fn() -> Result<()>);

const TESTS: &[Test] = &[
    ("paused_consumer_keeps_a_ring_full", paused::rings),
    ("paused_consumer_keeps_all_that_fits", paused::all_fits),
    ("record_sizes", paused::record_sizes),
    ("record_size_of_openat", paused::openat_size),
    ("stalled_consumer_leaves_a_ring_full", paused::stalled),
    ("same_load_same_checksum", conserved::checksum),
    ("record_bytes_of_falco", conserved::record_bytes),
    ("every_event_is_accounted_for", conserved::under_stress),
    ("maps_look_like_falco", outside::maps),
    ("counters_v0", layouts::v0),
    ("counters_v1", layouts::v1),
    ("counters_v2", layouts::v2),
    ("counters_v3", layouts::v3),
    ("alert_has_the_shape_of_falco", alerts::shape),
    ("alerts_end_with_the_events", alerts::silent_end),
    ("oldest_record_comes_first", orders::oldest_first),
    ("ends_by_itself", orders::stop_after),
    ("config_says_what_flags_say", orders::config),
    ("bounded_queue_drops_alerts", outputs::bounded),
    ("blocked_output_holds_up_no_event", outputs::blocked),
    ("pages_of_falco", pages::metrics_and_versions),
    ("events_above_64_kib_are_dropped", abilities::oversized),
    ("data_ends_at_snaplen", abilities::snaplen),
    ("a_reload_starts_anew", abilities::reload),
    ("a_blind_one_counts_nothing", abilities::blind),
    ("a_crash_ends_with_an_account", abilities::crash),
    ("nobody_wakes_who_waits_in_epoll", abilities::epoll),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Two tests at once would trace each other's syscalls.
    arguments.test_threads = Some(1);
    let trial = |(name, run): &Test| {
        let run = *run;
        Trial::test(*name, move || run().map_err(|error| Failed::from(format!("{error:#}"))))
    };
    libtest_mimic::run(&arguments, TESTS.iter().map(trial).collect()).exit_code()
}
