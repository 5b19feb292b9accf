//! `cargo xtask docs`: regenerates the generated part of `docs/` from the program's own types.

use std::process::ExitCode;

use anyhow::Result;

use crate::{command, tools};

pub(crate) fn run() -> Result<ExitCode> {
    tools::for_build()?;
    command::run(command::cargo().args(["run", "-q", "-p", "dropctl", "--example", "docs", "--", "docs/"]))?;
    Ok(ExitCode::SUCCESS)
}
