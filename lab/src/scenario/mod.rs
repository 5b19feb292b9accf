//! Scenarios: a situation as data, what it is an example of, and what would end its loss.
//!
//! Format: docs/lab.md. Running them is the runner's affair.

mod catalogue;
mod setup;
mod vary;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::value;

pub(crate) use catalogue::all;
pub(crate) use setup::{Limits, Process, Setup};

/// Values that a run knows and a file does not, by their names without `$`.
pub(crate) type Known = BTreeMap<String, Value>;

/// A scenario with its parameters still open.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// One or two sentences.
    pub(crate) shows: String,
    /// Code of the primary cause; none where nothing is lost.
    pub(crate) expect: Option<String>,
    /// Codes of what should be found beside it.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    pub(crate) split: Split,
    /// Part of the short form.
    #[serde(default)]
    pub(crate) short: bool,
    /// Parameters: the least and the greatest value of each.
    #[serde(default)]
    vary: BTreeMap<String, (u64, u64)>,
    /// What is lost, and so has to end.
    #[serde(default)]
    pub(crate) loss: Loss,
    /// Ring sizes, ascending, at which it is run to check `dropctl size`.
    #[serde(default)]
    pub(crate) sizes: Vec<String>,
    setup: Value,
    pub(crate) remedy: Option<Remedy>,
    pub(crate) runner_up: Option<Remedy>,
}

/// Scenarios are tuned on one half and scored on the other; which is which was written down before any rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Split {
    Tuning,
    Scoring,
}

/// What is counted as the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Loss {
    /// The tool's own `n_drops`.
    #[default]
    Drops,
    /// Calls that no event was ever made of, and drops.
    Unseen,
    /// Alerts that the outputs lost.
    Alerts,
    /// KiB that the tool's memory grew by.
    Memory,
    /// Records that dropctl's own ring refused.
    Own,
}

/// A change of the environment or of flags.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remedy {
    /// Code of the cause that it is the remedy of, if it is the runner-up's.
    pub(crate) code: Option<String>,
    /// In words.
    pub(crate) is: String,
    /// A merge patch (RFC 7396) on `setup`.
    change: Value,
}

impl Scenario {
    /// Reads one.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let scenario: Self = serde_saphyr::from_str(text)?;
        // Mistakes in the parts that depend on the seed are seen now and not in the middle of a run.
        scenario.as_is(0, &Known::new())?;
        for remedy in [&scenario.remedy, &scenario.runner_up].into_iter().flatten() {
            scenario.with(remedy, 0, &Known::new()).with_context(|| remedy.is.clone())?;
        }
        for size in &scenario.sizes {
            value::ring_bytes(size).with_context(|| size.clone())?;
        }
        ensure!(
            scenario.expect.is_none() || scenario.remedy.is_some() && scenario.runner_up.is_some(),
            "a scenario with a loss has a `remedy` and a `runner-up`, or its label cannot be proven"
        );
        Ok(scenario)
    }

    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("scenario {}", path.display()))
    }

    /// The situation for a seed.
    pub(crate) fn as_is(&self, seed: u64, known: &Known) -> Result<Setup> {
        self.fill(self.setup.clone(), seed, known).context("setup")
    }

    /// The same with a remedy.
    pub(crate) fn with(&self, remedy: &Remedy, seed: u64, known: &Known) -> Result<Setup> {
        ensure!(remedy.change.get("loads").is_none(), "a remedy leaves `loads` as they are");
        self.changed(&remedy.change, seed, known).context("setup with a remedy")
    }

    /// The same with rings of another size, and with dropctl counting only: it has a ring of its own and a thread that drains it
    /// otherwise, which would take time from what is measured.
    pub(crate) fn sized(&self, ring_bytes: Option<&str>, seed: u64, known: &Known) -> Result<Setup> {
        let mut change = json!({"dropctl": {"mode": "count"}});
        if let Some(bytes) = ring_bytes {
            setup::merge(&mut change, &json!({"tool": {"flags": {"ring-bytes": bytes}}}));
        }
        self.changed(&change, seed, known).context("setup with another ring")
    }

    fn changed(&self, change: &Value, seed: u64, known: &Known) -> Result<Setup> {
        let mut setup = self.setup.clone();
        setup::merge(&mut setup, change);
        self.fill(setup, seed, known)
    }

    fn fill(&self, mut setup: Value, seed: u64, known: &Known) -> Result<Setup> {
        let mut values = vary::values(&self.name, &self.vary, seed)?;
        values.extend(known.clone());
        vary::fill(&mut setup, &values);
        Ok(serde_json::from_value(setup)?)
    }
}

#[cfg(test)]
mod tests;
