//! The agent's memory: what it says of a loss as it happens, and what it still knows of it afterwards, and after a restart.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::standin::{Standin, lab_binary, load};

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(60);
const FLAGS: &str = "--syscalls getpgrp --cpus-for-each-buffer 1 --ring-bytes 64KiB";
/// More than 64 KiB hold.
const CALLS: u64 = 20_000;
/// A verdict comes so long after the first sample with drops, by the samples' own times, s.
const VERDICT_SECONDS: f64 = 5.0;

fn dropctl(arguments: &[&str]) -> Result<Command> {
    let program = std::env::var_os("DROPCTL_BIN").context("DROPCTL_BIN")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    Ok(command)
}

/// A running agent. Dropping it kills it.
struct Agent {
    child: Child,
    address: String,
    socket: PathBuf,
}

impl Agent {
    fn start(folder: &Path) -> Result<Self> {
        let socket = folder.join("agent.sock");
        let mut command = dropctl(&["agent", "--listen", "127.0.0.1:0", "--socket"])?;
        command.arg(&socket).arg("--incident-dir").arg(folder.join("incidents"));
        let mut child = command.stderr(Stdio::piped()).spawn().context("start the agent")?;
        let mut log = BufReader::new(child.stderr.take().context("no stderr")?);
        let mut said = String::new();
        let address = loop {
            ensure!(log.read_line(&mut said)? > 0, "the agent ended: {said}");
            if let Some((_, rest)) = said.split_once("serving http://") {
                break rest.split('/').next().unwrap_or_default().to_owned();
            }
        };
        thread::spawn(move || log.lines().for_each(drop));
        Ok(Self { child, address, socket })
    }

