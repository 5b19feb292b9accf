//! Where a process of the lab runs.

use std::path::PathBuf;

use clap::Args;

/// Shared by all that makes or takes load.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PlaceArgs {
    /// CPU to run on.
    #[arg(long, value_name = "CPU")]
    pub(crate) cpu: Option<usize>,
    /// Niceness, -20 to 19.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(i32).range(-20..=19))]
    pub(crate) nice: Option<i32>,
    /// Folder of a cgroup to run in; once for each hierarchy where there are several.
    #[arg(long, value_name = "DIR")]
    pub(crate) cgroup: Vec<PathBuf>,
    /// End when the process that started this one ends.
    #[arg(long)]
    pub(crate) with_parent: bool,
}
