//! Values that cannot be meant, words that do not exist, and the two that always work.

use anyhow::{Context, Result, ensure};

use crate::agent::{SOON, dropctl};
use crate::process::Process;
use crate::refusal::refuses;

pub(crate) fn bad() -> Result<()> {
    let size = "expected a number of bytes, such as 8388608 or 8MiB";
    let shape = "is not a power of two of at least 4.0 KiB: try ";
    let time = "expected a number with a unit, such as 500ms, 10s or 2m";
    let sample = "expected a whole number from 1 (every event)";
    let listen = "expected an IP address and a port, such as 127.0.0.1:9753";
    let cases: &[(&str, &[&str])] = &[
        ("agent --ring-bytes 0", &["ring size 0 B", shape, "try 4.0 KiB"]),
        ("agent --ring-bytes 100", &["ring size 100 B", shape, "try 4.0 KiB"]),
        ("agent --ring-bytes 5000", &["ring size 5000 B", shape, "try 8.0 KiB"]),
        ("agent --ring-bytes 8388609", &["ring size 8388609 B", shape, "try 16.0 MiB"]),
        ("report --ring-bytes 3MiB", &["ring size 3.0 MiB", shape, "try 4.0 MiB"]),
        (
            "report --ring-bytes 1EiB",
            &["ring size 1.0 EiB", "more than half of this node's memory", "try 8.0 MiB"],
        ),
        (
            "agent --ring-bytes 1PiB",
            &["ring size 1.0 PiB", "more than half of this node's memory", "try 8.0 MiB"],
        ),
        ("agent --ring-bytes lots", &["'lots'", "--ring-bytes", size]),
        ("agent --ring-bytes=-4096", &["'-4096'", "--ring-bytes", size]),
        ("agent --ring-bytes 4096x", &["'4096x'", "--ring-bytes", size]),
        ("report --sample 0", &["'0'", "--sample", sample]),
        ("report --sample=-1", &["'-1'", "--sample", sample]),
        ("agent --sample 4294967296", &["'4294967296'", "--sample", sample]),
        ("agent --sample some", &["'some'", "--sample", sample]),
        ("report --duration 0", &["duration 0s", "between 100ms and 1day"]),
        ("report --duration 0s", &["duration 0s", "between 100ms and 1day"]),
        ("report --duration 1ns", &["duration 1ns", "between 100ms and 1day"]),
        ("report --duration 900years", &["duration 900years", "between 100ms and 1day"]),
        ("report --duration 10", &["'10'", "--duration", time]),
        ("report --duration soon", &["'soon'", "--duration", time]),
        ("report --duration=-5s", &["'-5s'", "--duration", time]),
        ("report --duration 99999999999999999999s", &["--duration", time]),
        ("agent --interval 0s", &["interval 0s", "between 100ms and 1m"]),
        ("agent --interval 1h", &["interval 1h", "between 100ms and 1m"]),
        ("agent --interval often", &["'often'", "--interval", time]),
        ("top --interval 100ms", &["interval 100ms", "between 1s and 1m"]),
        ("top --interval often", &["'often'", "--interval", time]),
        ("top", &["stdout is no terminal", "--once"]),
        ("top --once --input /nowhere/n.jsonl", &["/nowhere/n.jsonl", "No such file"]),
        ("top --input /nowhere/n.jsonl --mode count", &["--input", "--mode", "cannot be used with"]),
        ("top --mode passive --whose on", &["whose on", "mode passive", "try whose auto"]),
        ("agent --memory 1s", &["memory 1s", "between 2m and 1h"]),
        ("agent --memory long", &["'long'", "--memory", time]),
        ("agent --memory-bytes 64KiB", &["memory of 64.0 KiB", "between 1.0 MiB and 256.0 MiB"]),
        ("agent --memory-bytes lots", &["'lots'", "--memory-bytes", size]),
        ("agent --incident-dir /proc/none", &["/proc/none", "--incident-dir", "No such file"]),
        ("agent --incident-dir /dev/null", &["/dev/null", "--incident-dir", "Not a directory"]),
        ("agent --socket /nonexistent/a/b.sock", &["/nonexistent/a/b.sock", "--socket", "No such file"]),
        ("agent --socket /dev/null", &["/dev/null", "--socket", "something that is no socket is there"]),
        ("report --since soon", &["'soon'", "--since", time]),
        (
            "report --since 1m --socket /nonexistent.sock",
            &["no agent answers at /nonexistent.sock", "--duration 10s"],
        ),
        ("report --socket /nonexistent.sock", &["no agent answers at /nonexistent.sock", "--duration 10s"]),
        (
            "report --incident last --socket /nonexistent.sock",
            &["no agent answers at /nonexistent.sock", "--socket"],
        ),
        ("report --since 1m --duration 1s", &["--since", "--duration", "cannot be used with"]),
        ("report --since 1m --incident last", &["--since", "--incident", "cannot be used with"]),
        ("report --incident last --input -", &["--incident", "--input", "cannot be used with"]),
        ("agent --listen 9753", &["'9753'", "--listen", listen]),
        ("agent --listen localhost:9753", &["'localhost:9753'", "--listen", listen]),
        ("agent --listen 127.0.0.1", &["'127.0.0.1'", "--listen", listen]),
        ("agent --listen 127.0.0.1:99999", &["'127.0.0.1:99999'", "--listen", listen]),
        ("agent --whose maybe", &["'maybe'", "--whose", "off, auto, on"]),
        ("agent --mode passive --whose on", &["whose on", "mode passive", "try whose auto"]),
        ("report --mode passive --whose on", &["whose on", "mode passive", "try whose auto"]),
        ("agent --mode fast", &["'fast'", "--mode", "stream, count"]),
        ("report --format pdf", &["'pdf'", "--format", "text, markdown, json, html"]),
        ("report --output", &["--output <FILE>", "a value is required"]),
        ("report --fail-on much", &["'much'", "--fail-on", "info, warning, critical"]),
        ("doctor --format yaml", &["'yaml'", "--format", "text, markdown, json"]),
        ("doctor -o /nowhere/d.md", &["/nowhere/d.md", "No such file"]),
        ("doctor now", &["'now'", "--help"]),
    ];
    for (line, said) in cases {
        refuses(&mut dropctl(&line.split(' ').collect::<Vec<_>>()), said)?;
    }
    Ok(())
}

