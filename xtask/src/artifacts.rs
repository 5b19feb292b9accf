//! Builds through cargo and the paths of what came out, read from cargo's own messages.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{
    command,
    project::{self, STATIC_TARGET},
};

/// dropctl for this machine, in release mode.
pub(crate) fn dropctl() -> Result<PathBuf> {
    release_binary("dropctl", "dropctl")
}

/// A binary of a package for this machine, in release mode.
pub(crate) fn release_binary(package: &str, binary: &str) -> Result<PathBuf> {
    build("release", package, binary, &[])
}

/// A binary of a package as one static file, in the profile `testing`: what it is built from is shared with the tests of lab.
pub(crate) fn testing_binary(package: &str, binary: &str) -> Result<PathBuf> {
    build("testing", package, binary, &["--target", STATIC_TARGET])
}

/// dropctl as one static file.
pub(crate) fn static_dropctl() -> Result<PathBuf> {
    build("release", "dropctl", "dropctl", &["--target", STATIC_TARGET])
}

fn build(profile: &str, package: &str, binary: &str, more: &[&str]) -> Result<PathBuf> {
    let mut build = command::cargo();
    build.args(["build", "--profile", profile, "-p", package, "--bin", binary]).args(more);
    named(&built(&mut build)?, "bin", binary)
}

/// A test target as one static file, with the program of its package.
#[derive(Clone)]
pub(crate) struct StaticTest {
    pub(crate) test: PathBuf,
    pub(crate) program: PathBuf,
}

/// A test target of a package whose program has the package's name, in the profile `testing`.
pub(crate) fn static_test(package: &str, name: &str) -> Result<StaticTest> {
    let mut build = command::cargo();
    build.args(["test", "--no-run", "--profile", "testing", "-p", package]);
    build.args(["--target", STATIC_TARGET, "--test", name]);
    let artifacts = built(&mut build)?;
    Ok(StaticTest { test: named(&artifacts, "test", name)?, program: named(&artifacts, "bin", package)? })
}

/// One executable that cargo says it built.
#[derive(Debug, PartialEq)]
struct Artifact {
    kind: String,
    name: String,
    path: PathBuf,
}

fn built(build: &mut Command) -> Result<Vec<Artifact>> {
    build.arg("--message-format=json-render-diagnostics").env("DROPCTL_REVISION", project::revision());
    let output = build
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("start {}", command::line(build)))?;
    if !output.status.success() {
        bail!("`{}` failed", command::line(build));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(artifact).collect())
}

fn artifact(line: &str) -> Option<Artifact> {
    let message: Value = serde_json::from_str(line).ok()?;
    Some(Artifact {
        kind: message["target"]["kind"][0].as_str()?.to_owned(),
        name: message["target"]["name"].as_str()?.to_owned(),
        path: message["executable"].as_str()?.into(),
    })
}

fn named(artifacts: &[Artifact], kind: &str, name: &str) -> Result<PathBuf> {
    let found = artifacts.iter().find(|artifact| artifact.kind == kind && artifact.name == name);
    Ok(found.with_context(|| format!("cargo built no {kind} `{name}`"))?.path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_read_from_cargo_messages() {
        let line = r#"{"reason":"compiler-artifact","target":{"kind":["test"],"name":"kernel"},"executable":"/t/kernel-1"}"#;
        let found = artifact(line).expect("an artifact");
        assert_eq!(named(&[found], "test", "kernel").expect("named"), PathBuf::from("/t/kernel-1"));
        assert_eq!(
            artifact(r#"{"reason":"x","target":{"kind":["lib"],"name":"a"},"executable":null}"#),
            None
        );
    }
}
