//! `cargo xtask dist`: what a package of dropctl holds, in one folder: the static binary, its manual pages, the completions of
//! shells, licences.

use std::{fs, path::Path, process::ExitCode};

use anyhow::{Context as _, Result};

use crate::{artifacts, command, project, tools, workspace};

/// A shell, and where its completions are looked for below the prefix.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "share/bash-completion/completions/dropctl"),
    ("zsh", "share/zsh/site-functions/_dropctl"),
    ("fish", "share/fish/vendor_completions.d/dropctl.fish"),
];
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

pub(crate) fn run() -> Result<ExitCode> {
    tools::for_static_build()?;
    let binary = artifacts::static_dropctl()?;
    let folder = workspace::target(&format!("dist/dropctl-{}", project::VERSION));
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("clear {}", folder.display()))?;
    }
    copy(&binary, &folder.join("bin/dropctl"))?;
    for licence in LICENCES {
        copy(&workspace::root().join(licence), &folder.join("share/doc/dropctl").join(licence))?;
    }
    let program = binary.to_string_lossy();
    let manual = folder.join("share/man/man1");
    command::run(command::program(&program).args(["man", "--all"]).arg(&manual))?;
    for (shell, place) in COMPLETIONS {
        let script = command::text(command::program(&program).args(["completions", shell]))?;
        write(&folder.join(place), &script)?;
    }
    println!("{}", workspace::shown(&folder));
    Ok(ExitCode::SUCCESS)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    make_room(to)?;
    fs::copy(from, to).with_context(|| format!("copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    make_room(path)?;
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

fn make_room(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))
}
