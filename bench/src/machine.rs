//! What the numbers were taken on, and whether the machine was ours while they were.

use std::{fs, time::SystemTime};

use anyhow::{Context as _, Result};
use procfs::{Current as _, CurrentSI as _};
use serde::Serialize;

/// Facts that belong to every result.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// Seconds since 1970.
    pub(crate) time: u64,
    pub(crate) kernel: String,
    pub(crate) cpu: String,
    pub(crate) cpus: usize,
    pub(crate) clock_source: String,
    pub(crate) mitigations: Vec<String>,
    /// Of the last minute, before the benchmark.
    pub(crate) load: f32,
}

impl Machine {
    /// Looks.
    pub(crate) fn read() -> Result<Self> {
        let cpu_info = procfs::CpuInfo::current().context("read /proc/cpuinfo")?;
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).context("the clock")?;
        Ok(Self {
            time: time.as_secs(),
            kernel: line("/proc/sys/kernel/osrelease"),
            cpu: cpu_info.model_name(0).unwrap_or("?").to_owned(),
            cpus: cpu_info.num_cores(),
            clock_source: line("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            mitigations: ["spectre_v2", "retbleed", "spec_rstack_overflow"].map(mitigation).into(),
            load: procfs::LoadAverage::current().context("read /proc/loadavg")?.one,
        })
    }
}

fn mitigation(name: &str) -> String {
    format!("{name}: {}", line(&format!("/sys/devices/system/cpu/vulnerabilities/{name}")))
}

fn line(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| "?".to_owned(), |text| text.trim().to_owned())
}

/// CPU time that everybody together has used since boot, seconds.
pub(crate) fn busy_seconds() -> Result<f64> {
    let total = procfs::KernelStats::current().context("read /proc/stat")?.total;
    let more = [total.irq, total.softirq].into_iter().flatten().sum::<u64>();
    let ticks = total.user + total.nice + total.system + more;
    Ok(ticks as f64 / procfs::ticks_per_second() as f64)
}

/// Time that the hypervisor gave to somebody else since boot, clock ticks of all CPUs.
pub(crate) fn stolen_ticks() -> Result<u64> {
    Ok(procfs::KernelStats::current().context("read /proc/stat")?.total.steal.unwrap_or(0))
}
