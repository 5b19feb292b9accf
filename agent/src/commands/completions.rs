//! `dropctl completions`: what a shell needs to complete commands and options.

use anyhow::Result;
use clap::CommandFactory as _;

use super::output::Output;
use crate::cli::{Cli, CompletionsArgs};

/// Runs the command.
pub fn run(args: &CompletionsArgs) -> Result<()> {
    let output = Output::open(None)?;
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "dropctl", &mut script);
    output.write(script)
}
