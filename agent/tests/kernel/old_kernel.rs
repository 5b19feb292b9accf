//! Before Linux 5.8 there is nothing that we could do, and we say so.

use std::{env, process::Command};

use anyhow::{Context as _, Result, bail, ensure};
use dropctl::probe::Probe;

use crate::crew;

/// The probe refuses by its own words, and so does the program where it is there.
pub(crate) fn refused() -> Result<()> {
    match Probe::start(&crew::stream(1), false) {
        Ok(_) => bail!("the probe started"),
        Err(error) => {
            println!("old kernel: {error}");
            ensure!(error.to_string().contains("5.8"), "an unclear refusal: {error}");
        }
    }
    let Some(program) = env::var_os("DROPCTL_BIN") else { return Ok(()) };
    let output =
        Command::new(program).args(["report", "--duration", "1s"]).output().context("run dropctl")?;
    let talk = String::from_utf8_lossy(&output.stderr);
    println!("old kernel: dropctl: {}", talk.trim());
    ensure!(output.status.code() == Some(2), "exit {}", output.status);
    ensure!(talk.contains("5.8") && talk.trim().lines().count() == 1, "an unclear refusal: {talk}");
    Ok(())
}
