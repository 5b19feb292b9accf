//! What the manifests and the repository say about the project.

use std::{fs, process::Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{command, workspace};

/// The target of the static binary that guests and the image hold.
pub(crate) const STATIC_TARGET: &str = "x86_64-unknown-linux-musl";
/// The version that Cargo.toml gives every package.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The channel that rust-toolchain.toml pins.
pub(crate) fn channel() -> Result<String> {
    let path = workspace::root().join("rust-toolchain.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    text.lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim() == "channel")
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        .with_context(|| format!("{} names no channel", path.display()))
}

/// The commit that is built, with `-dirty` after it where the tree differs; "unknown" outside a repository.
pub(crate) fn revision() -> String {
    let mut git = command::program("git");
    git.args(["describe", "--always", "--abbrev=12", "--exclude=*", "--dirty"]);
    match git.stdin(Stdio::null()).stderr(Stdio::null()).output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// The version of a tool that is installed for this project alone.
pub(crate) fn tool_version(name: &str) -> Result<String> {
    let version = metadata()?["metadata"]["tools"][name].as_str().map(str::to_owned);
    version.with_context(|| format!("Cargo.toml names no {name} in [workspace.metadata.tools]"))
}

/// The names of this workspace's own packages.
pub(crate) fn packages() -> Result<Vec<String>> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    Ok(packages.iter().filter_map(|package| Some(package["name"].as_str()?.to_owned())).collect())
}

/// The test targets that run by name alone, with their packages.
pub(crate) fn named_tests() -> Result<Vec<(String, String)>> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut tests = Vec::new();
    for package in packages {
        let targets = package["targets"].as_array().context("a package without targets")?;
        for target in targets.iter().filter(|target| target["kind"][0] == "test" && target["test"] == false) {
            let names = package["name"].as_str().zip(target["name"].as_str());
            tests.extend(names.map(|(package, name)| (package.to_owned(), name.to_owned())));
        }
    }
    Ok(tests)
}

fn metadata() -> Result<Value> {
    let mut cargo = command::cargo();
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    serde_json::from_str(&command::text(&mut cargo)?).context("answer of cargo metadata")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_linker_has_a_version() {
        let version = super::tool_version("bpf-linker").expect("Cargo.toml");
        assert!(version.starts_with("0."), "{version}");
    }

    #[test]
    fn the_channel_is_a_version() {
        let channel = super::channel().expect("rust-toolchain.toml");
        assert!(channel.starts_with("1."), "{channel}");
    }
}
