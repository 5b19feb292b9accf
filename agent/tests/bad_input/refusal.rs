//! What a refusal looks like, whatever was wrong.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::agent::SOON;
use crate::kernel::Before;
use crate::process::{Ended, Process};

/// Runs a command that must refuse: code 2, one line that says all of `said`, silence on stdout, nothing left.
pub(crate) fn refuses(command: &mut Command, said: &[&str]) -> Result<()> {
    refuses_into(command, Stdio::piped(), said)
}

/// The same with its stdout somewhere else.
pub(crate) fn refuses_into(command: &mut Command, stdout: Stdio, said: &[&str]) -> Result<()> {
    let before = Before::now();
    let ended = Process::start_into(command, stdout)?.end_within(SOON)?;
    is_refusal(&ended, said).and_then(|()| before.nothing_added()).with_context(|| format!("{command:?}"))
}

/// Judges an end.
pub(crate) fn is_refusal(ended: &Ended, said: &[&str]) -> Result<()> {
    let stderr = &ended.stderr;
    ensure!(ended.status.code() == Some(2), "{}, not code 2: {stderr}{}", ended.status, ended.stdout);
    ensure!(ended.stdout.is_empty(), "stdout is not empty: {}", ended.stdout);
    ensure!(stderr.ends_with('\n') && stderr.lines().count() == 1, "not one line: {stderr}");
    ensure!(stderr.starts_with("dropctl: error: "), "does not start as an error: {stderr}");
    for text in ["panicked", "backtrace", "error: error", ".dropctl-"] {
        ensure!(!stderr.contains(text), "says {text:?}: {stderr}");
    }
    let doubled = stderr.trim().rsplit_once(": ").is_some_and(|(rest, last)| rest.ends_with(last));
    ensure!(!doubled, "says its cause twice: {stderr}");
    for text in said {
        ensure!(stderr.contains(text), "does not say {text:?}: {stderr}");
    }
    Ok(())
}

/// Writes a file and returns its path.
pub(crate) fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> Result<String> {
    let path = folder.path().join(name);
    std::fs::write(&path, text)?;
    Ok(path.to_str().context("path")?.to_owned())
}
