//! `cargo xtask bench [-- ARGS]`: build dropctl-bench in release mode and become it.

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;

use crate::{artifacts, command, tools};

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    tools::for_build()?;
    let dropctl = artifacts::dropctl()?;
    let binary = artifacts::release_binary("dropctl-bench", "dropctl-bench")?;
    let mut bench = command::program(&binary.to_string_lossy());
    bench
        .env("DROPCTL_BIN", dropctl)
        .args(arguments.strip_prefix(&[OsString::from("--")]).unwrap_or(arguments));
    Err(command::become_program(&mut bench))
}
