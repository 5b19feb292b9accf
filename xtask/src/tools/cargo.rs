//! bpf-linker, which turns the kernel half into one BPF object. Kept in `target/tools`.
//!
//! The version is the one in Cargo.toml, `[workspace.metadata.tools]`: it has to read the bitcode of
//! the pinned Rust, so the two move together.

use std::process::Stdio;

use anyhow::{Context as _, Result};

use crate::{command, missing::Missing, project, workspace};

/// Words of cargo's that mean the network and not the build.
const NETWORK: [&str; 5] =
    ["failed to download", "failed to fetch", "Could not resolve", "failed to get", "offline"];

pub(crate) fn ensure() -> Result<()> {
    let wanted = project::tool_version("bpf-linker")?;
    let found = installed();
    if found.as_deref() == Some(&wanted) {
        return Ok(());
    }
    let instead = found.map(|found| format!(" instead of {found}")).unwrap_or_default();
    println!("xtask: installing bpf-linker {wanted}{instead} into target/tools: it links the kernel half");
    if install(&wanted)?.is_none() {
        return Ok(());
    }
    println!("xtask: that failed; one more try");
    let Some(words) = install(&wanted)? else {
        return Ok(());
    };
    let why = if NETWORK.iter().any(|word| words.contains(word)) {
        "the crates registry does not answer"
    } else {
        "its build failed, see above"
    };
    Err(Missing::error(
        format!("bpf-linker {wanted} ({why})"),
        format!("cargo install bpf-linker --version {wanted} --locked --root target/tools"),
    ))
}

/// The version that child processes would find.
fn installed() -> Option<String> {
    let answer = command::program("bpf-linker").arg("--version").stderr(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&answer.stdout).trim().strip_prefix("bpf-linker ")?.to_owned())
}

/// None: it went well. Otherwise what cargo said, which has been shown as well.
fn install(version: &str) -> Result<Option<String>> {
    let root = workspace::target("tools");
    let mut cargo = command::program("sh");
    // One pipe for both streams, so that the words can be shown and kept.
    cargo
        .args([
            "-c",
            "exec cargo install bpf-linker --version \"$1\" --locked --root \"$2\" 2>&1",
            "sh",
            version,
        ])
        .arg(&root)
        .env_remove("CARGO_TARGET_DIR")
        .env("CARGO_TERM_COLOR", "never")
        .stdin(Stdio::null());
    let mut words = String::new();
    let status = command::each_line(&mut cargo, |line| {
        println!("{line}");
        words.push_str(line);
        words.push('\n');
    })
    .context("cargo install bpf-linker")?;
    Ok((!status.success()).then_some(words))
}
