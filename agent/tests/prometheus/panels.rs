//! Every query of the dashboard has an answer.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::agent::{Agent, SOON, dropctl};
use crate::load;
use crate::process::until;
use crate::rules;
use crate::server::{JOB, Prometheus, series};

/// How much of the past a panel shows.
const RANGE: Duration = Duration::from_secs(10);

/// The dashboard as Grafana would read it.
pub(crate) fn dashboard() -> Result<Value> {
    serde_json::from_str(&rules::shipped("grafana/dropctl.json")?).context("grafana/dropctl.json")
}

/// Panels, variables and the annotation. No exceptions: this machine's agent exports every metric that they use;
/// only the annotation stays empty, because no alert fires (`own_drops_fire_and_resolve` looks at it meanwhile).
pub(crate) fn return_data() -> Result<()> {
    let agent = Agent::start(&mut dropctl(&["agent", "--listen", "127.0.0.1:0"]))?;
    let _load = load::busy()?;
    let prometheus = Prometheus::start(agent.address(), &rules::as_shipped()?)?;
    until(SOON, "enough scrapes for a rate", || {
        Ok((prometheus.scraped(Duration::from_secs(60))?.len() >= 6).then_some(()))
    })?;
    let dashboard = dashboard()?;
    let panels = all_panels(&dashboard)?;
    let mut asked = 0;
    for panel in &panels {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = filled_in(target["expr"].as_str().context("a target without expr")?)?;
            let found = if target["instant"] == true {
                prometheus.query(&expression)?
            } else {
                over_time(&prometheus, &expression)?
            };
            let (title, name) = (&panel["title"], &target["refId"]);
            ensure!(!found.is_empty(), "panel {title}, query {name}: no data for {expression}");
            ensure!(found.iter().any(has_number), "panel {title}, query {name}: only NaN for {expression}");
            asked += 1;
        }
    }
    ensure!(asked >= panels.len() && asked > 20, "only {asked} queries in {} panels", panels.len());

    variables_have_values(&prometheus, &agent, &dashboard)?;
    prometheus.query(&alert_annotation(&dashboard)?)?;
    rules_are_healthy(&prometheus)?;
    println!("dashboard: {asked} queries of {} panels return data", panels.len());
    Ok(())
}

/// Panels with queries, those inside rows included.
fn all_panels(parent: &Value) -> Result<Vec<&Value>> {
    let mut found = Vec::new();
    for panel in parent["panels"].as_array().context("no panels")? {
        if panel["targets"].is_array() {
            found.push(panel);
        }
        if panel["panels"].is_array() {
            found.extend(all_panels(panel)?);
        }
    }
    Ok(found)
}

/// Puts values in the place of variables, as Grafana does.
fn filled_in(expression: &str) -> Result<String> {
    let filled = expression
        .replace("$__rate_interval", "5s")
        .replace("$__range", "1m")
        .replace("$job", ".*")
        .replace("$instance", ".*");
    ensure!(!filled.contains('$'), "a variable that this test does not know: {expression}");
    Ok(filled)
}

fn over_time(prometheus: &Prometheus, expression: &str) -> Result<Vec<Value>> {
    let end = load::now()?;
    let [start, end] = [end - RANGE.as_secs_f64(), end].map(|time| time.to_string());
    let parameters = [("query", expression), ("start", &start), ("end", &end), ("step", "1")];
    series(prometheus.api("query_range", &parameters)?)
}

fn has_number(series: &Value) -> bool {
    let finite = |sample: &Value| {
        sample[1].as_str().and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_finite)
    };
    finite(&series["value"]) || series["values"].as_array().is_some_and(|values| values.iter().any(finite))
}

/// `label_values(SELECTOR, LABEL)` as Grafana resolves it.
fn variables_have_values(prometheus: &Prometheus, agent: &Agent, dashboard: &Value) -> Result<()> {
    let list = dashboard["templating"]["list"].as_array().context("no variables")?;
    for variable in list.iter().filter(|variable| variable["type"] == "query") {
        let query = variable["query"]["query"].as_str().context("a variable without query")?;
        let inside = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
        let (selector, label) =
            inside.and_then(|inside| inside.rsplit_once(", ")).context("not label_values")?;
        let values =
            prometheus.api(&format!("label/{label}/values"), &[("match[]", &filled_in(selector)?)])?;
        let wanted = match variable["name"].as_str() {
            Some("job") => JOB.to_owned(),
            Some("instance") => agent.address().to_string(),
            other => bail!("a variable that this test does not know: {other:?}"),
        };
        ensure!(values == serde_json::json!([wanted]), "{query}: {values}, not {wanted}");
    }
    Ok(())
}

/// The query that marks alerts in the panels.
pub(crate) fn alert_annotation(dashboard: &Value) -> Result<String> {
    let list = dashboard["annotations"]["list"].as_array().context("no annotations")?;
    let mut queries = list.iter().filter_map(|annotation| annotation["expr"].as_str());
    let (Some(query), None) = (queries.next(), queries.next()) else {
        bail!("one annotation with a query was expected");
    };
    filled_in(query)
}

/// The shipped rules load, evaluate, and say nothing of a healthy agent.
fn rules_are_healthy(prometheus: &Prometheus) -> Result<()> {
    let rules = until(SOON, "the first evaluation", || {
        let mut data = prometheus.api("rules", &[])?;
        let rules = data["groups"][0]["rules"].take();
        let all = rules.as_array().context("no rules")?;
        Ok(all.iter().all(|rule| rule["health"] != "unknown").then_some(rules))
    })?;
    for rule in rules.as_array().context("no rules")? {
        ensure!(rule["health"] == "ok", "{}: {}", rule["name"], rule["lastError"]);
        ensure!(rule["state"] != "firing", "{} fires", rule["name"]);
    }
    Ok(())
}
