//! What can be typed. Definitions only.

mod load;
mod place;
mod provoke;
mod run;
mod standin;

use clap::{Parser, Subcommand};

pub(crate) use load::{HogArgs, Kind, LoadArgs};
pub(crate) use place::PlaceArgs;
pub(crate) use provoke::{Class, Helper, ProvokeArgs};
pub(crate) use run::RunArgs;
pub(crate) use standin::StandinArgs;

/// A stand-in for Falco's modern probe, load for it, and scenarios of both.
#[derive(Debug, Parser)]
#[command(name = "dropctl-lab", version, before_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "Examples:
  dropctl-lab standin --ring-bytes 1MiB --port 8765
  dropctl-lab load --syscall openat --rate 200000 --duration 5s
  dropctl-lab provoke --class pending
  dropctl-lab run --list";

/// Subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Trace syscalls as Falco's modern probe does, until a signal comes.
    #[command(before_help = standin::EXAMPLES)]
    Standin(Box<StandinArgs>),
    /// Make syscalls, as many or as fast as asked, and say how many they were.
    #[command(before_help = load::EXAMPLES)]
    Load(LoadArgs),
    /// Use CPU time and nothing else.
    Hog(HogArgs),
    /// Write to a ring of its own that refuses, for a reason that is known.
    #[command(before_help = provoke::EXAMPLES)]
    Provoke(ProvokeArgs),
    /// Run scenarios: score dropctl on them, or prove their labels.
    #[command(before_help = run::EXAMPLES)]
    Run(RunArgs),
}
