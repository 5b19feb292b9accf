//! `cargo xtask lab [ARGS]`: build the lab and dropctl and become the lab's `run`. And the short form for `test`.

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;

use crate::{artifacts, command, missing::Missing, test::Tally, tools};

const PACKAGE: &str = "dropctl-lab";

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    tools::for_static_build()?;
    let lab = artifacts::testing_binary(PACKAGE, PACKAGE)?;
    let mut runner = command::program(&lab.to_string_lossy());
    runner.arg("run").args(arguments.strip_prefix(&[OsString::from("--")]).unwrap_or(arguments));
    // Proofs and lists do without dropctl, except where its own ring is the question.
    if !arguments.iter().any(|argument| argument == "--list") {
        runner.env("DROPCTL_BIN", artifacts::testing_binary("dropctl", "dropctl")?);
    }
    Err(command::become_program(&mut runner))
}

/// Proves the labels of a few scenarios, once each.
pub(crate) fn short() -> Result<Tally> {
    if !tools::is_root() {
        return Err(Missing::error("root, for cgroups and to load programs", "sudo cargo xtask test"));
    }
    let lab = artifacts::testing_binary(PACKAGE, PACKAGE)?;
    let mut runner = command::program(&lab.to_string_lossy());
    Tally::of(runner.args(["run", "--prove", "--short", "--seeds", "1"]))
}
