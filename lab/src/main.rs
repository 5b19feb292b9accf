//! A stand-in for Falco's modern probe that does to the kernel what Falco does, and a load generator: with the two
//! of them anybody can set up a situation of his own and know what is true in it. Scenarios are such situations with
//! a label, and what proves the label.

mod cli;
mod hog;
mod hold;
mod load;
mod place;
mod provoke;
mod runner;
mod scenario;
mod standin;
mod sys;
mod value;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use cli::{Cli, Command};

fn main() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Standin(arguments) => standin::run(&arguments)?,
        Command::Load(arguments) => load::run(&arguments)?,
        Command::Hog(arguments) => hog::run(&arguments)?,
        Command::Provoke(arguments) => provoke::run(&arguments)?,
        Command::Run(arguments) => return runner::run(&arguments),
    }
    Ok(ExitCode::SUCCESS)
}
