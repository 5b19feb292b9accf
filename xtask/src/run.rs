//! `cargo xtask run [-- ARGS]`: build both halves and become dropctl.

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;

use crate::{artifacts, command, tools};

/// What a newcomer sees first.
const DEFAULT: [&str; 3] = ["report", "--duration", "10s"];

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    tools::for_build()?;
    let binary = artifacts::dropctl()?;
    let mut dropctl = command::program(&binary.to_string_lossy());
    match arguments.strip_prefix(&[OsString::from("--")]).unwrap_or(arguments) {
        [] => dropctl.args(DEFAULT),
        given => dropctl.args(given),
    };
    eprintln!("xtask: {}", command::line(&dropctl));
    Err(command::become_program(&mut dropctl))
}
