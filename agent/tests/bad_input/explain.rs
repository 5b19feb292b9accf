//! What cannot be explained, and that it needs no right to explain the rest.

use anyhow::{Result, ensure};

use crate::agent::{SOON, dropctl};
use crate::privileges::{NOBODY, Public};
use crate::process::Process;
use crate::refusal::{refuses, written};

pub(crate) const ALERT: &str = include_str!("../data/falco-alerts/2023-0.35-categories.json");
const BARE: &str = "Falco internal: syscall event drop. 2 system calls dropped in last second.";
const RECORDING: &str = include_str!("../data/recording-v1.jsonl");

pub(crate) fn bad() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str, text: &str| written(&folder, name, text);
    let none = "no drop alert and no metrics snapshot";
    let (other, recording) = (at("other.log", "hello\n{\"a\":1}\n")?, at("r.jsonl", RECORDING)?);
    let cases: &[(&[&str], &[&str])] = &[
        (&["explain", "DC999"], &["no finding DC999", "DC101", "DC903"]),
        (&["explain", "DC102", "--format", "html"], &["page of DC102", "text and markdown"]),
        (
            &["explain", "/nowhere/falco.log"],
            &["/nowhere/falco.log", "no such file, no finding and no alert"],
        ),
        (&["explain", "/"], &["/", "Is a directory"]),
        (&["explain", &other], &[&other, none]),
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

/// A user without any right has an alert explained, and a finding.
pub(crate) fn anybody() -> Result<()> {
    let public = Public::new()?;
    for (what, said) in [(ALERT, "815,508 of 2,270,350 events"), ("DC102", "# DC102 consumer-throttled")] {
        let ended = Process::start(&mut public.with(NOBODY, &["explain", what]))?.end_within(SOON)?;
        ensure!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        ensure!(ended.stdout.contains(said), "{what}: {}", ended.stdout);
    }
    Ok(())
}
