//! Recordings that cannot be replayed, and what a replay ends with.

use anyhow::{Context, Result, ensure};

use crate::agent::{SOON, dropctl};
use crate::explain::ALERT;
use crate::process::Process;
use crate::refusal::refuses;

/// A recording, without pseudonyms.
pub(crate) const GOOD: &str = include_str!("../data/recording-v1.jsonl");

pub(crate) fn bad() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("r.jsonl");
    let name = path.to_str().context("path")?;
    refuses(&mut dropctl(&["report", "--input", name]), &[name, "No such file"])?;
    let directory = folder.path().to_str().context("path")?;
    refuses(&mut dropctl(&["report", "--input", directory]), &[directory, "Is a directory"])?;
    let header = GOOD.lines().next().context("a header")?;
    let cases: &[(&str, &[&str])] = &[
        ("", &["no recording of dropctl", "it is empty", "dropctl record -o FILE"]),
        ("hello\n", &["no recording of dropctl", "first line is no JSON"]),
        ("\0\u{1}\u{7f}", &["no recording of dropctl", "first line is no JSON"]),
        (ALERT, &["no recording of dropctl", "it is what Falco says, which `dropctl explain` reads"]),
        ("{\"schema\":\"dropctl.recording/v9\"}\n", &["dropctl.recording/v9", "use a newer dropctl"]),
        ("{\"schema\":\"dropctl.report/v1\"}\n", &["a report without its recording"]),
        (&format!("{header}\n"), &["fewer than two samples"]),
        (&format!("{header}\n{{\"interval_ns\":-1}}\n"), &["line 2 is no sample", "-1"]),
    ];
    for (text, said) in cases {
        std::fs::write(&path, text)?;
        let said: Vec<_> = [name].into_iter().chain(said.iter().copied()).collect();
        refuses(&mut dropctl(&["report", "--input", name]), &said).with_context(|| (*text).to_owned())?;
    }
    std::fs::write(&path, GOOD)?;
    for arguments in [&["report", name][..], &["size", name], &["top", name], &[name]] {
        refuses(&mut dropctl(arguments), &[name, "`dropctl report --input FILE` reads a file"])?;
    }
    for (more, of) in
        [("--duration=1s", "--duration"), ("--mode=count", "--mode"), ("--whose=off", "--whose")]
    {
        refuses(&mut dropctl(&["report", "--input", name, more]), &["--input", of, "cannot be used with"])?;
    }
    refuses(&mut dropctl(&["record", "--duration", "0s"]), &["duration 0s", "between 100ms and 1day"])?;
    refuses(&mut dropctl(&["record", "-o", "/nowhere/r.gz"]), &["/nowhere/r.gz", "No such file"])
}

/// The recording has a critical finding; without its last second it has none.
pub(crate) fn fail_on() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("r.jsonl");
    let name = path.to_str().context("path")?;
    let quiet = GOOD.trim_end().rsplit_once('\n').context("lines")?.0;
    for (text, level, code) in [(GOOD, "critical", 1), (GOOD, "info", 1), (quiet, "info", 0)] {
        std::fs::write(&path, text)?;
        let arguments = ["report", "--input", name, "--fail-on", level];
        let ended = Process::start(&mut dropctl(&arguments))?.end_within(SOON)?;
        ensure!(ended.status.code() == Some(code), "{level}: {}: {}", ended.status, ended.stderr);
        ensure!(ended.stdout.contains("# dropctl report"), "{level}: no page: {}", ended.stdout);
    }
    Ok(())
}
