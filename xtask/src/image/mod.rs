//! `cargo xtask image`: an OCI archive that holds the static dropctl and nothing else.
//!
//! `ctr -n k8s.io image import target/dropctl-VERSION-oci.tar` takes it. The same inputs give the
//! same bytes: times are fixed, entries sorted.

mod archive;
mod oci;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result};

use crate::{artifacts, project, tools, workspace};

/// The name under which deploy/ asks for it.
const REPOSITORY: &str = "ghcr.io/dropctl/dropctl";

pub(crate) fn run() -> Result<ExitCode> {
    tools::for_static_build()?;
    let path = build(&artifacts::static_dropctl()?)?;
    println!("{} is {REPOSITORY}:{}", workspace::shown(&path), project::VERSION);
    Ok(ExitCode::SUCCESS)
}

/// Writes the archive with this static binary.
pub(crate) fn build(binary: &Path) -> Result<PathBuf> {
    let program = fs::read(binary).with_context(|| format!("read {}", binary.display()))?;
    let image = oci::Image {
        program: &program,
        name: &format!("{REPOSITORY}:{}", project::VERSION),
        version: project::VERSION,
        revision: &project::revision(),
    };
    let path = workspace::target(&format!("dropctl-{}-oci.tar", project::VERSION));
    fs::write(&path, image.archive()?).with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}
