//! What cannot be explained.

use anyhow::Result;

use crate::agent::dropctl;
use crate::recordings::GOOD;
use crate::refusal::{refuses, written};

pub(crate) const ALERT: &str = include_str!("../data/falco-alerts/2023-0.35-categories.json");
const BARE: &str = "Falco internal: syscall event drop. 2 system calls dropped in last second.";

pub(crate) fn bad() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str, text: &str| written(&folder, name, text);
    let none = "no drop alert and no metrics snapshot";
    let (other, recording) = (at("other.log", "hello\n{\"a\":1}\n")?, at("r.jsonl", GOOD)?);
    let packed = folder.path().join("falco.log.gz").display().to_string();
    std::fs::write(&packed, b"\x1f\x8b\x08")?;
    let cases: &[(&[&str], &[&str])] = &[
        (&["explain", "DC999"], &["no finding DC999", "DC101", "DC903"]),
        (&["explain", "dc102x"], &["dc102x", "did you mean DC102?"]),
        (&["explain", "consumer-throtled"], &["did you mean consumer-throttled?"]),
        (&["explain", "DC102", "--format", "html"], &["page of DC102", "text and markdown"]),
        (
            &["explain", "/nowhere/falco.log"],
            &["/nowhere/falco.log", "no such file, no finding and no alert"],
        ),
        (&["explain", "日志.log"], &["日志.log", "no such file, no finding and no alert"]),
        (&["explain", "dc"], &["dc", "no such file, no finding and no alert"]),
        (&["explain", "/"], &["/", "Is a directory"]),
        (&["explain", &other], &[&other, none]),
        (&["explain", &recording], &[&recording, none, "`dropctl report --input` reads a recording"]),
        (&["explain", &packed], &[&packed, none, "it is compressed: zcat for a log"]),
        // Nothing comes from the null device that tests have as stdin.
        (&["explain"], &["stdin", none]),
        (&["explain", "-"], &["stdin", none]),
        (&["explain", BARE, "--recording", "/nowhere/r.gz"], &["/nowhere/r.gz", "no date with a time zone"]),
        (&["explain", ALERT, "--recording", "/nowhere/r.gz"], &["/nowhere/r.gz", "No such file"]),
        (&["explain", ALERT, "--recording", &recording], &[&recording, "not the time of the alerts"]),
        (&["explain", ALERT, "-o", "/nowhere/e.md"], &["/nowhere/e.md", "No such file"]),
    ];
    for (arguments, said) in cases {
        refuses(&mut dropctl(arguments), said)?;
    }
    Ok(())
}