pub(crate) fn unknown() -> Result<()> {
    let cases: &[(&str, &[&str])] = &[
        ("docter", &["'docter'", "similar subcommand exists: 'doctor'"]),
        ("agnet", &["'agnet'", "similar subcommand exists: 'agent'"]),
        ("frobnicate", &["'frobnicate'", "--help"]),
        ("--frobnicate", &["'--frobnicate'", "--help"]),
        ("report --durtion 1s", &["'--durtion'", "similar argument exists: '--duration'"]),
        ("agent --lisen 127.0.0.1:0", &["'--lisen'", "similar argument exists: '--listen'"]),
        ("report --format jsn", &["'jsn'", "similar value exists: 'json'"]),
        ("report more", &["'more'", "--help"]),
        ("report --sample -1", &["'-1'"]),
        ("report -q -v", &["--quiet", "--verbose"]),
    ];
    for (line, said) in cases {
        refuses(&mut dropctl(&line.split(' ').collect::<Vec<_>>()), said)?;
    }
    // Nothing asked for: the help is the way out, on stderr, since it is no data.
    let ended = Process::start(&mut dropctl(&[]))?.end_within(SOON)?;
    ensure!(ended.status.code() == Some(2) && ended.stdout.is_empty(), "{}: {}", ended.status, ended.stdout);
    ensure!(ended.stderr.contains("Usage: dropctl"), "no help: {}", ended.stderr);
    Ok(())
}

/// As nobody would need a kernel for it, these work everywhere.
pub(crate) fn help() -> Result<()> {
    let version = concat!("dropctl ", env!("CARGO_PKG_VERSION"), "\n");
    for (line, said) in [
        ("--version", version),
        ("-V", version),
        ("--help", "Usage: dropctl"),
        ("-h", "Exit codes: 0 it ran; 1 it ran, and"),
        ("agent --help", "DROPCTL_LISTEN"),
        ("report --help", "--duration <TIME>"),
    ] {
        let ended = Process::start(&mut dropctl(&line.split(' ').collect::<Vec<_>>()))?.end_within(SOON)?;
        let judged = || -> Result<()> {
            ensure!(ended.status.success() && ended.stderr.is_empty(), "{}: {}", ended.status, ended.stderr);
            ensure!(ended.stdout.contains(said), "does not say {said:?}: {}", ended.stdout);
            Ok(())
        };
        judged().with_context(|| line.to_owned())?;
    }
    Ok(())
}
