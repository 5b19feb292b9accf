//! `cargo xtask lint`: format, clippy for both halves, licences and sources, and the invariants of
//! the architecture that a program can check (one file each).

mod headers;
mod leftovers;
mod length;
mod metric_names;
mod places;
mod pure;
mod readme;
mod source;
mod tree;
mod unsafe_code;

use std::process::{Command, ExitCode};

use anyhow::Result;

use self::tree::{Finding, Tree};
use crate::{command, project, test::Tally, tools};

type Check = (&'static str, fn(&Tree) -> Vec<Finding>);

const CHECKS: [Check; 8] = [
    ("pure modules do no I/O", pure::check),
    ("unsafe stays in sys/", unsafe_code::check),
    ("every file says what it is for", headers::check),
    ("files stay short", length::check),
    ("nothing is left undone", leftovers::check),
    ("no machine paths, no mirror hosts", places::check),
    ("metric names agree", metric_names::check),
    ("README names the two commands", readme::check),
];

pub(crate) fn run() -> Result<ExitCode> {
    tools::for_build()?;
    let tree = Tree::read()?;
    let mut tally = Tally::default();
    for (name, check) in CHECKS {
        let findings = check(&tree);
        let failures: Vec<&Finding> = findings.iter().filter(|finding| !finding.warning).collect();
        findings.iter().filter(|finding| finding.warning).for_each(|finding| println!("warning: {finding}"));
        failures.iter().for_each(|finding| println!("{finding}"));
        match failures.len() {
            0 => tally.passed += 1,
            count => tally.fail(name, &format!("{count} places, see above")),
        }
    }
    for (name, mut command) in commands()? {
        println!("xtask: {}", command::line(&command));
        tally.add(name, command::run(&mut command).map(|()| Tally::one_pass()));
    }
    licences(&mut tally);
    tally.print();
    Ok(tally.exit_code())
}

fn commands() -> Result<Vec<(&'static str, Command)>> {
    let kernel_halves = kernel_halves()?;
    let mut format = command::cargo();
    format.args(["fmt", "--all", "--check", "--", "--files-with-diff"]);
    let mut user = command::cargo();
    user.args(["clippy", "--quiet", "--workspace", "--all-targets"]);
    kernel_halves.iter().for_each(|package| _ = user.args(["--exclude", package]));
    user.args(["--", "-D", "warnings"]);
    // Targets that `cargo test` leaves out are no part of "all".
    let mut tests = command::cargo();
    tests.args(["clippy", "--quiet"]);
    project::named_tests()?
        .iter()
        .for_each(|(package, name)| _ = tests.args(["-p", package, "--test", name]));
    tests.args(["--", "-D", "warnings"]);
    let mut kernel = command::cargo();
    // Building core from rust-src needs the unstable flag; see agent/build.rs.
    kernel
        .args(["clippy", "--quiet", "--target", "bpfel-unknown-none", "-Zbuild-std=core"])
        .env("RUSTC_BOOTSTRAP", "1");
    kernel_halves.iter().for_each(|package| _ = kernel.args(["-p", package]));
    kernel.args(["--", "-D", "warnings"]);
    Ok(vec![
        ("format", format),
        ("clippy, user half", user),
        ("clippy, tests by name", tests),
        ("clippy, kernel half", kernel),
    ])
}

/// Packages that build for the BPF target only; by convention their names end like this.
fn kernel_halves() -> Result<Vec<String>> {
    Ok(project::packages()?.into_iter().filter(|name| name.ends_with("-ebpf")).collect())
}

/// cargo-deny takes minutes to build, so that it is used only where it is present.
fn licences(tally: &mut Tally) {
    if !command::exists("cargo-deny") {
        tally.skip(
            "licences and sources",
            "cargo-deny is absent; `cargo install cargo-deny --locked` supplies it",
        );
        return;
    }
    let mut deny = command::cargo();
    deny.args(["deny", "--offline", "check", "bans", "licenses", "sources"]);
    tally.add("licences and sources", command::run(&mut deny).map(|()| Tally::one_pass()));
}
