//! `cargo xtask bless`: accepts the present output of the golden tests as the expected one.

use std::process::ExitCode;

use anyhow::Result;

use crate::{command, tools};

pub(crate) fn run() -> Result<ExitCode> {
    tools::for_build()?;
    command::run(command::cargo().args(["test", "-p", "dropctl"]).env("DROPCTL_BLESS", "1"))?;
    tools::packages(&[tools::TMUX])?;
    command::run(
        command::cargo().args(["test", "-p", "dropctl", "--test", "top"]).env("DROPCTL_BLESS", "1"),
    )?;
    println!("accepted; look at `git diff` before you commit");
    Ok(ExitCode::SUCCESS)
}
