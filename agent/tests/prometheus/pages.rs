//! What the agent serves, and what it says at its end.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::agent::{Agent, SOON, dropctl};
use crate::exposition::{parse, value};
use crate::load;
use crate::process::{Process, until};

/// Status, type and content of each page. That a stale sample makes `/readyz` answer 503 cannot be shown from
/// outside: one thread samples and serves, so whatever holds up the one holds up the other.
pub(crate) fn are_what_they_should_be() -> Result<()> {
    let agent = Agent::start(&mut dropctl(&["agent", "--listen", "127.0.0.1:0"]))?;
    for (path, status, kind, body) in [
        ("/healthz", 200, "text/plain; charset=utf-8", "ok\n"),
        ("/readyz", 200, "text/plain; charset=utf-8", "ready\n"),
        ("/", 200, "text/html; charset=utf-8", "<a href=\"/metrics\">"),
        ("/", 200, "text/html; charset=utf-8", "<a href=\"/readyz\">"),
        ("/", 200, "text/html; charset=utf-8", "<a href=\"/healthz\">"),
        ("/metrics", 200, "text/plain; version=0.0.4", "dropctl_build_info{"),
        ("/metrics?anything", 200, "text/plain; version=0.0.4", "dropctl_build_info{"),
    ] {
        let page = agent.get(path)?;
        ensure!(page.status == status, "{path}: status {}", page.status);
        ensure!(page.header("content-type") == Some(kind), "{path}: type {:?}", page.header("content-type"));
        ensure!(page.body.contains(body), "{path}: no {body} in {}", page.body);
    }
    for path in ["/nothing", "/metrics/", "/healthz/x", "/../etc/passwd"] {
        let page = agent.get(path)?;
        ensure!(page.status == 404, "{path}: status {}", page.status);
    }
    // Through more than three intervals it stays ready.
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(200));
        let page = agent.get("/readyz")?;
        ensure!(page.status == 200, "not ready: {}", page.body);
    }
    agent.terminate().map(drop)
}

/// `promtool check metrics` has nothing to say of a page under load.
pub(crate) fn satisfy_promtool() -> Result<()> {
    let agent = Agent::start(&mut dropctl(&["agent", "--listen", "127.0.0.1:0"]))?;
    let _load = load::busy()?;
    // Not the first page: a later one has the syscalls of the load, and how long the one before took.
    let page = until(SOON, "a page with the load", || {
        let page = agent.metrics()?;
        let seen = value(&parse(&page)?, "dropctl_probe_events_seen_total")?;
        Ok((seen > 100_000.0 && page.contains("dropctl_scrape_duration_seconds")).then_some(page))
    })?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), &page)?;
    let mut promtool = Command::new("sh");
    promtool.args(["-c", "exec promtool check metrics <\"$0\""]).arg(file.path());
    let ended = Process::start_into(&mut promtool, Stdio::piped())?.end_within(SOON)?;
    let said = format!("{}{}", ended.stdout, ended.stderr);
    ensure!(ended.status.success() && said.is_empty(), "promtool: {}: {said}", ended.status);
    println!("promtool: nothing to say of {} series", parse(&page)?.len());
    Ok(())
}

/// SIGTERM after drops: one line that accounts for every record, with nothing in flight.
pub(crate) fn end_with_an_account() -> Result<()> {
    let agent = ["agent", "--listen", "127.0.0.1:0", "--ring-bytes", "4096", "--sample", "1"];
    let agent = Agent::start(&mut dropctl(&agent))?;
    agent.signal(Signal::STOP)?;
    load::burst(50_000)?;
    agent.signal(Signal::CONT)?;
    let dropped = until(SOON, "the drops to be shown", || {
        let dropped = value(&parse(&agent.metrics()?)?, "dropctl_probe_events_dropped_total")?;
        Ok((dropped > 0.0).then_some(dropped))
    })?;
    let ended = agent.terminate()?;
    ensure!(ended.stdout.is_empty(), "talk on stdout: {}", ended.stdout);
    let [_, last] = ended.stderr.lines().collect::<Vec<_>>()[..] else {
        anyhow::bail!("two lines were expected, one at the start and one at the end:\n{}", ended.stderr);
    };
    let account = last.rsplit_once("; ").with_context(|| format!("no account: {last}"))?.1;
    let words: Vec<_> = account.split(' ').collect();
    let numbers: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let shape: Vec<_> = words.iter().filter(|word| word.parse::<u64>().is_err()).copied().collect();
    ensure!(
        shape.join(" ") == "records attempted = consumed + dropped + bytes in flight",
        "another shape: {account}"
    );
    let [attempted, consumed, lost, in_flight] = numbers[..] else {
        anyhow::bail!("four numbers were expected: {account}");
    };
    ensure!(in_flight == 0 && attempted == consumed + lost, "does not add up: {account}");
    ensure!(lost as f64 >= dropped, "{dropped} were dropped before: {account}");
    println!("account: {account}");
    Ok(())
}
