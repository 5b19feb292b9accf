//! One file per subcommand: the only place that wires readers to outputs.

pub mod agent;
pub mod completions;
pub mod diff;
pub mod doctor;
pub mod explain;
mod log;
mod look;
pub mod man;
mod map;
mod names;
mod output;
mod progress;
mod recall;
pub mod record;
mod remember;
pub mod report;
mod sampler;
mod sensors;
pub mod size;
mod source;
mod stop;
pub mod top;

pub use log::{start as start_log, talk, with_causes};

use crate::{config::Limits, observe::node, sys::mapping::page_bytes};

/// How a command that ran has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing more to say.
    Fine,
    /// What it was to look for is there: something that is needed is missing, or a finding is as severe as was asked.
    Found,
}

/// Commit that this binary was built from, where the build knew it.
const REVISION: Option<&str> = option_env!("DROPCTL_REVISION");

fn limits() -> Limits {
    Limits { page_bytes: page_bytes() as u64, memory_bytes: node::memory_bytes() }
}
