//! A stand-in for Falco's modern probe that does to the kernel what Falco does, and a load generator: with the two
//! of them anybody can set up a situation of his own and know what is true in it.

mod cli;
mod load;
mod standin;
mod sys;
mod value;

use anyhow::Result;
use clap::Parser as _;

use cli::{Cli, Command};

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Standin(arguments) => standin::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
    }
}
