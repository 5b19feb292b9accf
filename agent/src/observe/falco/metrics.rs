//! Falco's own `/metrics`, with its quirks undone.
//!
//! - Each request takes a fresh snapshot: values are live, whatever `metrics.interval` says.
//! - Since 0.42 `n_drops_buffer_total{dir="enter"}` is a constant 0, while the drops that remain on entry (connect
//!   and open) are counted in no labelled series at all: the labelled sum is short. The total less the oversized
//!   events is right.
//! - In 0.38 these series had the category in their names instead of labels.
//! - `n_drops_max_event_size_total` is about iterators; the kernel's counter of that name is `n_drops_scratch_map`.

use std::{collections::BTreeMap, str::FromStr};

use thiserror::Error;

use super::{
    dialect::Dialect,
    exposition::{self, ExpositionError, Series},
};

/// Events of one CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuEvents {
    /// Attempts, drops included.
    pub n_evts: Option<u64>,
    /// Drops.
    pub n_drops: Option<u64>,
}

/// How often a rule matched. Rules without matches have no series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMatches {
    /// Its name.
    pub rule: String,
    /// Where its events come from.
    pub source: Option<String>,
    /// Since Falco's start.
    pub matches: u64,
}

/// What /metrics says. Counters count from Falco's start or reload; what it leaves out is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FalcoMetrics {
    /// Falco's version.
    pub version: Option<String>,
    /// The kernel that it sees.
    pub kernel_release: Option<String>,
    /// Engine of the source `syscall`, such as `modern_bpf`.
    pub engine_name: Option<String>,
    /// Attempts, drops included.
    pub n_evts: Option<u64>,
    /// All drops.
    pub n_drops: Option<u64>,
    /// Events larger than 64 KiB.
    pub n_drops_scratch_map: Option<u64>,
    /// Drops of a category, by the kernel's names (`open_exit`), constants left out.
    pub categories: Vec<(String, u64)>,
    /// By CPU number, if asked for (`kernel_event_counters_per_cpu_enabled`).
    pub cpus: BTreeMap<u32, CpuEvents>,
    /// CPUs of the host, by Falco's count.
    pub host_num_cpus: Option<u64>,
    /// Matches by rule.
    pub rules: Vec<RuleMatches>,
    /// Alerts lost because outputs did not keep up. No kernel drops.
    pub outputs_queue_num_drops: Option<u64>,
    /// Start, ns since the epoch.
    pub start_ns: Option<u64>,
    /// Last load of its configuration, ns since the epoch; moves on a hot reload.
    pub reload_ns: Option<u64>,
    /// Threads in its tables.
    pub n_threads: Option<u64>,
    /// File descriptors in its tables.
    pub n_fds: Option<u64>,
    /// Lookups that missed.
    pub n_failed_thread_lookups: Option<u64>,
    /// Lookups that missed.
    pub n_failed_fd_lookups: Option<u64>,
    /// Threads that its table had no room for.
    pub n_drops_full_threadtable: Option<u64>,
    /// Resident memory, bytes.
    pub memory_rss_bytes: Option<u64>,
    /// Share of one CPU since its start.
    pub cpu_usage_ratio: Option<f64>,
    /// Lines that could not be read, so that something may be missing: rule names are not escaped.
    pub malformed_lines: usize,
}

/// Why a reply is not Falco's metrics.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum MetricsError {
    /// Not in the text format.
    #[error(transparent)]
    Exposition(#[from] ExpositionError),
    /// Somebody else's.
    #[error("the metrics are not Falco's")]
    NotFalco,
}

const PREFIX: &str = "falcosecurity_";

