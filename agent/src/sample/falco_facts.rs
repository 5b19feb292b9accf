//! What a Falco says about itself, beside what its maps show.
//!
//! Plain data. Nothing of a configuration is here but keys of a fixed list, as numbers, flags and names of syscalls:
//! the rest of a falco.yaml may hold secrets. What is not known is `None`; `not_visible` says why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Facts about one Falco, or another tool with the same probe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FalcoFacts {
    /// How the counters of its probe were decoded.
    pub layout: CounterLayout,
    /// What its probe was told to do, from its map.
    pub capture: Option<CaptureFacts>,
    /// `falco` or `sysdig`, by its executable; `None` for others, and where that cannot be read.
    pub program: Option<String>,
    /// Whether it runs in the initial pid namespace.
    pub in_root_pid_namespace: Option<bool>,
    /// What it says it is made of.
    pub version: Option<VersionFacts>,
    /// What its files, environment and command line say now; it may have read them before they changed.
    pub configuration: Option<ConfigurationFacts>,
    /// The same, and what its maps show.
    pub comparison: Comparison,
    /// Its page `/versions`; `None`: not asked.
    pub versions_page: Option<PageFacts>,
    /// Its page `/metrics`; `None`: not asked.
    pub metrics_page: Option<PageFacts>,
    /// What that page said.
    pub metrics: Option<MetricsFacts>,
    /// What is hidden, and why; a sentence each.
    pub not_visible: Vec<String>,
}

/// How counters were decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CounterLayout {
    /// By the names that the map's own type gives them.
    Names,
    /// By the size of a value: that of a known release.
    Size,
    /// Of no known release: totals only.
    #[default]
    Unknown,
}

/// `capture_settings` of a probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaptureFacts {
    /// Bytes kept of each I/O buffer.
    pub snaplen_bytes: u32,
    /// Sampling is on; `None` in the oldest versions.
    pub dropping_mode: Option<bool>,
    /// One event in this many, while sampling is on.
    pub sampling_ratio: Option<u32>,
    /// Failed syscalls are left out.
    pub drop_failed: Option<bool>,
    /// The thread that opened the probe, as its own pid namespace counts.
    pub scap_tid: Option<i32>,
}

/// `/versions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionFacts {
    /// Falco itself.
    pub falco: Option<String>,
    /// The libraries.
    pub libs: Option<String>,
    /// Between kernel half and libraries.
    pub driver_api: Option<String>,
    /// Of the events' format.
    pub driver_schema: Option<String>,
    /// The kernel half that it was built for.
    pub default_driver: Option<String>,
    /// Of the rule language.
    pub rules_engine: Option<String>,
    /// Loaded plugins and their versions.
    pub plugins: Vec<(String, String)>,
}

/// A configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigurationFacts {
    /// The files that were read, in order, as paths below the process's root.
    pub files: Vec<String>,
    /// Keys that bear on drops.
    pub keys: Vec<KeyFacts>,
    /// `base_syscalls`.
    pub base_syscalls: BaseSyscallsFacts,
    /// A folder whose files are read after all others and may replace keys: the last entry of `config_files`; `None` where
    /// that is no such folder, where a file in it comes behind `zz-dropctl.yaml`, or older versions of dropctl did not look.
    #[serde(default)]
    pub last_folder: Option<String>,
}

impl ConfigurationFacts {
    /// The file that remedies have in `last_folder`: behind all names that a package puts there.
    pub const REMEDY_FILE: &'static str = "zz-dropctl.yaml";
}

/// One key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyFacts {
    /// Its name in this version.
    pub key: String,
    /// Its value, as Falco reads it.
    pub value: String,
    /// Who set it: a file, or `command line`; `None`: nobody, so that Falco's own default counts.
    pub set_by: Option<String>,
}

/// What is traced beside what rules need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BaseSyscallsFacts {
    /// Names in `custom_set`.
    pub included: Vec<String>,
    /// Names in `custom_set` with a `!`.
    pub excluded: Vec<String>,
    /// Entries that are no names: an unquoted `!name` is an empty text to Falco, and without effect.
    pub without_effect: u64,
    /// `repair`.
    pub repair: bool,
    /// `all`.
    pub all: bool,
}

/// Configured beside effective.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The engine: that of the maps is always `modern_ebpf`.
    pub engine: Compared<String>,
    /// Bytes of each ring.
    pub ring_bytes: Compared<u64>,
    /// Rings.
    pub ring_count: Compared<u64>,
    /// Failed syscalls are left out.
    pub drop_failed: Compared<bool>,
    /// Excluded by name and still traced; `None` where that cannot be decided.
    pub excluded_but_traced: Option<Vec<String>>,
    /// Included by name and not traced; `None` where that cannot be decided.
    pub included_but_not_traced: Option<Vec<String>>,
}

/// One setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compared<T> {
    /// The key that sets it in this version; empty where none is known.
    pub key: String,
    /// What the configuration comes to.
    pub configured: Option<T>,
    /// What the maps show.
    pub effective: Option<T>,
}

impl<T: PartialEq> Compared<T> {
    /// Whether the two agree; `None` while one of them is unknown.
    #[must_use]
    pub fn is_applied(&self) -> Option<bool> {
        Some(self.configured.as_ref()? == self.effective.as_ref()?)
    }
}

/// Whether a page answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageFacts {
    /// What came of asking.
    pub status: PageStatus,
    /// Why there was no answer.
    pub why: Option<String>,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageStatus {
    /// It answered, and as Falco does.
    Answered,
    /// By its configuration it is not served.
    Off,
    /// It should answer and does not.
    Unreachable,
}

/// `/metrics`: the tool's own numbers, since its start or reload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetricsFacts {
    /// When it was asked, `CLOCK_MONOTONIC` ns.
    pub time_ns: u64,
    /// Whether `n_evts` lies between what its maps said before and after. If not, another process answers there, or
    /// the page is wrong.
    pub agrees_with_maps: Option<bool>,
    /// Attempts, drops included.
    pub n_evts: Option<u64>,
    /// All drops.
    pub n_drops: Option<u64>,
    /// Alerts that its outputs lost. No kernel drops.
    pub outputs_queue_num_drops: Option<u64>,
    /// Resident memory, bytes.
    pub memory_rss_bytes: Option<u64>,
    /// CPU time since its start, as millionths of one CPU.
    pub cpu_usage_ppm: Option<u64>,
    /// Start, ns since the epoch.
    pub start_ns: Option<u64>,
    /// Last load of its configuration, ns since the epoch.
    pub reload_ns: Option<u64>,
    /// Threads in its tables.
    pub n_threads: Option<u64>,
    /// File descriptors in its tables.
    pub n_fds: Option<u64>,
    /// Lookups of threads that missed.
    pub n_failed_thread_lookups: Option<u64>,
    /// Lookups of file descriptors that missed.
    pub n_failed_fd_lookups: Option<u64>,
    /// Threads that its table had no room for.
    pub n_drops_full_threadtable: Option<u64>,
    /// Lines that could not be read.
    pub malformed_lines: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_not_compared() {
        let of = |configured, effective| Compared { key: String::new(), configured, effective }.is_applied();
        assert_eq!(of(Some(1), Some(1)), Some(true));
        assert_eq!(of(Some(1), Some(2)), Some(false));
        assert_eq!([of(None, Some(1)), of(Some(1), None), of(None, None)], [None; 3]);
    }
}
