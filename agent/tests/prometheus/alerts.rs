//! Alerts that fire, and resolve.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::Value;

use crate::agent::{Agent, SOON, dropctl};
use crate::exposition::{parse, value};
use crate::load;
use crate::panels::{alert_annotation, dashboard};
use crate::process::until;
use crate::rules::{self, DOWN_SECONDS, DROPS_WINDOW_SECONDS};
use crate::server::Prometheus;

const OWN_DROPS: &str = "DropctlOwnDrops";
const AGENT_DOWN: &str = "DropctlAgentDown";
const DROPPED: &str = "dropctl_probe_events_dropped_total";

/// A stopped agent cannot drain: its ring fills, the alert fires; it drains again, the alert resolves.
///
/// The ring is small enough to fill while the agent is stopped, and large enough for what other processes of this
/// machine do meanwhile, or it would never resolve.
pub(crate) fn own_drops_fire_and_resolve() -> Result<()> {
    const BYTES: &str = "262144";
    let agent = ["agent", "--listen", "127.0.0.1:0", "--ring-bytes", BYTES, "--sample", "16"];
    let agent = Agent::start(&mut dropctl(&agent))?;
    let dropped = || value(&parse(&agent.metrics()?)?, DROPPED);
    let prometheus = Prometheus::start(agent.address(), &rules::faster()?)?;
    // The increase needs a value from before.
    std::thread::sleep(Duration::from_secs(2));
    ensure!(prometheus.alert(OWN_DROPS)?.is_none(), "fires before anything was dropped ({})", dropped()?);

    agent.signal(Signal::STOP)?;
    load::burst(750_000)?;
    agent.signal(Signal::CONT)?;
    let alert = until(SOON, "DropctlOwnDrops to fire", || firing(&prometheus, OWN_DROPS))?;
    let lost = dropped()?;
    // 1.5 M syscalls, one in 16 streamed, a record takes 40 bytes or more; a tenth for runs that the kernel
    // skips and for the start of each CPU's sixteen.
    let least = 0.9 * (1_500_000.0 / 16.0 - 262_144.0 / 40.0);
    ensure!(lost >= least, "{lost} dropped, at least {least} were expected");
    is_well_said(&alert, &agent)?;
    prometheus.wait_for(&format!("{DROPPED} == {lost}"))?;
    let marked = prometheus.query(&alert_annotation(&dashboard()?)?)?;
    ensure!(!marked.is_empty(), "the dashboard does not mark the alert");

    let fired = Instant::now();
    let limit = Duration::from_secs(DROPS_WINDOW_SECONDS) + SOON;
    until(limit, "DropctlOwnDrops to resolve", || Ok(prometheus.alert(OWN_DROPS)?.is_none().then_some(())))
        .with_context(|| format!("{lost} were dropped then, {:?} by now", dropped().ok()))?;
    println!("own drops: {lost} dropped; fired, and resolved {:.1} s later", fired.elapsed().as_secs_f64());
    Ok(())
}

/// An agent that ends is down after the time that the rule sets, and not before; it comes back, the alert goes.
pub(crate) fn agent_down_fires_and_resolves() -> Result<()> {
    let agent = Agent::start(&mut dropctl(&["agent", "--listen", "127.0.0.1:0"]))?;
    let prometheus = Prometheus::start(agent.address(), &rules::faster()?)?;
    let address = agent.address().to_string();
    std::thread::sleep(Duration::from_secs(2));
    ensure!(prometheus.alert(AGENT_DOWN)?.is_none(), "fires while the agent runs");

    agent.terminate()?;
    let ended = Instant::now();
    until(SOON, "DropctlAgentDown to be pending", || {
        Ok(prometheus.alert(AGENT_DOWN)?.filter(|alert| alert["state"] == "pending"))
    })?;
    let alert = until(SOON, "DropctlAgentDown to fire", || firing(&prometheus, AGENT_DOWN))?;
    let waited = ended.elapsed();
    ensure!(waited >= Duration::from_secs(DOWN_SECONDS), "fires {waited:?} after the end already");
    ensure!(alert["labels"]["instance"] == address, "the alert is about {}", alert["labels"]);

    let again = Agent::start(&mut dropctl(&["agent", "--listen", &address]))?;
    is_well_said(&alert, &again)?;
    until(SOON, "DropctlAgentDown to resolve", || Ok(prometheus.alert(AGENT_DOWN)?.is_none().then_some(())))?;
    println!("agent down: fired {:.1} s after its end, resolved when it was back", waited.as_secs_f64());
    Ok(())
}

fn firing(prometheus: &Prometheus, name: &str) -> Result<Option<Value>> {
    Ok(prometheus.alert(name)?.filter(|alert| alert["state"] == "firing"))
}

/// It says which agent, its text is filled in, and the runbook that it names exists.
fn is_well_said(alert: &Value, agent: &Agent) -> Result<()> {
    let annotations = &alert["annotations"];
    let said = |name: &str| annotations[name].as_str().with_context(|| format!("no {name}: {annotations}"));
    ensure!(said("summary")?.contains(&agent.address().to_string()), "whose is it? {annotations}");
    for text in [said("summary")?, said("description")?] {
        ensure!(!text.contains("<no value>") && !text.contains("{{"), "not filled in: {text}");
    }
    let runbook = said("runbook_url")?.rsplit_once('/').context("not a link")?.1;
    ensure!(!rules::shipped(&format!("runbooks/{runbook}"))?.is_empty(), "{runbook} is empty");
    Ok(())
}
