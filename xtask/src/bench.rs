//! `cargo xtask bench [-- ARGS]`: build dropctl-bench in release mode and become it.

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;

use crate::{
    artifacts, command,
    tools::{self, Package},
};

/// Tools that benchmark `peers` compares with.
const PEERS: [Package; 4] = [
    Package { program: "bpftrace", package: "bpftrace", why: "a peer" },
    Package { program: "perf", package: "linux-perf", why: "a peer" },
    Package { program: "strace", package: "strace", why: "a peer" },
    Package { program: "syscount", package: "libbpf-tools", why: "a peer" },
];

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    tools::for_build()?;
    if let Err(error) = tools::packages(&PEERS) {
        println!("xtask: {error:#}; the benchmark goes on without them");
    }
    let dropctl = artifacts::dropctl()?;
    let binary = artifacts::release_binary("dropctl-bench", "dropctl-bench")?;
    let mut bench = command::program(&binary.to_string_lossy());
    bench
        .env("DROPCTL_BIN", dropctl)
        .args(arguments.strip_prefix(&[OsString::from("--")]).unwrap_or(arguments));
    Err(command::become_program(&mut bench))
}
