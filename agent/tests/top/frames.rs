//! What is on the screen after each key and in each size. A frame is waited for, not timed.

use std::{cell::RefCell, env, ffi::OsStr, fs, path::PathBuf, thread, time::Duration};

use anyhow::{Context as _, Result, ensure};

use crate::tmux::{Tmux, dropctl, recording};

/// Longer than the time between two samples of the recording: what still moves has moved by then.
const STILL: Duration = Duration::from_millis(2200);
/// A frame of which a part is seen is whole by then.
const DRAWN: Duration = Duration::from_millis(300);
/// Before the name of each frame in the file of accepted ones.
const TITLE: &str = "======== ";

/// Runs it on the recording.
fn top(size: &str) -> Result<Tmux> {
    let recording = recording();
    let arguments: [&OsStr; 3] = ["top".as_ref(), "--input".as_ref(), recording.as_os_str()];
    Tmux::run(dropctl().as_os_str(), &arguments, &[], size)
}

/// Frames that were accepted, or are now.
struct Accepted {
    path: PathBuf,
    text: String,
    /// All of them anew, if they are to be accepted.
    new: Option<RefCell<String>>,
}

impl Accepted {
    fn read() -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/top/driven.txt");
        let text = fs::read_to_string(&path).unwrap_or_default();
        Self { path, text, new: env::var_os("DROPCTL_BLESS").map(|_| RefCell::default()) }
    }

    /// Waits until the screen is as it was accepted under this name. `mark`: what is on it then, and was not before.
    fn wait(&self, tmux: &Tmux, name: &str, mark: &str) -> Result<()> {
        let Some(new) = &self.new else {
            let title = format!("{TITLE}{name}\n");
            let at = self.text.find(&title).with_context(|| format!("no frame {name:?} was accepted"))?;
            let rest = &self.text[at + title.len()..];
            let wanted = &rest[..rest.find(TITLE).unwrap_or(rest.len())];
            ensure!(wanted.contains(mark), "the accepted frame {name:?} has no {mark:?}");
            let wait = tmux.until("the accepted frame", |frame| frame == wanted);
            wait.with_context(|| format!("{name}, which in {} is\n{wanted}", self.path.display()))?;
            return Ok(());
        };
        tmux.until_shown(mark)?;
        // The rest of it may be on its way.
        thread::sleep(DRAWN);
        new.borrow_mut().push_str(&format!("{TITLE}{name}\n{}", tmux.frame()?));
        Ok(())
    }

    fn end(self) -> Result<()> {
        let Some(new) = self.new else { return Ok(()) };
        fs::write(&self.path, new.into_inner()).with_context(|| self.path.display().to_string())
    }
}

pub(crate) fn by_keys() -> Result<()> {
    let tmux = top("")?;
    let accepted = Accepted::read();
    tmux.until_shown("REPLAY")?;
    tmux.press(&["p"])?;
    tmux.until_shown("PAUSED")?;
    thread::sleep(DRAWN);
    let paused = tmux.frame()?;
    thread::sleep(STILL);
    ensure!(tmux.frame()? == paused, "it went on, paused at\n{paused}\nto\n{}", tmux.frame()?);
    tmux.press(&["Space"])?;
    tmux.until("anything but PAUSED", |frame| !frame.contains("PAUSED"))?;
    tmux.until_shown("END OF RECORDING")?;

    let steps: &[(&str, &[&str], &str)] = &[
        ("rings", &[], "backlog"),
        ("tools", &["2"], "events /s"),
        ("syscalls", &["Tab"], "96 of 96, by per second"),
        ("syscalls by their sum", &["s"], "by last minute"),
        ("syscalls by their sum, reversed", &["r"], "reversed"),
        ("further down", &["End"], "getpgrp"),
        ("with a filter, while it is typed", &["/", "O", "p", "E"], "filter: OpE_"),
        ("with a filter", &["Enter"], "filter \"OpE\""),
        ("with a filter that nothing has", &["/", "x"], "No row has \"OpEx\""),
        ("without the filter", &["Escape"], "96 of 96"),
        ("help", &["?"], "Any key ends this."),
        ("help has ended", &["x"], "reversed"),
        ("workloads", &["4"], "workload "),
        ("processes", &["Right"], "process "),
        ("findings", &["BTab", "6"], "held for 5 minutes"),
        ("around to rings", &["Tab"], "by backlog"),
    ];
    for (name, keys, mark) in steps {
        tmux.press(keys)?;
        accepted.wait(&tmux, name, mark)?;
    }
    for (columns, rows) in [(40, 10), (120, 40), (20, 4), (80, 24)] {
        tmux.resize(columns, rows)?;
        accepted.wait(&tmux, &format!("{columns} columns, {rows} rows"), "Rings")?;
    }
    tmux.press(&["q"])?;
    let screen = tmux.ensure_given_back()?;
    ensure!(screen.contains("ended 0\n"), "{screen}");
    accepted.end()
}

/// As on a serial line: it is taken for one of 80 columns and 24 rows.
pub(crate) fn without_a_size() -> Result<()> {
    let tmux = top("rows 0 cols 0")?;
    let frame = tmux.until_shown("REPLAY")?;
    let frame = if frame.contains("q quit") { frame } else { tmux.until_shown("q quit")? };
    ensure!(frame.lines().nth(23).is_some_and(|line| line.starts_with("q quit")), "{frame}");
    tmux.press(&["q"])?;
    tmux.ensure_given_back().map(drop)
}
