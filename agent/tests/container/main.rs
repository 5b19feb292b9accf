//! The image under a real containerd and runc, with the privileges that `deploy/base` asks Kubernetes for.
//!
//! What to run is read from the rendered DaemonSet, so that the test cannot drift from the manifest. Not
//! reproduced: the kubelet, the pod network (each container has its own network namespace with a loopback
//! interface, and is scraped from inside it) and scheduling.
//!
//! Needs root, containerd, runc, kubectl, the archive of `cargo xtask image` in DROPCTL_IMAGE, and the lab's program in
//! DROPCTL_LAB_BIN.
#![allow(unused_crate_dependencies, reason = "a test target uses few of the package's dependencies")]
#![allow(clippy::print_stdout, reason = "the reason of a skip and a fetched page belong on stdout")]

mod beside_falco;
mod http;
mod manifest;
mod process;
mod runtime;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use libtest_mimic::{Arguments, Failed, Trial};

use manifest::Launch;
use runtime::{Container, Containerd};

/// Longest wait for the agent to become ready; the kubelet would wait a minute.
const READY_WITHIN: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    if let Some(url) = std::env::var_os(http::GET_ENV) {
        return http::print(&url.to_string_lossy());
    }
    let mut arguments = Arguments::from_args();
    // One containerd, one agent at a time: they count the same kernel's programs.
    arguments.test_threads = Some(1);
    let trials = match image() {
        Err(reason) => {
            if !arguments.list {
                println!("skip: pod: {reason:#}");
            }
            vec![Trial::test("pod", || Ok(())).with_ignored_flag(true)]
        }
        Ok(image) => trials(&image).unwrap_or_else(|error| {
            // Not a skip: the manifest and this test have parted.
            vec![Trial::test("pod", move || Err(Failed::from(format!("{error:#}"))))]
        }),
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The archive, or why this machine cannot run it.
fn image() -> Result<PathBuf> {
    runtime::require()?;
    let image = std::env::var_os("DROPCTL_IMAGE")
        .map(PathBuf::from)
        .context("DROPCTL_IMAGE is not set; `cargo xtask image` writes the archive it should name")?;
    ensure!(image.is_file(), "DROPCTL_IMAGE names {}, which is not a file", image.display());
    Ok(image)
}

fn trials(image: &Path) -> Result<Vec<Trial>> {
    type Test = fn(&Containerd, &Launch) -> Result<()>;
    let trial = |name: &str, run: Test, launch: Launch| {
        let image = image.to_owned();
        Trial::test(name, move || in_containerd(&image, &launch, run))
    };
    let base = Launch::from_kustomize("base")?;
    let without = |missing: &str| {
        let mut poorer = base.clone();
        poorer.taken_away = poorer.capabilities.take(missing);
        poorer
    };
    Ok(vec![
        // Least privilege, the other way round: without any one of them the agent cannot work, and says so.
        trial("pod_without_bpf", refuses_to_start, without("BPF")),
        trial("pod_without_perfmon", refuses_to_start, without("PERFMON")),
        trial("least_privileged_pod", lives_like_a_pod, Launch::from_kustomize("overlays/least-privilege")?),
        trial("pod", lives_like_a_pod, base.clone()),
        trial("pod_beside_falco", beside_falco::names_the_cause, base),
    ])
}

fn in_containerd(
    image: &Path,
    launch: &Launch,
    run: fn(&Containerd, &Launch) -> Result<()>,
) -> Result<(), Failed> {
    let attempt = || -> Result<()> {
        let containerd = Containerd::start()?;
        containerd.import(image, &launch.image)?;
        run(&containerd, launch)
    };
    attempt().map_err(|error| Failed::from(format!("{error:#}")))
}

fn lives_like_a_pod(containerd: &Containerd, launch: &Launch) -> Result<()> {
    let before = loaded_programs()?;
    let mut pod = ready(containerd, launch)?;
    let live = pod.get(&launch.live_path)?;
    ensure!(live.status == 200, "{} answered {}", launch.live_path, live.status);

    has_the_privileges_of(&pod, launch)?;
    let ours: BTreeSet<u32> = loaded_programs()?.difference(&before).copied().collect();
    ensure!(!ours.is_empty(), "the agent is ready, but no BPF program was loaded");

    counts_grow(&mut pod)?;
    reports_through_exec(&pod)?;
    remembers(&pod)?;

    let asked = Instant::now();
    pod.signal("SIGTERM")?;
    let code = pod.exit_code(launch.grace)?;
    ensure!(code == 0, "SIGTERM: exit code {code} after {:?}\n{}", asked.elapsed(), pod.output());
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let left: Vec<u32> = loaded_programs()?.intersection(&ours).copied().collect();
        if left.is_empty() {
            return Ok(());
        }
        // The kernel frees a program after a grace period of its own.
        ensure!(Instant::now() < deadline, "programs still loaded after the end: {left:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn ready<'a>(containerd: &'a Containerd, launch: &Launch) -> Result<Container<'a>> {
    let mut pod = containerd.run(launch, "dropctl-pod")?;
    pod.wait_for(READY_WITHIN, |pod| pod.get(&launch.ready_path).is_ok_and(|page| page.status == 200))
        .context("not ready")?;
    Ok(pod)
}

/// What the kernel says of the process is what the manifest says.
fn has_the_privileges_of(pod: &Container<'_>, launch: &Launch) -> Result<()> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pod.pid()))?;
    let field = |name: &str| -> Result<Vec<String>> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let line = line.with_context(|| format!("{name} is not in the status of the process"))?;
        Ok(line.split_whitespace().map(str::to_owned).collect())
    };
    let wanted = format!("{:016x}", launch.capability_mask()?);
    for set in ["CapPrm", "CapEff", "CapBnd"] {
        ensure!(
            field(set)? == [wanted.clone()],
            "{set} is {:?}, the manifest asks for {wanted}",
            field(set)?
        );
    }
    let same_processes = std::fs::read_link(format!("/proc/{}/ns/pid", pod.pid()))?
        == std::fs::read_link("/proc/self/ns/pid")?;
    ensure!(same_processes == launch.host_pid, "hostPID is {}, and it is not so", launch.host_pid);
    let uid = launch.uid.to_string();
    ensure!(
        field("Uid")?.iter().all(|id| *id == uid),
        "Uid is {:?}, the manifest asks for {uid}",
        field("Uid")?
    );
    let no_new_privs = if launch.no_new_privs { "1" } else { "0" };
    ensure!(field("NoNewPrivs")? == [no_new_privs], "NoNewPrivs is {:?}", field("NoNewPrivs")?);
    let seccomp = if launch.seccomp { "2" } else { "0" };
    ensure!(field("Seccomp")? == [seccomp], "Seccomp is {:?}, want {seccomp}", field("Seccomp")?);
    if launch.read_only_root {
        let mounts = std::fs::read_to_string(format!("/proc/{}/mountinfo", pod.pid()))?;
        let root =
            mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|words| words[4] == "/");
        let options = root.context("no root mount")?[5];
        ensure!(options.split(',').any(|option| option == "ro"), "the root is mounted {options}");
    }
    Ok(())
}

