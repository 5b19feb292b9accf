//! What other commands do on a terminal and nowhere else: colours, and a line that says how far they are while somebody waits.

use std::ffi::OsStr;

use anyhow::{Context as _, Result, ensure};

use crate::tmux::{Tmux, dropctl, recording};

/// Ends a command of the shell's that is longer than anybody waits in silence.
const SLOW: &str = r#"{ sleep 3; cat "$0"; } | "$1" explain"#;
/// The line of that command.
const READING: &str = "reading stdin: 0 B so far";
/// Begins every escape sequence.
const ESCAPE: char = '\u{1b}';

fn alert() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/falco-alerts/2023-0.35-categories.json")
}

/// A line of the shell's, with two words for it.
fn shell(line: &str, zero: &OsStr, one: &OsStr) -> Result<Tmux> {
    Tmux::run("sh".as_ref(), &["-c".as_ref(), line.as_ref(), zero, one], &[], "")
}

pub(crate) fn colors() -> Result<()> {
    let (recording, program) = (recording(), dropctl());
    let page = |line: &str| -> Result<String> {
        let all = shell(line, recording.as_os_str(), program.as_os_str())?.ended()?;
        ensure!(all.contains("ended 0"), "{all}");
        let from = all.find("verdict").with_context(|| format!("no page: {all}"))?;
        Ok(all[from..].to_owned())
    };
    let colored = page(r#""$1" report --input "$0""#)?;
    let heading = |page: &str| page.lines().find(|line| line.contains("(critical, ")).map(str::to_owned);
    let critical = heading(&colored).context("no finding")?;
    ensure!(critical.starts_with(ESCAPE), "not painted: {critical:?}");
    for line in [
        r#"NO_COLOR=1 "$1" report --input "$0""#,
        r#"TERM=dumb "$1" report --input "$0""#,
        r#""$1" report --input "$0" --format text | cat"#,
    ] {
        let plain = page(line)?;
        ensure!(heading(&plain).is_some() && !plain.contains(ESCAPE), "{line}: {plain:?}");
    }
    let markdown = page(r#""$1" report --input "$0" --format markdown"#)?;
    ensure!(!markdown.contains(ESCAPE), "{markdown:?}");
    Ok(())
}

/// While it waits for somebody else's log, and not a moment longer.
pub(crate) fn progress() -> Result<()> {
    let tmux = shell(SLOW, alert().as_os_str(), dropctl().as_os_str())?;
    tmux.until_shown(READING)?;
    let all = tmux.ended()?;
    ensure!(all.contains("815,508 of 2,270,350") && !all.contains("reading"), "{all}");
    Ok(())
}

pub(crate) fn no_progress() -> Result<()> {
    let tmux = shell(&format!("{SLOW} -q"), alert().as_os_str(), dropctl().as_os_str())?;
    let mut seen = String::new();
    tmux.until("\"done\"", |frame| {
        if frame.contains("reading") {
            seen = frame.to_owned();
        }
        frame.contains("\ndone")
    })?;
    ensure!(seen.is_empty(), "with -q it said\n{seen}");
    let tmux = shell(&format!("{SLOW} 2>said"), alert().as_os_str(), dropctl().as_os_str())?;
    tmux.ended()?;
    ensure!(tmux.file("said")?.is_empty(), "into a file it said {:?}", tmux.file("said")?);
    Ok(())
}

/// Ctrl-C ends a look, and what was seen so far is printed. Needs root.
pub(crate) fn look() -> Result<()> {
    let program = dropctl();
    let arguments = ["report", "--duration", "1m"].map(OsStr::new);
    let tmux = Tmux::run(program.as_os_str(), &arguments, &[], "")?;
    let frame = tmux.until_shown("looking: 2s of 1m; Ctrl-C ends with what was seen so far")?;
    ensure!(frame.matches("looking").count() == 1, "not drawn over:\n{frame}");
    tmux.press(&["C-c"])?;
    let all = tmux.ended()?;
    ensure!(all.contains("verdict") && all.contains("ended 0") && !all.contains("looking: "), "{all}");
    Ok(())
}
