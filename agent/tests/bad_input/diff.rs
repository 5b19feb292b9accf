//! Pairs that cannot be compared, and that it needs no right to compare others.

use anyhow::{Context, Result, ensure};

use crate::agent::{SOON, dropctl};
use crate::privileges::{NOBODY, Public};
use crate::process::Process;
use crate::refusal::{refuses, written};

const RECORDING: &str = include_str!("../data/recording-v1.jsonl");

pub(crate) fn bad() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str, text: &str| written(&folder, name, text);
    let header = RECORDING.lines().next().context("a header")?;
    let (a, same) = (at("a.jsonl", RECORDING)?, at("b.jsonl", RECORDING)?);
    let (empty, other) = (at("empty.jsonl", &format!("{header}\n"))?, at("other.log", "hello\n")?);
    let cases: &[(&[&str], &[&str])] = &[
        (&["diff"], &["<A>", "<B>"]),
        (&["diff", &a], &["<B>"]),
        (&["diff", "/nowhere/a.gz", &a], &["/nowhere/a.gz", "No such file"]),
        (&["diff", &a, "/nowhere/b.gz"], &["/nowhere/b.gz", "No such file"]),
        (&["diff", &a, &a], &["hold the same recording", "before the change"]),
        (&["diff", &a, &same], &["hold the same recording", "before the change"]),
        (&["diff", &a, &other], &[&other, "no recording of dropctl"]),
        (&["diff", &empty, &a], &[&empty, "fewer than two samples"]),
        (&["diff", "-", "-"], &["cannot both be stdin"]),
        (&["diff", &a, &same, "-o", "/nowhere/d.md"], &["/nowhere/d.md", "No such file"]),
    ];
    for (arguments, said) in cases {
        refuses(&mut dropctl(arguments), said)?;
    }
    Ok(())
}

/// A user without any right compares.
pub(crate) fn anybody() -> Result<()> {
    let public = Public::new()?;
    let (a, b) = (public.at("a.jsonl"), public.at("b.jsonl"));
    std::fs::write(&a, RECORDING)?;
    // Of another time.
    let shorter = RECORDING.trim_end().rsplit_once('\n').context("lines")?.0;
    std::fs::write(&b, format!("{shorter}\n"))?;
    let (a, b) = (a.to_str().context("path")?, b.to_str().context("path")?);
    let ended = Process::start(&mut public.with(NOBODY, &["diff", a, b]))?.end_within(SOON)?;
    ensure!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    ensure!(ended.stdout.contains("# dropctl diff: "), "no page: {}", ended.stdout);
    Ok(())
}
