//! A Falco in a pod of its own, whose CPU limit is too small: what dropctl's pod says of it, from its own namespaces and with the
//! privileges of `deploy/base` alone. And that pod killed in the middle of the loss.

use std::{
    fs,
    path::Path,
    process::{Child, Command},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    READY_WITHIN,
    manifest::Launch,
    metric,
    process::end,
    ready,
    runtime::{Container, Containerd},
};

/// As the systemd driver of the kubelet names it; below the root, so that runc leaves no empty parent behind.
const CGROUP: &str = "/kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice";
const CONFIGURATION: &str = "/etc/falco/falco.yaml";
/// A fifth of a CPU for work of 0.6 and more.
const LIMITS: [&str; 4] = ["--cpu-period", "100000", "--cpu-quota", "20000"];
const STAND_IN: &str = "standin --syscalls getpgrp --ring-bytes 1MiB --work-ns 4000";
const LOAD: &str = "load --syscall getpgrp --rate 150000 --duration 60s";

/// Ended when dropped.
struct Load(Child);

impl Drop for Load {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

pub(crate) fn names_the_cause(containerd: &Containerd, launch: &Launch) -> Result<()> {
    let lab = std::env::var_os("DROPCTL_LAB_BIN").context("DROPCTL_LAB_BIN is not set")?;
    let lab = Path::new(&lab);
    let mut pod = ready(containerd, launch)?;
    let falco = falco(containerd, lab)?;
    let events = "dropctl_falco_events_total{tool_instance=\"0\"}";
    pod.wait_for(READY_WITHIN, |pod| metric(pod, events).is_ok()).context("its counters are not seen")?;
    let _load = Load(Command::new(lab).args(LOAD.split(' ')).spawn().context("start the load")?);
    let report = pod.exec(&["/dropctl", "report", "--duration", "5s", "--format", "json", "--no-redact"])?;
    is_throttled(&serde_json::from_str(&report).context("the report is not JSON")?)?;
    outlives(containerd, launch, pod)?;
    drop(falco);
    Ok(())
}

/// The stand-in as a container with files of its own.
fn falco<'a>(containerd: &'a Containerd, lab: &Path) -> Result<Container<'a>> {
    let files = containerd.at("falco");
    for folder in ["usr/bin", "etc/falco"] {
        fs::create_dir_all(files.join(folder)).context("make the files of falco")?;
    }
    fs::copy(lab, files.join("usr/bin/falco")).context("copy the stand-in")?;
    let words = ["/usr/bin/falco"].into_iter().chain(STAND_IN.split(' ')).chain(["-c", CONFIGURATION]);
    let program: Vec<String> = words.map(str::to_owned).collect();
    let flags = [&["--privileged", "--cgroup", CGROUP], &LIMITS[..]].concat();
    let mut falco = containerd.run_files(&files, "falco", &flags, &program)?;
    falco
        .wait_for(READY_WITHIN, |falco| falco.output().contains("Opening 'syscall' source"))
        .context("the stand-in does not trace")?;
    Ok(falco)
}

/// The cause, the limit that makes it, whose the limit is and what falco.yaml says: each needs another privilege.
fn is_throttled(report: &Value) -> Result<()> {
    let findings = report["findings"].as_array().context("no findings")?;
    let cause = findings.first().context("nothing was found")?;
    ensure!(cause["code"] == "DC102" && cause["tool"]["comm"] == "falco", "{cause:#}");
    let said = format!("{} {}", cause["summary"], cause["evidence"]);
    ensure!(said.contains(CGROUP) && said.contains("0.20 CPUs"), "no limit: {cause:#}");
    let tools = report["tools"].as_array().context("no tools")?;
    let falco = tools.iter().find(|tool| tool["comm"] == "falco").context("no falco")?;
    ensure!(falco["life"]["installation"] == "kubernetes", "{}", falco["life"]);
    let size = &falco["falco"]["comparison"]["ring_bytes"];
    ensure!(
        size["configured"] == 1 << 20 && size["effective"] == 1 << 20,
        "falco.yaml: {:#}",
        falco["falco"]
    );
    let loser = &falco["counters"]["losers"]["workloads"][0]["workload"];
    ensure!(report["node"]["os"].is_string(), "the node's system: {:#}", report["node"]);
    ensure!(loser["container"].is_string(), "whose events: {:#}", falco["counters"]["losers"]);
    Ok(())
}

/// Kills the pod while it sees the loss, and starts it again with the same `emptyDir`, as the kubelet would: it tells the incident.
fn outlives<'a>(containerd: &'a Containerd, launch: &Launch, mut pod: Container<'a>) -> Result<()> {
    let list = |pod: &Container<'_>| pod.exec(&["/dropctl", "report", "--incident", "list"]);
    pod.wait_for(READY_WITHIN, |pod| list(pod).is_ok_and(|list| list.contains("falco")))
        .context("no incident")?;
    pod.signal("SIGKILL")?;
    let code = pod.exit_code(READY_WITHIN)?;
    ensure!(code == 137, "SIGKILL: exit code {code}\n{}", pod.output());
    drop(pod);
    let again = ready(containerd, launch)?;
    let told = list(&again)?;
    ensure!(told.contains("falco") && told.contains("the agent was killed in it"), "{told}");
    Ok(())
}
