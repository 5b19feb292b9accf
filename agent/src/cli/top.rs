//! Arguments of `dropctl top`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{NamesArgs, ProbeArgs};
use crate::{config::value, setup::Whose};

/// Arguments of `dropctl top`.
#[derive(Clone, Debug, Args)]
pub struct TopArgs {
    /// Time between two views, and for `--once` how long to look; 1s at least.
    #[arg(long, default_value = "1s", value_name = "TIME", value_parser = value::time)]
    pub interval: Duration,
    /// Print one view as plain text and end: for a pipe, a file, or a terminal that is none.
    #[arg(long)]
    pub once: bool,
    /// Replay this recording, or the one inside this report in JSON, at its own pace, instead of looking at the node; with
    /// `--once`, its end. `-` for stdin.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["interval", "whose", "mode", "ring_bytes", "sample"])]
    pub input: Option<PathBuf>,
    /// Whose events Falco drops, by following its counters at each syscall exit: auto is on, where one runs.
    #[arg(long, value_enum, default_value_t = Whose::Auto)]
    pub whose: Whose,
    /// Names.
    #[command(flatten)]
    pub names: NamesArgs,
    /// Probe.
    #[command(flatten)]
    pub probe: ProbeArgs,
}
