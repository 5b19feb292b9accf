//! Where things lie: the root of the clone, its target folder, and facts from its manifests.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::command;

/// The target of the static binary that guests and the image hold.
pub(crate) const STATIC_TARGET: &str = "x86_64-unknown-linux-musl";
/// The version that Cargo.toml gives every package.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The root of the clone: the one cargo runs us from, else the one we were built in.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let built_in = || OsString::from(env!("CARGO_MANIFEST_DIR"));
        let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(built_in));
        package.parent().map(Path::to_path_buf).unwrap_or(package)
    })
}

/// A path under `target/`. Not `CARGO_TARGET_DIR`: agent/build.rs looks for the tools here.
pub(crate) fn target(below: &str) -> PathBuf {
    root().join("target").join(below)
}

/// A path as a reader of the terminal wants it: relative to the clone.
pub(crate) fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(root()).unwrap_or(path).display()
}

/// The channel that rust-toolchain.toml pins.
pub(crate) fn channel() -> Result<String> {
    let path = root().join("rust-toolchain.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    text.lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim() == "channel")
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        .with_context(|| format!("{} names no channel", path.display()))
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
