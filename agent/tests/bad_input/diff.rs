//! Pairs that cannot be compared.

use anyhow::{Context, Result};

use crate::agent::dropctl;
use crate::recordings::GOOD;
use crate::refusal::{refuses, written};

pub(crate) fn bad() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str, text: &str| written(&folder, name, text);
    let header = GOOD.lines().next().context("a header")?;
    let (a, same) = (at("a.jsonl", GOOD)?, at("b.jsonl", GOOD)?);
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
