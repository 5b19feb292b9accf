//! Load of two kinds: syscalls, and CPU time.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::PlaceArgs;
use crate::value::{self, Burst, Rate};

pub(super) const EXAMPLES: &str = "Examples:
  dropctl-lab load --syscall getpgrp --calls 400000 --cpu 0
  dropctl-lab load --syscall openat --record-bytes 1024 --rate 50000 --duration 10s
  dropctl-lab load --syscall mix --seed 7 --burst 1000:1s,max:200ms,0:500ms

No call has an effect: files that are opened do not exist, and none are closed, read or written.";

/// Arguments of `load`.
#[derive(Clone, Debug, Args)]
pub(crate) struct LoadArgs {
    /// Which syscall; mix takes one of the others, save write, by chance.
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
    /// Bytes of each openat record on a ring, 96 to 4176: the length of the path follows.
    #[arg(long, default_value_t = 96, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(96..=4176))]
    pub(crate) record_bytes: u16,
    /// Bytes that each write is given.
    #[arg(long, default_value_t = 64, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(0..=1_048_576))]
    pub(crate) write_bytes: u32,
    /// Where the chance of mix starts.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    pub(crate) seed: u64,
    /// Where to run.
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
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
    /// An event with what was to be written, up to the stand-in's --snaplen.
    Write,
    /// One of the others by chance.
    Mix,
}

/// Arguments of `hog`.
#[derive(Clone, Debug, Args)]
pub(crate) struct HogArgs {
    /// Threads that spin.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) threads: usize,
    /// For how long; else until a signal comes.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) duration: Option<Duration>,
    /// Where to run.
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}
