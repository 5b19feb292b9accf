//! What a page is about: this node now, what its agent remembers, or a recording.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::ProbeArgs;
use crate::{config::value, setup::Whose};

/// Where `dropctl report` and `dropctl size` take what they speak of from.
#[derive(Clone, Debug, Args)]
pub struct SourceArgs {
    /// Read this recording, or the one inside this report in JSON, instead of looking at the node; `-` for stdin.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["duration", "whose", "mode", "ring_bytes", "sample"])]
    pub input: Option<PathBuf>,
    /// The last minutes, such as 10m, out of the memory of the agent that runs on this node.
    #[arg(long, value_name = "TIME", value_parser = value::time,
          conflicts_with_all = ["input", "duration", "whose", "mode", "ring_bytes", "sample"])]
    pub since: Option<Duration>,
    /// An incident that the agent has kept: `last`, its id, or a time in it (RFC 3339); `list` shows which there are.
    #[arg(long, value_name = "WHICH",
          conflicts_with_all = ["since", "input", "duration", "whose", "mode", "ring_bytes", "sample"])]
    pub incident: Option<String>,
    /// The agent's socket [default: /run/dropctl/agent.sock].
    #[arg(long, env = "DROPCTL_SOCKET", value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Look now, for so long, such as 10s or 2m [default: 10s, where no agent runs; else its last 15m].
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub duration: Option<Duration>,
    /// Whose events Falco drops, by following its counters at each syscall exit [default: auto, which is on where one runs].
    #[arg(long, value_enum)]
    pub whose: Option<Whose>,
    /// Probe.
    #[command(flatten)]
    pub probe: ProbeArgs,
}

impl SourceArgs {
    /// Whether something was said that only a look at the node can heed.
    #[must_use]
    pub fn looks(&self) -> bool {
        let ProbeArgs { mode, ring_bytes, sample } = &self.probe;
        let probe = mode.is_some() || ring_bytes.is_some() || sample.is_some();
        probe || self.duration.is_some() || self.whose.is_some()
    }
}
