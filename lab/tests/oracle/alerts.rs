//! Drop alerts: the shape of the real ones, and what they leave out.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::standin::{Standin, load, undisturbed};

/// Of a real alert of Falco 0.44.1.
const KEYS: [&str; 7] = ["hostname", "output", "output_fields", "priority", "rule", "source", "time"];
const FIELDS: [&str; 15] = [
    "ebpf_enabled",
    "n_drops",
    "n_drops_buffer_clone_fork_exit",
    "n_drops_buffer_close_exit",
    "n_drops_buffer_connect_exit",
    "n_drops_buffer_dir_file_exit",
    "n_drops_buffer_execve_exit",
    "n_drops_buffer_open_exit",
    "n_drops_buffer_other_interest_exit",
    "n_drops_buffer_proc_exit",
    "n_drops_buffer_total",
    "n_drops_bug",
    "n_drops_page_faults",
    "n_drops_scratch_map",
    "n_evts",
];
const EAGER: &str = "--syscalls getpgrp --threshold 0 --rate 1 --max-burst 10";

/// A look comes with the first event that is more than a second younger than the first one.
pub(crate) fn shape() -> Result<()> {
    undisturbed(|| {
        let mut standin = Standin::start(EAGER)?;
        standin.pause()?;
        load("--syscall getpgrp --calls 400000")?;
        standin.go_on()?;
        load("--syscall getpgrp --rate 1000 --duration 1500ms")?;
        let alert = standin.line()?.clone();
        check(&alert)?;
        let summary = standin.finish()?;
        summary.check()?;
        ensure!(summary.of("drop_alerts") == 1, "{summary:?}");
        Ok(alert["output_fields"]["n_drops"] == "225238")
    })
}

fn check(alert: &Value) -> Result<()> {
    let names = |value: &Value| -> Vec<String> {
        value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
    };
    ensure!(names(alert) == KEYS, "{alert}");
    let fields = alert["output_fields"].as_object().context("fields")?;
    ensure!(names(&alert["output_fields"]) == FIELDS, "{alert}");
    ensure!(fields.values().all(Value::is_string), "{alert}");
    let drops = fields["n_drops"].as_str().context("n_drops")?;
    let sentence =
        format!("Falco internal: syscall event drop. {drops} system calls dropped in last second.");
    ensure!(alert["output"] == sentence && alert["rule"] == "Falco internal: syscall event drop", "{alert}");
    ensure!(alert["priority"] == "Debug" && alert["source"] == "internal", "{alert}");
    Ok(())
}

/// Drops that no later event follows are in no alert, and the counter has them.
pub(crate) fn silent_end() -> Result<()> {
    let mut standin = Standin::start(EAGER)?;
    standin.pause()?;
    load("--syscall getpgrp --calls 400000")?;
    standin.go_on()?;
    let summary = standin.finish()?;
    summary.check()?;
    ensure!(summary.of("drop_alerts") == 0 && standin.printed.is_empty(), "{:?}", standin.printed);
    ensure!(summary.of("n_drops") >= 225_238, "{summary:?}");
    Ok(())
}
