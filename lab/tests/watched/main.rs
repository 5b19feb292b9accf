//! dropctl beside the stand-in: what it sees from outside is what the stand-in says of itself, to the event and to the
//! byte, and the stand-in gets every record that it gets alone.
//!
//! Needs root. Environment: `DROPCTL_LAB_BIN`, the stand-in's program; `DROPCTL_BIN`, dropctl; `DROPCTL_GUEST`, shorter runs.
#![allow(unused_crate_dependencies, reason = "a test target uses few of the package's dependencies")]
#![allow(clippy::print_stdout, reason = "measured numbers belong on stdout")]

mod cgroup;
mod consumers;
mod counters;
mod estimate;
mod facts;
mod harmless;
mod lives;
mod memory;
mod refusals;
mod skipped;
mod special;
#[path = "../oracle/standin.rs"]
#[allow(dead_code, reason = "shared with the oracle")]
mod standin;
mod whose;

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};

/// A test by its name.
type Test = (&'static str, fn() -> Result<()>);

const TESTS: &[Test] = &[
    ("counters_and_ring_by_pages", counters::by_pages),
    ("counters_and_ring_by_iterator", counters::by_iterator),
    ("every_counter_layout", counters::layouts),
    ("rings_by_cpu", counters::ring_per_cpu),
    ("whose_drops_tool_first", whose::tool_first),
    ("whose_drops_dropctl_first", whose::dropctl_first),
    ("whose_drops_tool_again", whose::tool_again),
    ("whose_drops_automatic", whose::automatic),
    ("whose_drops_by_cgroup", whose::by_cgroup),
    ("lives_of_two_falcos", lives::two_falcos),
    ("lives_of_short_processes", lives::short_processes),
    ("skipped_runs_are_found", skipped::found),
    ("tool_of_a_kernel_module", special::module),
    ("tool_killed_for_memory", special::killed_for_memory),
    ("facts_all_agree", facts::all_agree),
    ("facts_not_applied", facts::not_applied),
    ("facts_of_two", facts::two),
    ("facts_hostile_pages", facts::hostile_pages),
    ("facts_hostile_files", facts::hostile_files),
    ("facts_in_a_container", facts::in_a_container),
    ("consumer_saturated", consumers::saturated),
    ("consumer_throttled", consumers::throttled),
    ("consumer_starved", consumers::starved),
    ("consumer_asleep", consumers::asleep),
    ("consumer_stopped", consumers::stopped),
    ("consumer_keeps_up", consumers::keeps_up),
    ("memory_of_a_loss", memory::of_a_loss),
    ("memory_of_a_killed_agent", memory::of_a_killed_agent),
    ("estimate_covers_what_was_dropped", estimate::covers),
    ("refusals_behind", refusals::behind),
    ("refusals_of_each_class", refusals::classes),
    ("refusals_pending", refusals::pending),
    ("refusals_on_demand", refusals::on_demand),
    ("watching_takes_nothing", harmless::takes_nothing),
];

/// Tests of files and pages, and of shares of time.
const NOT_IN_GUESTS: [&str; 4] = ["facts_", "consumer_", "memory_", "estimate_"];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Two tests at once would trace each other's syscalls.
    arguments.test_threads = Some(1);
    let has_types = std::path::Path::new("/sys/kernel/btf/vmlinux").exists();
    let is_guest = std::env::var_os("DROPCTL_GUEST").is_some();
    let trial = |(name, run): &Test| {
        let run = *run;
        let missing = if !has_types {
            Some("the kernel's types are needed, by the stand-in too")
        } else if is_guest && NOT_IN_GUESTS.iter().any(|start| name.starts_with(start)) {
            Some(
                "not in a guest: what it reads is the same in every kernel, and an emulated CPU is no measure of time",
            )
        } else {
            None
        };
        if let Some(missing) = missing.filter(|_| !arguments.list) {
            println!("skip: {name}: {missing}");
        }
        Trial::test(*name, move || run().map_err(|error| Failed::from(format!("{error:#}"))))
            .with_ignored_flag(missing.is_some())
    };
    libtest_mimic::run(&arguments, TESTS.iter().map(trial).collect()).exit_code()
}
