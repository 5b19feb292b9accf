//! However it ends, the terminal is as it was before.

use std::env;

use anyhow::{Result, ensure};
use rustix::process::Signal;

use crate::{
    panics,
    tmux::{Tmux, dropctl, recording},
};

pub(crate) fn q() -> Result<()> {
    fine(|tmux| tmux.press(&["q"]))
}

pub(crate) fn ctrl_c() -> Result<()> {
    fine(|tmux| tmux.press(&["C-c"]))
}

pub(crate) fn sigint() -> Result<()> {
    fine(|tmux| tmux.signal(Signal::INT))
}

pub(crate) fn sigterm() -> Result<()> {
    fine(|tmux| tmux.signal(Signal::TERM))
}

pub(crate) fn sighup() -> Result<()> {
    fine(|tmux| tmux.signal(Signal::HUP))
}

fn fine(end: fn(&Tmux) -> Result<()>) -> Result<()> {
    let recording = recording();
    let arguments = ["top".as_ref(), "--input".as_ref(), recording.as_os_str()];
    let tmux = Tmux::run(dropctl().as_os_str(), &arguments, &[], "")?;
    tmux.until_shown("REPLAY")?;
    tmux.ensure_taken()?;
    end(&tmux)?;
    let screen = tmux.ensure_given_back()?;
    ensure!(screen.contains("ended 0\n"), "{screen}");
    Ok(())
}

/// Its message is on the screen that comes back, and not on the one that goes.
pub(crate) fn panic() -> Result<()> {
    let recording = recording();
    let variables = [(panics::RECORDING, recording.as_os_str())];
    let tmux = Tmux::run(env::current_exe()?.as_os_str(), &[], &variables, "")?;
    tmux.until_shown("REPLAY")?;
    tmux.ensure_taken()?;
    let screen = tmux.ensure_given_back()?;
    ensure!(screen.contains(panics::REASON), "it did not say why:\n{screen}");
    // SIGABRT.
    ensure!(screen.contains("ended 134\n"), "{screen}");
    Ok(())
}
