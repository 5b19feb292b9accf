//! The scenarios.

use std::path::PathBuf;

use clap::Args;

pub(super) const EXAMPLES: &str = "Examples:
  dropctl-lab run --list
  dropctl-lab run --prove throttled                does the named remedy, and no other, end the loss?
  dropctl-lab run --dropctl target/release/dropctl what does dropctl say of each?
  dropctl-lab run --size burst                     does `dropctl size` foretell what other ring sizes lose?
  dropctl-lab run --file mine.yaml --prove         docs/lab.md says what may be in it";

/// Arguments of `run`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// Which, by the start of the name; all of them if none is named.
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<String>,
    /// A scenario of your own.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Vec<PathBuf>,
    /// So many seeds for each [default: 3, with --prove and --size 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) seeds: Option<u64>,
    /// The first of them: rules that were mended by what some seeds showed want others.
    #[arg(long, value_name = "SEED", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) first_seed: u64,
    /// Prove the labels: the same load as is, with the remedy, and with the runner-up's.
    #[arg(long)]
    pub(crate) prove: bool,
    /// Check `dropctl size`: what it says of a recording of each scenario that has `sizes`, beside the same load at those sizes.
    #[arg(long, conflicts_with = "prove")]
    pub(crate) size: bool,
    /// Only those meant for a short run.
    #[arg(long)]
    pub(crate) short: bool,
    /// Only those of this half: they are tuned on one and scored on the other.
    #[arg(long, value_enum)]
    pub(crate) split: Option<crate::scenario::Split>,
    /// Name them and say what they show.
    #[arg(long)]
    pub(crate) list: bool,
    /// The program under test.
    #[arg(long, env = "DROPCTL_BIN", value_name = "FILE")]
    pub(crate) dropctl: Option<PathBuf>,
    /// Write the tables to this file too, as Markdown.
    #[arg(long, value_name = "FILE")]
    pub(crate) table: Option<PathBuf>,
    /// A shell command to run beside each run as is; {scenario}, {seed} and {seconds} are filled in.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) beside: Option<String>,
    /// Keep each report in this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Hold a lock on this file during each run, for others who trace every syscall here.
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
}
