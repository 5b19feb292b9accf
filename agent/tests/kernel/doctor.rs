//! `dropctl doctor` with the rights of root, of nobody with two capabilities, and of nobody with none: what it says is what
//! is so.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use caps::Capability;
use serde_json::Value;
use tempfile::TempDir;

use crate::{node, rights::Rights};

/// A copy of the program that everybody may run.
struct Program {
    _folder: TempDir,
    path: PathBuf,
}

impl Program {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let path = folder.path().join("dropctl");
        fs::copy(node::dropctl_bin().context("DROPCTL_BIN")?, &path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        Ok(Self { _folder: folder, path })
    }

    /// Whether it ended well, and what it says.
    fn run(&self, rights: Option<Rights>) -> Result<(bool, Value)> {
        let mut command = Command::new(&self.path);
        command.args(["doctor", "--format", "json"]).current_dir("/").stdin(Stdio::null());
        if let Some(rights) = rights {
            rights.apply(&mut command);
        }
        let Output { status, stdout, stderr } = command.output()?;
        let code = status.code();
        ensure!(matches!(code, Some(0 | 1)), "{status}: {}", String::from_utf8_lossy(&stderr));
        Ok((code == Some(0), serde_json::from_slice(&stdout).context("it is no JSON")?))
    }
}

/// The statuses of these checks.
fn statuses<'a>(said: &'a Value, names: &[&str]) -> Vec<&'a str> {
    let checks = said["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |name: &&str| checks.iter().find(|check| check["name"] == **name)?["status"].as_str();
    names.iter().map(|name| of(name).unwrap_or("absent")).collect()
}

pub(crate) fn says_what_is_so() -> Result<()> {
    let program = Program::new()?;
    let (is_well, here) = program.run(None)?;
    ensure!(is_well && here["can_run"] == true, "{}", here["verdict"]);
    let names = ["version", "btf", "tracepoint", "CAP_BPF", "CAP_PERFMON", "probe", "rings", "other"];
    let found = statuses(&here, &names);
    ensure!(found == ["ok", "ok", "ok", "ok", "ok", "ok", "ok", "absent"], "{names:?}: {found:?}");
    println!("{}", here["verdict"]);

    let (is_well, poor) = program.run(Some(Rights { may_load: false, is_root: false, more: &[] }))?;
    ensure!(!is_well && poor["can_run"] == false, "{}", poor["verdict"]);
    let found = statuses(&poor, &["version", "CAP_BPF", "CAP_PERFMON", "probe", "rings", "CAP_SYS_PTRACE"]);
    ensure!(found == ["ok", "missing", "missing", "missing", "limited", "limited"], "{found:?}");

    let (is_well, two) = program.run(Some(Rights { may_load: true, is_root: false, more: &[] }))?;
    ensure!(is_well && two["can_run"] == true, "{}", two["verdict"]);
    let names = ["CAP_BPF", "probe", "rings", "CAP_SYS_PTRACE", "reach", "files_of_root", "consumer_wchan"];
    let found = statuses(&two, &names);
    ensure!(found == ["ok", "ok", "ok", "limited", "limited", "limited", "limited"], "{names:?}: {found:?}");

    let tracer = Rights { may_load: true, is_root: true, more: &[Capability::CAP_SYS_PTRACE] };
    let (_, more) = program.run(Some(tracer))?;
    let found = statuses(&more, &["CAP_SYS_PTRACE", "reach", "files_of_root", "consumer_wchan"]);
    ensure!(found == ["ok"; 4], "{found:?}");
    Ok(())
}