    fn metrics(&self) -> Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        Ok(page)
    }

    /// The first page with a line that begins so.
    fn until(&self, line: &str) -> Result<String> {
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            let page = self.metrics()?;
            if page.lines().any(|other| other.starts_with(line)) {
                return Ok(page);
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("not in time: {line}")
    }

    fn report(&self, arguments: &[&str]) -> Result<Output> {
        // Each report has a key of its own, and two are to be compared.
        let mut command = dropctl(&["report", "--no-redact", "--socket"])?;
        command.arg(&self.socket).args(arguments).output().context("dropctl report")
    }

    fn terminate(mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("pid")?;
        kill_process(pid, Signal::TERM)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the agent ended with {status}");
        ensure!(!self.socket.exists(), "its socket is left");
        Ok(())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn value(page: &str, start: &str) -> Option<f64> {
    page.lines().find(|line| line.starts_with(start))?.rsplit(' ').next()?.parse().ok()
}

fn text(output: Output) -> Result<String> {
    ensure!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The code of the one cause.
fn cause(report: &str) -> Result<String> {
    let report: Value = serde_json::from_str(report)?;
    let findings = report["findings"].as_array().context("findings")?;
    let mut causes = findings.iter().filter(|finding| finding["role"] == "cause");
    let first = causes.next().context("no cause")?;
    ensure!(causes.next().is_none(), "two causes: {findings:?}");
    ensure!(report["own"]["accounting"]["holds"] == true, "{}", report["own"]);
    Ok(first["code"].as_str().context("code")?.to_owned())
}

/// A tool that is stopped and loses events, and an agent that looks on.
fn a_loss(folder: &Path) -> Result<(Standin, Agent)> {
    let falco = folder.join("falco");
    std::os::unix::fs::symlink(lab_binary(), &falco)?;
    let standin = Standin::start_as(&falco, FLAGS)?;
    let agent = Agent::start(folder)?;
    // One whose counts the agent reads.
    agent.until("dropctl_findings_total{tool=\"falco\"")?;
    load("--syscall getpgrp --calls 10 --cpu 1")?;
    agent.until("dropctl_falco_events_total{tool_instance=\"0\"} 1")?;
    standin.pause()?;
    load(&format!("--syscall getpgrp --calls {CALLS} --cpu 1"))?;
    Ok((standin, agent))
}

/// The agent is killed as soon as it has a verdict; the next one tells what it saw.
pub(crate) fn of_a_killed_agent() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut standin, agent) = a_loss(folder.path())?;
    let verdict = agent.until("dropctl_finding_active{tool=\"falco\",code=\"DC1")?;
    ensure!(verdict.contains("code=\"DC104\""), "{verdict}");
    let drops = "dropctl_falco_drops_total{tool_instance=\"0\",category=\"none\"}";
    let lost = value(&verdict, drops).context("no drops")?;
    drop(agent);
    let left = || -> Result<Vec<String>> {
        let names = fs::read_dir(folder.path().join("incidents"))?;
        names.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    let [journal] = &*left()? else { bail!("one journal was expected: {:?}", left()?) };
    ensure!(journal.starts_with(".dropctl-incident-open-"), "{journal}");

    let agent = Agent::start(folder.path())?;
    standin.finish_paused()?;
    let list = text(agent.report(&["--incident", "list"])?)?;
    println!("{list}");
    ensure!(
        list.lines().count() == 1 && list.contains("DC104") && list.contains("the agent was killed in it"),
        "{list}"
    );
    let told = text(agent.report(&["--incident", "last", "--format", "json"])?)?;
    ensure!(cause(&told)? == "DC104", "{}", cause(&told)?);
    ensure!(told.contains("the agent was killed while this went on"), "it does not say so");
    let [kept] = &*left()? else { bail!("one incident was expected: {:?}", left()?) };
    let header = dropctl::recording::header(File::open(folder.path().join("incidents").join(kept))?)?;
    let kept = header.incident.context("no incident")?;
    ensure!(kept.cut_off && kept.goes_on && kept.drops.to_string() == lost.to_string(), "{lost}: {kept:?}");
    agent.terminate()
}

/// A tool that is stopped, and loses events.
pub(crate) fn of_a_loss() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut standin, agent) = a_loss(folder.path())?;

    let lossy = agent.until("dropctl_falco_drops_total{tool_instance=\"0\",category=\"none\"} 1")?;
    let verdict = agent.until("dropctl_finding_active{tool=\"falco\",code=\"DC1")?;
    let at = |page: &str| value(page, "dropctl_sample_timestamp_seconds ").context("no time");
    let waited = at(&verdict)? - at(&lossy)?;
    let is_cause = |line: &&str| line.starts_with("dropctl_finding_active{tool=\"falco\",code=\"DC1");
    let standing: Vec<&str> = verdict.lines().filter(is_cause).collect();
    println!("a verdict {waited:.1} s after the first sample with drops: {standing:?}");
    ensure!(waited <= VERDICT_SECONDS, "{waited} s");
    ensure!(standing.len() == 1 && standing[0].contains("code=\"DC104\""), "{standing:?}");

    let file = |name: &str| folder.path().join(name);
    let name = |name: &str| file(name).to_string_lossy().into_owned();
    let live = text(agent.report(&["--since", "1m", "--format", "json"])?)?;
    fs::write(file("since.json"), &live)?;
    let again = text(agent.report(&["--input", &name("since.json"), "--format", "json"])?)?;
    ensure!(live == again, "the report of the memory and that of its recording are not the same");
    ensure!(cause(&live)? == "DC104", "{}", cause(&live)?);
    // Nothing said is the usual question.
    ensure!(cause(&text(agent.report(&["--format", "json"])?)?)? == "DC104", "without a flag");

    // It goes on when the agent ends.
    agent.terminate()?;
    let nobody = dropctl(&["report", "--since", "1m", "--socket"])?.arg(file("agent.sock")).output()?;
    let said = String::from_utf8_lossy(&nobody.stderr).into_owned();
    ensure!(nobody.status.code() == Some(2) && said.contains("no agent answers at"), "{said}");

    let kept: Vec<PathBuf> = fs::read_dir(file("incidents"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    let [kept] = kept.as_slice() else { bail!("one incident was expected: {kept:?}") };
    ensure!(fs::metadata(kept)?.permissions().mode() & 0o777 == 0o600, "others may read it");
    let id =
        kept.file_name().and_then(|name| name.to_str()?.strip_suffix(".jsonl.gz")).context("id")?.to_owned();
    let header = dropctl::recording::header(File::open(kept)?)?;
    println!("kept: {:?}", header.incident);
    standin.finish_paused()?;

    let agent = Agent::start(folder.path())?;
    let list = text(agent.report(&["--incident", "list"])?)?;
    ensure!(list.lines().count() == 1 && list.contains(&id) && list.contains("DC104"), "{list}");
    let of_file = text(agent.report(&["--input", &kept.to_string_lossy(), "--format", "json"])?)?;
    for which in ["last", &id] {
        let told = text(agent.report(&["--incident", which, "--format", "json"])?)?;
        ensure!(told == of_file, "the agent's incident {which} is not its file");
    }
    ensure!(cause(&of_file)? == "DC104", "{}", cause(&of_file)?);
    let other = agent.report(&["--incident", "20010101T000000Z"])?;
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    ensure!(other.status.code() == Some(2) && said.contains(&id), "it names what there is: {said}");
    agent.terminate()
}
