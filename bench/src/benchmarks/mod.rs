//! The benchmarks, one per file.

pub(crate) mod agent;
pub(crate) mod drain;
pub(crate) mod estimate;
pub(crate) mod follow;
pub(crate) mod live;
pub(crate) mod passive;
pub(crate) mod peers;
pub(crate) mod syscall;
pub(crate) mod watch;

use anyhow::Result;

use crate::{machine::Machine, options::Options};

/// A benchmark by name.
pub(crate) struct Benchmark {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(&Options, &Machine) -> Result<()>,
}

/// All of them, in the order in which they run.
pub(crate) const ALL: &[Benchmark] = &[
    Benchmark { name: "syscall", about: "cost per syscall over an empty program", run: syscall::run },
    Benchmark { name: "follow", about: "what following a tool adds to each syscall", run: follow::run },
    Benchmark {
        name: "estimate",
        about: "what looking whether a ring is full adds to each syscall",
        run: estimate::run,
    },
    Benchmark { name: "drain", about: "records per second out of a ring that is full", run: drain::run },
    Benchmark { name: "live", about: "lossless rate through an 8 MiB ring", run: live::run },
    Benchmark {
        name: "watch",
        about: "CPU time of watching 16 rings among up to 2,000 maps",
        run: watch::run,
    },
    Benchmark {
        name: "passive",
        about: "what a passive agent adds to a syscall and to a record",
        run: passive::run,
    },
    Benchmark {
        name: "agent",
        about: "CPU, memory and /metrics at a million syscalls per second",
        run: agent::run,
    },
    Benchmark {
        name: "peers",
        about: "other tools that count syscalls, in one run with ours",
        run: peers::run,
    },
];
