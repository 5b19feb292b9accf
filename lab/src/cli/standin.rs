//! The stand-in: what it traces, and how well or badly it does what comes after.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use clap::Args;
use syscalls::Sysno;

use super::PlaceArgs;
use crate::{
    standin::layout::Layout,
    value::{self, Stall},
};

pub(super) const EXAMPLES: &str = "Examples:
  dropctl-lab standin --syscalls getpgrp              then SIGSTOP it: drops to the last event
  dropctl-lab standin --work-ns 20000                 a consumer that is too slow
  dropctl-lab standin --stall 2s+500ms,4s+1s          one that stops twice
  dropctl-lab standin --lookup-every 10000            one that waits for a slow answer now and then
  dropctl-lab standin --alert-every 1 --block-output  outputs that block, a queue that grows

Needs root. Ctrl-C ends it with a summary in JSON.";

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
    /// Bytes of data that the event of a write carries at most; with 65535 it can pass the 64 KiB of an event.
    #[arg(long, default_value_t = 80, value_name = "BYTES")]
    pub(crate) snaplen: u16,
    /// Layout of the kernel counters: which releases of Falco's libraries they are from.
    #[arg(long, default_value = "v3")]
    pub(crate) counters: Layout,
    /// Work of the consumer for each event, ns of CPU time.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) work_ns: u64,
    /// State that grows: after each 1000 events, N ns more work for every later one.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) growth_ns: u64,
    /// For one event in N the consumer asks a slow server and waits for the answer; 0 for none.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) lookup_every: u64,
    /// How long the slow server takes.
    #[arg(long, default_value = "100ms", value_name = "TIME", value_parser = value::time)]
    pub(crate) lookup_time: Duration,
    /// For one event in N the consumer writes to --scratch and waits for the disk; 0 for none.
    #[arg(long, default_value_t = 0, value_name = "N", requires = "scratch")]
    pub(crate) fsync_every: u64,
    /// Bytes that are written each time.
    #[arg(long, default_value = "64KiB", value_name = "BYTES", value_parser = value::bytes)]
    pub(crate) fsync_bytes: u64,
    /// The consumer keeps this much state in --scratch, and each event touches a page of it.
    #[arg(long, default_value = "0", value_name = "BYTES", value_parser = value::bytes, requires = "scratch")]
    pub(crate) state_bytes: u64,
    /// File for the two above; made anew.
    #[arg(long, value_name = "FILE")]
    pub(crate) scratch: Option<PathBuf>,
    /// Wait in epoll on the rings, up to this long, instead of polling them: nobody will wake the consumer.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) epoll: Option<Duration>,
    /// Look through /proc for this long after each start, tracing already, before the first event is taken.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) start_scan: Option<Duration>,
    /// Stalls of the consumer: START+LENGTH, more than one with commas.
    #[arg(long, value_delimiter = ',', value_name = "SCRIPT", value_parser = value::stall)]
    pub(crate) stall: Vec<Stall>,
    /// A record of the first ring that is reserved and not committed: START+LENGTH, more than one with commas.
    #[arg(long, value_delimiter = ',', value_name = "SCRIPT", value_parser = value::stall)]
    pub(crate) hold: Vec<Stall>,
    /// Reload at these times: everything is opened anew, in the same process.
    #[arg(long, value_delimiter = ',', value_name = "TIMES", value_parser = value::time)]
    pub(crate) reload: Vec<Duration>,
    /// Go blind at this time: the programs stay attached and make no more events.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) blind_at: Option<Duration>,
    /// From this time on the counters contradict each other: each CPU claims twice as many drops as events.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) nonsense_at: Option<Duration>,
    /// Print the account and abort at this time.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) crash_at: Option<Duration>,
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
    /// The preset that the falco.yaml names, whatever the rings have: one that was edited and not applied.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10), requires = "write_config")]
    pub(crate) preset_in_config: Option<u32>,
    /// No log on stderr.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Where to run.
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}
