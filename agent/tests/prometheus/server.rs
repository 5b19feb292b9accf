//! A Prometheus of our own: data in a temporary folder, one target, a scrape and an evaluation each second.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::agent::SOON;
use crate::exposition::{Values, name_of};
use crate::http;
use crate::process::{Process, until};

/// What the rules expect the scrape job to be called.
pub(crate) const JOB: &str = "dropctl";

/// A running Prometheus.
pub(crate) struct Prometheus {
    process: Process,
    address: SocketAddr,
    target: SocketAddr,
    /// Removed after the process has ended: fields drop in order.
    _folder: TempDir,
}

impl Prometheus {
    /// Starts it with these rules and waits until it has scraped `target`.
    pub(crate) fn start(target: SocketAddr, rules: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("dropctl-prometheus-").tempdir()?;
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("rules.yaml"), rules)?;
        std::fs::write(at("prometheus.yml"), config(target))?;
        let address = free_address()?;
        let process = Process::start(
            Command::new("prometheus")
                .arg(option("config.file", &at("prometheus.yml")))
                .arg(option("storage.tsdb.path", &at("data")))
                .arg(format!("--web.listen-address={address}"))
                .arg("--log.level=warn"),
        )?;
        let mut prometheus = Self { process, address, target, _folder: folder };
        until(SOON, "Prometheus to be ready", || {
            prometheus.process.must_run()?;
            Ok(http::get(address, "/-/ready").ok().filter(|page| page.status == 200).map(drop))
        })?;
        prometheus.wait_for("up == 1")?;
        Ok(prometheus)
    }

    /// The `data` of an answer of the API.
    pub(crate) fn api(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        let query: Vec<_> =
            parameters.iter().map(|(name, value)| format!("{name}={}", quote(value))).collect();
        let page = http::get(self.address, &format!("/api/v1/{path}?{}", query.join("&")))?;
        let mut answer: Value = serde_json::from_str(&page.body)
            .with_context(|| format!("{path}: status {}: {}", page.status, page.body))?;
        ensure!(answer["status"] == "success", "{path} {parameters:?}: {}", page.body);
        ensure!(answer.get("warnings").is_none(), "{path} {parameters:?}: {}", answer["warnings"]);
        Ok(answer["data"].take())
    }

    /// The result of an expression, now.
    pub(crate) fn query(&self, expression: &str) -> Result<Vec<Value>> {
        series(self.api("query", &[("query", expression)])?)
    }

    /// Waits until an expression has a result.
    pub(crate) fn wait_for(&self, expression: &str) -> Result<Vec<Value>> {
        until(SOON, expression, || Ok(Some(self.query(expression)?).filter(|result| !result.is_empty())))
    }

    /// Every page that was scraped from the agent in the last `span`, oldest first, as it was stored.
    pub(crate) fn scraped(&self, span: Duration) -> Result<Vec<Values>> {
        let selector = format!("{{__name__=~\"dropctl_.+\",job=\"{JOB}\",instance=\"{}\"}}", self.target);
        let mut pages: BTreeMap<u64, Values> = BTreeMap::new();
        for found in self.query(&format!("{selector}[{}s]", span.as_secs()))? {
            let labels = found["metric"].as_object().context("no labels")?;
            let named = |name: &str| labels.get(name).and_then(Value::as_str).unwrap_or_default();
            let own: Vec<_> = labels
                .keys()
                .filter(|label| !["__name__", "job", "instance"].contains(&label.as_str()))
                .map(|label| (label.as_str(), named(label)))
                .collect();
            for sample in found["values"].as_array().context("no values")? {
                let (at, value) =
                    (sample[0].as_f64().context("no time")?, sample[1].as_str().context("no value")?);
                // All samples of one scrape carry one time.
                pages
                    .entry(at.to_bits())
                    .or_default()
                    .insert(name_of(named("__name__"), &own), value.parse()?);
            }
        }
        // Bits of positive numbers are in the order of the numbers.
        Ok(pages.into_values().collect())
    }

    /// The alert of this name, pending or firing.
    pub(crate) fn alert(&self, name: &str) -> Result<Option<Value>> {
        let answer = self.api("alerts", &[])?;
        let alerts = answer["alerts"].as_array().context("no alerts")?;
        Ok(alerts.iter().find(|alert| alert["labels"]["alertname"] == name).cloned())
    }
}

fn config(target: SocketAddr) -> String {
    format!(
        r#"global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files: [rules.yaml]
scrape_configs:
  - job_name: {JOB}
    static_configs:
      - targets: ["{target}"]
"#
    )
}

fn option(name: &str, value: &Path) -> String {
    format!("--{name}={}", value.display())
}

/// A port that the kernel says is free.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The list under `result`.
pub(crate) fn series(mut data: Value) -> Result<Vec<Value>> {
    match data["result"].take() {
        Value::Array(found) => Ok(found),
        other => anyhow::bail!("no list of series: {other}"),
    }
}

/// Percent-encodes everything that could mean something.
fn quote(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
