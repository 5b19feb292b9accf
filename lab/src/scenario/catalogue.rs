//! The scenarios that come with the lab.

use anyhow::{Context as _, Result};

use super::Scenario;

macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../scenarios/", $name, ".yaml")))),*]
    };
}

/// By the order of the findings' codes.
const FILES: &[(&str, &str)] = &scenarios![
    "saturated",
    "saturated-large",
    "throttled",
    "throttled-short",
    "starved",
    "starved-crowd",
    "blocked-lookup",
    "blocked-disk",
    "stalled",
    "stalled-to-the-end",
    "burst",
    "burst-asleep",
    "burst-silent",
    "preset-not-applied",
    "uneven",
    "pending",
    "missed-wakeup",
    "oversized",
    "startup",
    "reload",
    "outputs-bounded",
    "outputs-unbounded",
    "memory-pressure",
    "state-growth",
    "defect",
    "crash-loop",
    "oom-killed",
    "blind",
    "own-overrun",
    "shared-hook",
    "quiet-idle",
    "quiet-busy",
    "quiet-build",
    "quiet-lookups",
    "mixed-throttled",
    "mixed-starved",
    "mixed-blocked",
    "mixed-saturated",
];

/// All of them.
pub(crate) fn all() -> Result<Vec<Scenario>> {
    FILES
        .iter()
        .map(|(name, text)| Scenario::parse(text).with_context(|| format!("scenario {name}")))
        .collect()
}
