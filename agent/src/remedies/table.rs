//! The table: which key of Falco is which, by version and by how it is installed. Pure data.
//!
//! Read in falco.yaml of the last release of each minor version from 0.34 to 0.44, and in values.yaml and the templates of
//! all releases of Falco's chart from 3.0.0 to 9.1.0 (`falco.engineConfiguration` in templates/_helpers.tpl).

/// A setting of Falco that a finding may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Size of each ring: 1 to 10.
    Preset,
    /// CPUs that share a ring; 0 for one ring for all.
    Sharing,
    /// Failed syscalls are left out.
    DropFailed,
    /// Names of syscalls to trace, and with `!` not to trace.
    CustomSet,
    /// Only what rules need is traced.
    Repair,
    /// Share of events that must be lost before Falco says so.
    Threshold,
    /// What it does then.
    Actions,
    /// Alerts that may wait for outputs.
    Capacity,
    /// It reloads by itself when its files change.
    Watch,
}

#[cfg(test)]
impl Setting {
    /// All of them.
    pub(crate) const ALL: [Self; 9] = [
        Self::Preset,
        Self::Sharing,
        Self::DropFailed,
        Self::CustomSet,
        Self::Repair,
        Self::Threshold,
        Self::Actions,
        Self::Capacity,
        Self::Watch,
    ];
}

/// One setting in some versions.
pub(crate) struct Row {
    pub(crate) setting: Setting,
    /// Minor versions, both included: 44 for 0.44.1.
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// Its key in falco.yaml, and on the command line (`-o`).
    pub(crate) falco_yaml: &'static str,
    /// Its key in values.yaml of the chart.
    pub(crate) chart: &'static str,
}

/// Chart 4.0 came with Falco 0.37 and writes `falco.engine` from `driver`: what stands below `falco.engine` in its values is
/// lost. Charts before it hand `falco` on as it is.
pub(crate) const ROWS: &[Row] = &[
    row(Setting::Preset, 34, 36, "syscall_buf_size_preset", "falco.syscall_buf_size_preset"),
    row(Setting::Preset, 37, NEWEST, "engine.modern_ebpf.buf_size_preset", "driver.modernEbpf.bufSizePreset"),
    row(
        Setting::Sharing,
        34,
        36,
        "modern_bpf.cpus_for_each_syscall_buffer",
        "falco.modern_bpf.cpus_for_each_syscall_buffer",
    ),
    row(
        Setting::Sharing,
        37,
        NEWEST,
        "engine.modern_ebpf.cpus_for_each_buffer",
        "driver.modernEbpf.cpusForEachBuffer",
    ),
    row(Setting::DropFailed, 35, 36, "syscall_drop_failed_exit", "falco.syscall_drop_failed_exit"),
    row(
        Setting::DropFailed,
        37,
        NEWEST,
        "engine.modern_ebpf.drop_failed_exit",
        "driver.modernEbpf.dropFailedExit",
    ),
    row(Setting::CustomSet, 35, NEWEST, "base_syscalls.custom_set", "falco.base_syscalls.custom_set"),
    row(Setting::Repair, 35, NEWEST, "base_syscalls.repair", "falco.base_syscalls.repair"),
    row(
        Setting::Threshold,
        34,
        NEWEST,
        "syscall_event_drops.threshold",
        "falco.syscall_event_drops.threshold",
    ),
    row(Setting::Actions, 34, NEWEST, "syscall_event_drops.actions", "falco.syscall_event_drops.actions"),
    row(Setting::Capacity, 36, NEWEST, "outputs_queue.capacity", "falco.outputs_queue.capacity"),
    row(Setting::Watch, 34, NEWEST, "watch_config_files", "falco.watch_config_files"),
];

/// No version ends these.
pub(crate) const NEWEST: u32 = u32::MAX;
/// The version that knows both ways to choose the engine.
pub(super) const BOTH: u32 = 37;
/// The first version that runs all of `syscall_event_drops.actions`: those before it run one, and not the first in the list.
pub(super) const ALL_ACTIONS: u32 = 42;
/// The first version that reads a folder of files beside falco.yaml.
pub(super) const INCLUDES: u32 = 38;

const fn row(setting: Setting, first: u32, last: u32, falco_yaml: &'static str, chart: &'static str) -> Row {
    Row { setting, first, last, falco_yaml, chart }
}

/// The row of a setting in a version.
pub(super) fn find(setting: Setting, minor: u32) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.setting == setting && (row.first..=row.last).contains(&minor))
}

/// The minor version: 44 of `0.44.1`, and the newest of 1.0 and later.
pub(super) fn minor(version: &str) -> Option<u32> {
    let mut numbers = version.trim_start_matches('v').split('.');
    let major: u32 = numbers.next()?.parse().ok()?;
    let minor: u32 = numbers.next()?.parse().ok()?;
    Some(if major == 0 { minor } else { NEWEST })
}

/// All keys of a setting, the newest first, for whoever has to find out which of them is his.
pub(super) fn all_keys(setting: Setting) -> String {
    let mut rows = ROWS.iter().rev().filter(|row| row.setting == setting);
    let Some(newest) = rows.next() else { return String::new() };
    let older =
        rows.map(|row| format!(", up to Falco 0.{} {}", row.last, row.falco_yaml)).collect::<String>();
    format!("{}{older}, in its chart {}", newest.falco_yaml, newest.chart)
}

/// The only row of a setting whose key has never changed.
pub(super) fn only(setting: Setting) -> Option<&'static Row> {
    let mut rows = ROWS.iter().filter(|row| row.setting == setting);
    rows.next().filter(|_| rows.next().is_none())
}