/// A known amount of work shows up in the pod's counters.
fn counts_grow(pod: &mut Container<'_>) -> Result<()> {
    const CALLS: u32 = 200_000;
    let name = "dropctl_probe_events_seen_total";
    let first = metric(pod, name)?;
    for _ in 0..CALLS {
        // One statx(2) each.
        let _ = std::fs::metadata("/");
    }
    pod.wait_for(Duration::from_secs(20), |pod| {
        metric(pod, name).is_ok_and(|now| now - first >= f64::from(CALLS))
    })
    .with_context(|| format!("{name} grew by less than {CALLS} after as many calls"))
}

fn metric(pod: &Container<'_>, name: &str) -> Result<f64> {
    let page = pod.get("/metrics")?;
    ensure!(page.status == 200, "/metrics answered {}", page.status);
    let value = page.body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.with_context(|| format!("{name} is not in /metrics:\n{}", page.body))?.trim().parse()?)
}

/// `kubectl exec POD -- /dropctl report`, beside the running agent.
fn reports_through_exec(pod: &Container<'_>) -> Result<()> {
    let running = Arc::new(AtomicBool::new(true));
    let load = std::thread::spawn({
        let running = Arc::clone(&running);
        move || {
            while running.load(Ordering::Relaxed) {
                let _ = std::fs::metadata("/");
            }
        }
    });
    let report = pod.exec(&["/dropctl", "report", "--duration", "2s", "--format", "json"]);
    running.store(false, Ordering::Relaxed);
    if load.join().is_err() {
        bail!("the load ended early");
    }
    let report: serde_json::Value = serde_json::from_str(&report?).context("the report is not JSON")?;
    ensure!(report["schema"] == "dropctl.report/v1", "schema is {}", report["schema"]);
    let syscalls = report["syscalls"].as_array().context("the report has no syscalls")?;
    ensure!(!syscalls.is_empty(), "the report saw no syscalls");
    Ok(())
}

/// `kubectl exec POD -- /dropctl report`: the agent tells what it saw before the question.
fn remembers(pod: &Container<'_>) -> Result<()> {
    let report = pod.exec(&["/dropctl", "report", "--since", "15m", "--format", "json"])?;
    let report: serde_json::Value = serde_json::from_str(&report).context("the report is not JSON")?;
    let seconds = report["window"]["seconds"].as_f64().context("no window")?;
    ensure!(seconds > 1.0, "the agent remembers {seconds} s");
    ensure!(report["own"]["accounting"]["holds"] == true, "{}", report["own"]["accounting"]);
    Ok(())
}

/// Exit code 2 and one line that names what is missing.
fn refuses_to_start(containerd: &Containerd, launch: &Launch) -> Result<()> {
    let missing = launch.taken_away.as_deref().context("nothing was taken away")?;
    let mut pod = containerd.run(launch, "dropctl-poor")?;
    let code = pod.exit_code(READY_WITHIN)?;
    ensure!(code == 2, "exit code {code}\n{}", pod.output());
    let name = format!("CAP_{missing}");
    ensure!(pod.output().contains(&name), "does not name {name}:\n{}", pod.output());
    Ok(())
}

fn loaded_programs() -> Result<BTreeSet<u32>> {
    aya::programs::loaded_programs()
        .map(|program| Ok(program.context("cannot list the loaded BPF programs")?.id()))
        .collect()
}