impl FalcoMetrics {
    /// Reads the body of a reply.
    ///
    /// # Errors
    ///
    /// [`MetricsError`].
    pub fn parse(body: &[u8]) -> Result<Self, MetricsError> {
        let exposition = exposition::parse(body)?;
        let mut metrics = Self { malformed_lines: exposition.malformed_lines, ..Self::default() };
        let mut is_falco = false;
        for series in &exposition.series {
            if let Some(name) = series.name.strip_prefix(PREFIX) {
                is_falco = true;
                metrics.take(name, series);
            }
        }
        let dialect = metrics.version.as_deref().and_then(Dialect::of).unwrap_or_default();
        if dialect.fakes_enter_drops() {
            metrics.categories.retain(|(category, _)| !category.ends_with("_enter"));
        }
        if is_falco { Ok(metrics) } else { Err(MetricsError::NotFalco) }
    }

    /// Events that found a ring full: all drops but the oversized.
    #[must_use]
    pub fn n_drops_buffer(&self) -> Option<u64> {
        self.n_drops?.checked_sub(self.n_drops_scratch_map?)
    }

    /// Drops that no labelled series has: syscalls without a category and, since 0.42, drops on entry. `None` where
    /// that is unknown or contradictory.
    #[must_use]
    pub fn uncategorised(&self) -> Option<u64> {
        if self.categories.is_empty() {
            return None;
        }
        let sum = self.categories.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count))?;
        self.n_drops_buffer()?.checked_sub(sum)
    }

    fn take(&mut self, name: &str, series: &Series<'_>) {
        let label = |name: &str| series.label(name).map(ToOwned::to_owned);
        let count = series.count();
        match name {
            "falco_version_info" => self.version = label("version"),
            "falco_kernel_release_info" => self.kernel_release = label("kernel_release"),
            "scap_engine_name_info" if series.label("evt_source") == Some("syscall") => {
                self.engine_name = label("engine_name");
            }
            "scap_n_evts_total" => self.n_evts = count,
            "scap_n_drops_total" => self.n_drops = count,
            "scap_n_drops_scratch_map_total" => self.n_drops_scratch_map = count,
            "scap_n_drops_buffer_total" => {
                if let (Some(drop), Some(dir), Some(count)) =
                    (series.label("drop"), series.label("dir"), count)
                {
                    self.categories.push((format!("{drop}_{dir}"), count));
                }
            }
            "scap_n_evts_cpu_total" => self.cpu(series, |cpu| cpu.n_evts = count),
            "scap_n_drops_cpu_total" => self.cpu(series, |cpu| cpu.n_drops = count),
            "falco_host_num_cpus_total" => self.host_num_cpus = count,
            "falco_rules_matches_total" => {
                if let (Some(rule), Some(matches)) = (label("rule_name"), count) {
                    self.rules.push(RuleMatches { rule, source: label("source"), matches });
                }
            }
            "falco_outputs_queue_num_drops_total" => self.outputs_queue_num_drops = count,
            "falco_start_timestamp_nanoseconds" => self.start_ns = count,
            "falco_reload_timestamp_nanoseconds" => self.reload_ns = count,
            "scap_n_threads_total" => self.n_threads = count,
            "scap_n_fds_total" => self.n_fds = count,
            "scap_n_failed_thread_lookups_total" => self.n_failed_thread_lookups = count,
            "scap_n_failed_fd_lookups_total" => self.n_failed_fd_lookups = count,
            "scap_n_drops_full_threadtable_total" => self.n_drops_full_threadtable = count,
            "falco_memory_rss_bytes" => self.memory_rss_bytes = count,
            "falco_cpu_usage_ratio" => self.cpu_usage_ratio = series.number(),
            _ => {
                let named =
                    name.strip_prefix("scap_n_drops_buffer_").and_then(|rest| rest.strip_suffix("_total"));
                if let (Some(category), Some(count)) = (named, count) {
                    self.categories.push((category.to_owned(), count));
                }
            }
        }
    }

    fn cpu(&mut self, series: &Series<'_>, set: impl FnOnce(&mut CpuEvents)) {
        if let Some(number) = series.label("cpu").and_then(|cpu| u32::from_str(cpu).ok()) {
            set(self.cpus.entry(number).or_default());
        }
    }
}

#[cfg(test)]
mod tests;
