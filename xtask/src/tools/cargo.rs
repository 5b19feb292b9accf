//! Tools that cargo builds, of the version that Cargo.toml names in `[workspace.metadata.tools]`. Kept in `target/tools`.

use std::process::Stdio;

use anyhow::{Context as _, Result};

use crate::{command, missing::Missing, project, workspace};

/// Words of cargo's that mean the network and not the build.
const NETWORK: [&str; 5] =
    ["failed to download", "failed to fetch", "Could not resolve", "failed to get", "offline"];

/// A tool, which is a program of the same name, and what it is for.
pub(crate) struct Tool {
    name: &'static str,
    why: &'static str,
}

/// Turns the kernel half into one BPF object. It has to read the bitcode of the pinned Rust, so the two move together.
pub(crate) const LINKER: Tool = Tool { name: "bpf-linker", why: "it links the kernel half" };

/// Builds and runs the targets in fuzz/.
pub(crate) const FUZZ: Tool = Tool { name: "cargo-fuzz", why: "it runs the fuzz targets" };

impl Tool {
    pub(crate) fn ensure(&self) -> Result<()> {
        let Self { name, why, .. } = self;
        let wanted = project::tool_version(name)?;
        let found = self.installed();
        if found.as_deref() == Some(&wanted) {
            return Ok(());
        }
        let instead = found.map(|found| format!(" instead of {found}")).unwrap_or_default();
        println!("xtask: installing {name} {wanted}{instead} into target/tools: {why}");
        if self.install(&wanted)?.is_none() {
            return Ok(());
        }
        println!("xtask: that failed; one more try");
        let Some(words) = self.install(&wanted)? else {
            return Ok(());
        };
        let why = if NETWORK.iter().any(|word| words.contains(word)) {
            "the crates registry does not answer"
        } else {
            "its build failed, see above"
        };
        Err(Missing::error(
            format!("{name} {wanted} ({why})"),
            format!("cargo install {name} --version {wanted} --locked --root target/tools"),
        ))
    }

    /// The version that child processes would find.
    fn installed(&self) -> Option<String> {
        let answer = command::program(self.name).arg("--version").stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&answer.stdout);
        Some(text.trim().strip_prefix(self.name)?.trim_start().to_owned())
    }

    /// None: it went well. Otherwise what cargo said, which has been shown as well.
    fn install(&self, version: &str) -> Result<Option<String>> {
        let root = workspace::target("tools");
        let mut cargo = command::program("sh");
        // One pipe for both streams, so that the words can be shown and kept.
        cargo
            .args([
                "-c",
                "exec cargo install \"$1\" --version \"$2\" --locked --root \"$3\" 2>&1",
                "sh",
                self.name,
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
        .with_context(|| format!("cargo install {}", self.name))?;
        Ok((!status.success()).then_some(words))
    }
}
