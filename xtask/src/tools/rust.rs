//! Parts of the pinned Rust toolchain: the sources of core for the kernel half, and targets.

use std::path::PathBuf;

use anyhow::Result;

use crate::{command, missing::Missing, project};

/// Adds the parts that are absent; looks at files first, because rustup takes a second to answer.
pub(crate) fn ensure(targets: &[&str]) -> Result<()> {
    let library =
        PathBuf::from(command::text(command::program("rustc").args(["--print", "sysroot"]))?.trim())
            .join("lib/rustlib");
    if !library.join("src/rust/library/core").is_dir() {
        add("component", "rust-src", "the kernel half builds core for the BPF target")?;
    }
    for target in targets {
        if !library.join(target).join("lib").is_dir() {
            add("target", target, "guests and the image need static binaries")?;
        }
    }
    Ok(())
}

fn add(kind: &str, name: &str, why: &str) -> Result<()> {
    let channel = project::channel()?;
    println!("xtask: adding {kind} {name} to Rust {channel}: {why}");
    let mut rustup = command::program("rustup");
    rustup.args([kind, "add", name, "--toolchain", &channel]);
    command::run(&mut rustup).map_err(|error| {
        let remedy = command::line(&rustup);
        Missing::error(format!("Rust {kind} {name} ({error:#})"), remedy)
    })
}
