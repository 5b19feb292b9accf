//! A ring that refuses records on purpose.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::value::{self, Rate};

pub(super) const EXAMPLES: &str = "Examples:
  dropctl-lab provoke --class behind --calls 5000               nobody reads: refused once the ring is full
  dropctl-lab provoke --class too-big --helper output           a record of 2 MiB
  dropctl-lab provoke --class pending --when-asked --rate 1000 --duration 10s --stay
                       once you press Enter, a record that is not committed holds the ring, although all
                       before it is read

Needs root. The summary in JSON says how often the ring refused. pending needs a kernel that lets iterators
sleep (Linux 5.18), and one that tracks uncommitted records (6.10, or a stable kernel with the fix of
CVE-2024-41009) to be told from behind.";

/// Arguments of `provoke`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ProvokeArgs {
    /// Why the ring is to refuse.
    #[arg(long)]
    pub(crate) class: Class,
    /// Which helper of the kernel is to be refused.
    #[arg(long, default_value = "reserve")]
    pub(crate) helper: Helper,
    /// Size of the ring: a power of two up to 1MiB.
    #[arg(long, default_value = "64KiB", value_name = "BYTES", value_parser = value::small_ring_bytes)]
    pub(crate) ring_bytes: u32,
    /// How many records to try; 48 bytes each on the ring, unless they are to be too big.
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub(crate) calls: u64,
    /// Tries per second, or max.
    #[arg(long, default_value = "max", value_name = "RATE", value_parser = value::rate)]
    pub(crate) rate: Rate,
    /// End after this time, whatever the number.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) duration: Option<Duration>,
    /// Make the ring, and begin when a line comes on standard input.
    #[arg(long)]
    pub(crate) when_asked: bool,
    /// Keep the ring, and a pending record, after the summary until SIGINT or SIGTERM.
    #[arg(long)]
    pub(crate) stay: bool,
}

/// Why a ring refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Class {
    /// Nobody reads it.
    Behind,
    /// A record is not committed, and the consumer has read all before it.
    Pending,
    /// Records are larger than the ring.
    TooBig,
    /// Flags that no helper knows.
    Flags,
}

/// Helpers that write to rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Helper {
    /// `bpf_ringbuf_reserve`.
    Reserve,
    /// `bpf_ringbuf_output`.
    Output,
    /// `bpf_ringbuf_reserve_dynptr` (Linux 5.19).
    ReserveDynptr,
}
