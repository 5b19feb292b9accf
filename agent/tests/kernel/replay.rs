//! What was seen live is what its recording says: the same report, byte for byte, whoever makes it and how often.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use dropctl::recording;

use crate::node;

fn dropctl(arguments: &[&str], file: &Path) -> Result<()> {
    let program = node::dropctl_bin().context("DROPCTL_BIN")?;
    let output = Command::new(program).args(arguments).arg("-o").arg(file).output().context("run dropctl")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{arguments:?}: {}: {said}", output.status);
    Ok(())
}

/// A live report in JSON holds everything that pages are made of, and its recording.
pub(crate) fn live_and_replay_agree() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("dropctl-replay-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = agree(&folder);
    fs::remove_dir_all(&folder)?;
    result
}

fn agree(folder: &Path) -> Result<()> {
    let at = |name: &str| folder.join(name);
    let text = |name: &str| fs::read_to_string(at(name)).with_context(|| name.to_owned());
    let of = |name: &str| at(name).to_string_lossy().into_owned();
    dropctl(&["report", "--duration", "3s", "--format", "json"], &at("live.json"))?;
    dropctl(&["report", "--input", &of("live.json"), "--format", "json"], &at("replayed.json"))?;
    ensure!(
        text("live.json")? == text("replayed.json")?,
        "another report: {}",
        difference(&text("live.json")?, &text("replayed.json")?)
    );
    ensure!(text("live.json")?.contains("\"holds\": true"), "the live report does not add up");

    dropctl(&["record", "--duration", "3s"], &at("r.jsonl.gz"))?;
    dropctl(&["report", "--input", &of("r.jsonl.gz"), "--format", "json"], &at("once.json"))?;
    dropctl(&["report", "--input", &of("once.json"), "--format", "json"], &at("twice.json"))?;
    ensure!(text("once.json")? == text("twice.json")?, "a recording and the report of it do not agree");
    let replayed = recording::read(fs::File::open(at("r.jsonl.gz"))?)?;
    let samples = replayed.timeline.samples().len();
    ensure!(!replayed.is_cut_off && samples >= 3, "{samples} samples in 3 s");
    for format in ["markdown", "text", "html"] {
        dropctl(&["report", "--input", &of("live.json"), "--format", format], &at("a"))?;
        dropctl(&["report", "--input", &of("replayed.json"), "--format", format], &at("b"))?;
        ensure!(text("a")? == text("b")? && !text("a")?.is_empty(), "another page");
    }
    // A page for an issue brings what replays it, once.
    dropctl(&["report", "--duration", "1s"], &at("page.md"))?;
    dropctl(&["report", "--input", &of("page.json.gz")], &at("again.md"))?;
    ensure!(text("page.md")? == text("again.md")?, "{}", difference(&text("page.md")?, &text("again.md")?));
    ensure!(!at("again.json.gz").exists(), "what was replayed was written again");
    Ok(())
}

fn difference<'a>(one: &'a str, other: &'a str) -> String {
    let differs = |(one, other): &(&str, &str)| one != other;
    match one.lines().zip(other.lines()).find(differs) {
        Some((one, other)) => format!("{one:.200} | {other:.200}"),
        None => "one is longer".to_owned(),
    }
}
