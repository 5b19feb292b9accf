//! What can be typed.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use syscalls::Sysno;

use crate::{
    standin::layout::Layout,
    value::{self, Burst, Rate, Stall},
};

/// A stand-in for Falco's modern probe, and load for it.
#[derive(Debug, Parser)]
#[command(name = "dropctl-lab", version, before_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "Examples:
  dropctl-lab standin --ring-bytes 1MiB --port 8765
  dropctl-lab load --syscall openat --rate 200000 --duration 5s";

const STANDIN_EXAMPLES: &str = "Examples:
  dropctl-lab standin --syscalls getpgrp              then SIGSTOP it: drops to the last event
  dropctl-lab standin --work-ns 20000                 a consumer that is too slow
  dropctl-lab standin --stall 2s+500ms,4s+1s          one that stops twice
  dropctl-lab standin --alert-every 1 --block-output  outputs that block, a queue that grows

Needs root. Ctrl-C ends it with a summary in JSON.";

const LOAD_EXAMPLES: &str = "Examples:
  dropctl-lab load --syscall getpgrp --calls 400000 --cpu 0
  dropctl-lab load --syscall openat --record-bytes 1024 --rate 50000 --duration 10s
  dropctl-lab load --syscall mix --seed 7 --burst 1000:1s,max:200ms,0:500ms

No call has an effect: files that are opened do not exist, and none are closed or read.";

/// Subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Trace syscalls as Falco's modern probe does, until a signal comes.
    #[command(before_help = STANDIN_EXAMPLES)]
    Standin(StandinArgs),
    /// Make syscalls, as many or as fast as asked, and say how many they were.
    #[command(before_help = LOAD_EXAMPLES)]
    Load(LoadArgs),
}

/// Arguments of `standin`.
#[derive(Clone, Debug, Args)]
pub(crate) struct StandinArgs {
    /// Size of each ring: a power of two, such as 8MiB.
    #[arg(long, default_value = "8MiB", value_name = "BYTES", value_parser = value::ring_bytes)]
    pub(crate) ring_bytes: u32,
    /// CPUs that share a ring; 0 for one ring for all.
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub(crate) cpus_for_each_buffer: usize,
    /// Syscalls to trace, by name.
    #[arg(long, default_value = "getpgrp,open,openat,close", value_delimiter = ',', value_name = "NAMES",
          value_parser = value::syscall)]
    pub(crate) syscalls: Vec<Sysno>,
    /// Layout of the kernel counters: which releases of Falco's libraries they are from.
    #[arg(long, default_value = "v3")]
    pub(crate) counters: Layout,
    /// Work of the consumer for each event, ns of CPU time.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) work_ns: u64,
    /// Stalls of the consumer: START+LENGTH, more than one with commas.
    #[arg(long, value_delimiter = ',', value_name = "SCRIPT", value_parser = value::stall)]
    pub(crate) stall: Vec<Stall>,
    /// End by itself after this time.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) stop_after: Option<Duration>,
    /// Alerts that may wait for the output; 0 for any number of them, as in Falco.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) output_queue: usize,
    /// The output takes no alert: the queue grows.
    #[arg(long)]
    pub(crate) block_output: bool,
    /// An alert of a rule for one event in N; 0 for none.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) alert_every: u64,
    /// Drop alerts: the share of lost events, 0 to 1, above which one is due.
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    pub(crate) threshold: f64,
    /// Drop alerts: how many per second of event time, on average.
    #[arg(long, default_value_t = 0.03333, value_name = "RATE")]
    pub(crate) rate: f64,
    /// Drop alerts: how many at once.
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub(crate) max_burst: f64,
    /// Port of /metrics and /versions; 0 for none.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub(crate) port: u16,
    /// Address of the same.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) listen: IpAddr,
    /// Write a falco.yaml that says what these flags say; with -c, as Falco names its own.
    #[arg(short = 'c', long, value_name = "FILE")]
    pub(crate) write_config: Option<PathBuf>,
    /// No log on stderr.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Arguments of `load`.
#[derive(Clone, Debug, Args)]
pub(crate) struct LoadArgs {
    /// Which syscall; mix takes one of the others by chance.
    #[arg(long, default_value = "getpgrp")]
    pub(crate) syscall: Kind,
    /// How many, exactly.
    #[arg(long, value_name = "N", required_unless_present_any = ["duration", "burst"], conflicts_with = "burst")]
    pub(crate) calls: Option<u64>,
    /// Calls per second, or max.
    #[arg(long, default_value = "max", value_name = "RATE", value_parser = value::rate, conflicts_with = "burst")]
    pub(crate) rate: Rate,
    /// For how long.
    #[arg(long, value_name = "TIME", value_parser = value::time, conflicts_with = "burst")]
    pub(crate) duration: Option<Duration>,
    /// Stretches of load, one after the other: RATE:LENGTH with commas; a rate is a number or max.
    #[arg(long, value_delimiter = ',', value_name = "SCRIPT", value_parser = value::burst)]
    pub(crate) burst: Vec<Burst>,
    /// CPU to run on.
    #[arg(long, value_name = "CPU")]
    pub(crate) cpu: Option<usize>,
    /// Folder of a cgroup to run in.
    #[arg(long, value_name = "DIR")]
    pub(crate) cgroup: Option<PathBuf>,
    /// Bytes of each openat record on a ring, 96 to 4176: the length of the path follows.
    #[arg(long, default_value_t = 96, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(96..=4176))]
    pub(crate) record_bytes: u16,
    /// Where the chance of mix starts.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    pub(crate) seed: u64,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A generic event: 48 bytes on a ring.
    Getpgrp,
    /// 56 bytes on a ring.
    Close,
    /// An event with a path.
    Open,
    /// An event with a path.
    Openat,
    /// A generic event, if it is traced.
    Read,
    /// One of the others by chance.
    Mix,
}
