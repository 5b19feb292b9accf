//! `dropctl top` in a real terminal, tmux's: what it shows after each key, in each size, and that the terminal is as it was before
//! however it ends. What is looked at is a recording, so that every frame is known. And what other commands do on a terminal only.
//!
//! Needs tmux; the one that looks at the node needs root. The binary is DROPCTL_BIN, else the one that cargo built. `DROPCTL_BLESS=1` accepts frames.
#![allow(unused_crate_dependencies, reason = "a test target uses few of the package's dependencies")]
#![allow(clippy::print_stdout, reason = "reasons of skips belong on stdout")]

mod ends;
mod frames;
mod others;
mod panics;
mod tmux;

use std::process::{Command, ExitCode};

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};

/// Name, and what it does.
type Test = (&'static str, fn() -> Result<()>);

/// The one that needs root.
const LOOK: &str = "a_look_says_how_far_it_is_and_ends_with_ctrl_c";

const TESTS: [Test; 12] = [
    ("frames_by_keys", frames::by_keys),
    ("terminal_without_a_size", frames::without_a_size),
    ("given_back_after_q", ends::q),
    ("given_back_after_ctrl_c", ends::ctrl_c),
    ("given_back_after_sigint", ends::sigint),
    ("given_back_after_sigterm", ends::sigterm),
    ("given_back_after_sighup", ends::sighup),
    ("given_back_after_a_panic", ends::panic),
    ("others_have_colours", others::colors),
    ("others_say_how_far_they_are", others::progress),
    ("others_say_nothing_if_nobody_listens", others::no_progress),
    (LOOK, others::look),
];

fn main() -> ExitCode {
    if let Some(recording) = panics::asked_for() {
        panics::show_and_panic(&recording);
    }
    let arguments = Arguments::from_args();
    let is_there = Command::new("tmux").arg("-V").output().is_ok();
    let is_root = rustix::process::geteuid().is_root();
    let trials = TESTS.iter().map(|&(name, run)| {
        let missing = match () {
            () if !is_there => Some("tmux is not installed (Debian package tmux)"),
            () if name == LOOK && !is_root => Some("needs root, to look at the node"),
            () => None,
        };
        if let Some(missing) = missing.filter(|_| !arguments.list) {
            println!("skip: {name}: {missing}");
        }
        let trial = Trial::test(name, move || run().map_err(|error| Failed::from(format!("{error:#}"))));
        trial.with_ignored_flag(missing.is_some())
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
