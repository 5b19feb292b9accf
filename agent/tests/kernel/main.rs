//! The probe on a real kernel: exact counts, conservation, the kernel's own habits, and nothing left behind.
//!
//! Every test makes a known number of rare syscalls in children of this process and compares. It needs root;
//! without it, or without what a single test needs, tests are listed as ignored and a line says why. One file,
//! no compiler, no other files, so that it runs in guests as it is.
//!
//! Environment: `DROPCTL_GUEST` (nothing else runs here: more is exact), `DROPCTL_HIDE_BTF=1` (everything without
//! the kernel's types), `DROPCTL_CHAOS_SECONDS`, `DROPCTL_SEED`, `DROPCTL_PREEMPT_CALLS`, `DROPCTL_BIN`.
//!
//! What the tests establish about `sys_exit` is listed in docs/kernels.md.
#![allow(unused_crate_dependencies, reason = "a test target uses few of the package's dependencies")]
#![allow(clippy::print_stdout, reason = "reasons of skips and measured numbers belong on stdout")]
#![allow(clippy::cast_possible_truncation, reason = "syscall numbers and raw results are small")]

mod abi;
mod chaos;
mod child;
mod cli;
mod crew;
mod dispatch;
mod doctor;
mod elf;
mod exact;
mod expect;
mod handlers;
mod hook;
mod hostile;
mod known_ring;
mod leftovers;
mod lock;
mod maps;
mod no_btf;
mod node;
mod numbers;
mod old_kernel;
mod own;
mod perf;
mod preempt;
mod privileges;
mod processes;
mod programs;
mod raw;
mod replay;
mod rights;
mod rings;
mod role;
mod seccomp;
mod shared;
mod signals;
mod tracer;
mod within;

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};

use node::Need::{self, BtfToHide, Cli, From, Ia32, Live, OldKernel, TwoCpus};

/// One test.
struct Test {
    name: &'static str,
    needs: &'static [Need],
    run: fn() -> Result<()>,
}

const fn test(name: &'static str, needs: &'static [Need], run: fn() -> Result<()>) -> Test {
    Test { name, needs, run }
}

const TESTS: &[Test] = &[
    test("exact_count_two_cpus", &[], exact::count),
    test("exact_stream_every_event", &[], exact::stream),
    test("exact_stream_one_in_7", &[], exact::stream_one_in_7),
    test("exact_stream_one_in_64", &[], exact::stream_one_in_64),
    test("exact_under_signals", &[], signals::interrupted_loop),
    test("restarted_syscalls_exit_again", &[], signals::restarted),
    test("fork_exits_twice", &[], processes::fork),
    test("vfork_exits_twice", &[], processes::vfork),
    test("exit_never_exits", &[], processes::exit),
    test("execveat_reports_execve", &[], processes::execveat),
    test("int80_is_compat", &[Ia32], abi::int80),
    test("elf32_is_compat", &[Ia32], abi::elf32),
    test("exec_reports_the_new_abi", &[Ia32], abi::exec_across),
    test("x32_numbers_have_their_slots", &[], numbers::x32),
    test("numbers_out_of_range_are_other", &[], numbers::out_of_range),
    test("bits_above_32_are_ignored", &[], numbers::high_bits),
    test("minus_one_is_none", &[], numbers::minus_one),
    test("seccomp_refusal_exits", &[], seccomp::refused),
    test("seccomp_kill_exits_on_newer_kernels", &[], seccomp::killed),
    test("tracer_cancelled_is_none", &[], tracer::cancelled),
    test("user_dispatch_never_exits", &[From(5, 11)], dispatch::dispatched),
    test("own_threads_left_out", &[], own::left_out),
    test("preempted_runs_are_missed", &[TwoCpus], preempt::counted_or_missed),
    test("known_ring_stopped_consumer", &[TwoCpus], known_ring::stopped),
    test("known_ring_stopped_report", &[TwoCpus, Cli], cli::stopped_report),
    test("nothing_left_after_stop", &[], leftovers::after_stop),
    test("nothing_left_after_drop", &[], leftovers::after_drop),
    test("nothing_left_after_kill", &[], leftovers::after_kill),
    test("chaos_conserves", &[TwoCpus], chaos::conserves),
    test("no_btf_is_exact_too", &[BtfToHide], no_btf::exact_too),
    test("rings_seen_by_pages", &[TwoCpus, BtfToHide], rings::by_pages),
    test("rings_seen_by_iterator", &[TwoCpus, BtfToHide], rings::by_iterator),
    test("perf_buffers_lose_what_is_said", &[From(5, 10), BtfToHide], perf::lost),
    test("programs_held_by_links", &[BtfToHide], programs::held_by_links),
    test("hook_who_and_what", &[], hook::who_and_what),
    test("live_and_replay_agree", &[Cli], replay::live_and_replay_agree),
    test("privileges_show_what_the_table_says", &[BtfToHide, From(5, 14), Live], privileges::table),
    test("doctor_says_what_is_so", &[BtfToHide, Cli, From(5, 14)], doctor::says_what_is_so),
    test("nothing_kept_by_a_killed_watcher", &[BtfToHide, Cli, Live], leftovers::after_watcher_killed),
    test("hostile_many_maps", &[BtfToHide, Live], hostile::many_maps),
    test("hostile_more_rings_than_watched", &[BtfToHide, Live], hostile::more_rings_than_watched),
    test("hostile_large_array_of_rings", &[BtfToHide, Live], hostile::large_array_of_rings),
    test("hostile_rings_come_and_go", &[BtfToHide, Live], hostile::come_and_go),
    test("hostile_names_and_kinds", &[BtfToHide, Live], hostile::names_and_kinds),
    test("hostile_names_of_owners", &[BtfToHide, Live], hostile::names_of_owners),
    test("hostile_overwriting_rings", &[BtfToHide, From(6, 19)], hostile::overwriting),
    test("old_kernel_refused", &[OldKernel], old_kernel::refused),
];

fn main() -> ExitCode {
    if role::is_asked_for() {
        return role::run();
    }
    if privileges::is_asked_for() {
        return privileges::run();
    }
    let mut arguments = Arguments::from_args();
    // Two tests at once would count each other's syscalls.
    arguments.test_threads = Some(1);
    if arguments.list {
        return libtest_mimic::run(&arguments, TESTS.iter().map(|test| trial(test, false)).collect())
            .exit_code();
    }
    let _lock = lock::only_one();
    let prepared = no_btf::hide_if_asked();
    let trials = TESTS
        .iter()
        .map(|test| {
            let missing = match &prepared {
                Err(reason) => Some(format!("{reason:#}")),
                Ok(()) => node::first_missing(test.needs),
            };
            if let Some(reason) = &missing {
                println!("skip: {}: {reason}", test.name);
            }
            trial(test, missing.is_some())
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(test: &Test, ignored: bool) -> Trial {
    let run = test.run;
    Trial::test(test.name, move || run().map_err(|error| Failed::from(format!("{error:#}"))))
        .with_ignored_flag(ignored)
}
