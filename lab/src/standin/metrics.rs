//! What /metrics says: the series of Falco 0.44 in its order. Kernel counters, times and our own memory are real;
//! what a stand-in has none of (threads it knows, iterators, the host) is 0.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use anyhow::{Result, bail};
use procfs::{Current as _, Uptime, process::Process};

use super::{
    counters::{self, Counters, Counts},
    identity::{self, FALCO_VERSION, Identity},
    page::{
        Kind::{Counter, Gauge},
        Page,
    },
};

/// Categories of drops, as the labels name them.
const EXIT: [&str; 8] =
    ["clone_fork", "execve", "connect", "open", "dir_file", "other_interest", "close", "proc"];
/// Those that once had drops of syscalls that were entered; always 0 since 0.42, whatever the kernel counts.
const ENTER: [&str; 6] = ["clone_fork", "execve", "connect", "open", "dir_file", "other_interest"];
const DEPRECATED: &str = " (DEPRECATED: enter events are no longer tracked in falcosecurity/libs)";
const TASKS: [&str; 10] = [
    "task",
    "task_file_pipe",
    "task_file_memfd",
    "task_file_regular",
    "task_file_directory",
    "task_file_socket_inet",
    "task_file_socket_inet6",
    "task_file_socket_unix",
    "task_file_socket_netlink",
    "task_file_anon_inode",
];
const STATE: [&str; 15] = [
    "n_noncached_fd_lookups",
    "n_cached_fd_lookups",
    "n_failed_fd_lookups",
    "n_added_fds",
    "n_removed_fds",
    "n_stored_evts",
    "n_store_evts_drops",
    "n_retrieved_evts",
    "n_retrieve_evts_drops",
    "n_noncached_thread_lookups",
    "n_cached_thread_lookups",
    "n_failed_thread_lookups",
    "n_added_threads",
    "n_removed_threads",
    "n_drops_full_threadtable",
];

/// The counters since the last reload; none before the first start.
#[derive(Default)]
pub(super) struct Present {
    opened: Mutex<Option<(Arc<Counters>, u64)>>,
}

impl Present {
    /// From now on these are read.
    pub(super) fn set(&self, counters: Arc<Counters>) {
        *self.lock() = Some((counters, identity::now_ns()));
    }

    /// Now, and since when they count, ns since 1970.
    fn read(&self) -> Result<(Vec<Counts>, u64)> {
        match &*self.lock() {
            Some((counters, since_ns)) => Ok((counters.read()?, *since_ns)),
            None => bail!("nothing is traced yet"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Arc<Counters>, u64)>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the page is made of.
#[derive(Clone)]
pub(super) struct Metrics {
    present: Arc<Present>,
    identity: Arc<Identity>,
    outputs_dropped: Arc<AtomicU64>,
}

impl Metrics {
    pub(super) fn new(
        present: Arc<Present>,
        identity: Arc<Identity>,
        outputs_dropped: Arc<AtomicU64>,
    ) -> Self {
        Self { present, identity, outputs_dropped }
    }

    /// The page of this moment.
    pub(super) fn page(&self) -> Result<String> {
        let mut page = Page::default();
        let (counts, reload_ns) = self.present.read()?;
        self.who(&mut page);
        kernel(&mut page, &counts);
        resources(&mut page)?;
        state(&mut page);
        self.when(&mut page, reload_ns);
        Ok(page.into_text())
    }

    fn who(&self, page: &mut Page) {
        let sha256 = &self.identity.config_sha256;
        page.sample(Gauge, "falco_version_info", &format!("version=\"{FALCO_VERSION}\""), 1);
        // There is no file of rules.
        let labels = format!("file_name=\"rules.yaml\",sha256=\"{}\"", identity::sha256(""));
        page.sample(Gauge, "falco_sha256_rules_files_info", &labels, 1);
        let labels = format!("file_name=\"falco.yaml\",sha256=\"{sha256}\"");
        page.sample(Gauge, "falco_sha256_config_files_info", &labels, 1);
        let labels = "engine_name=\"modern_bpf\",evt_source=\"syscall\"";
        page.sample(Gauge, "scap_engine_name_info", labels, 1);
    }

    fn when(&self, page: &mut Page, reload_ns: u64) {
        let identity = &self.identity;
        let labels = format!("kernel_release=\"{}\"", identity.kernel_release);
        page.sample(Gauge, "falco_kernel_release_info", &labels, 1);
        page.sample(Gauge, "evt_hostname_info", &format!("hostname=\"{}\"", identity.hostname), 1);
        let dropped = self.outputs_dropped.load(Ordering::Relaxed);
        page.sample(Counter, "falco_outputs_queue_num_drops_total", "", dropped);
        page.sample(Gauge, "falco_reload_timestamp_nanoseconds", "", reload_ns);
        page.sample(Gauge, "falco_start_timestamp_nanoseconds", "", identity.start_ns);
        let seconds = identity::now_ns().saturating_sub(identity.start_ns) / 1_000_000_000;
        page.sample(Counter, "falco_duration_seconds_total", "", seconds);
        page.sample(Gauge, "falco_host_boot_timestamp_nanoseconds", "", identity.boot_ns);
        page.sample(Gauge, "falco_host_num_cpus_total", "", identity.cpus);
    }
}

fn kernel(page: &mut Page, cpus: &[Counts]) {
    let total = counters::total(cpus);
    page.sample(Counter, "scap_n_evts_total", "", total.events());
    for category in EXIT {
        let count = total.of(&format!("n_drops_buffer_{category}_exit"));
        let labels = format!("dir=\"exit\",drop=\"{category}\"");
        page.sample(Counter, "scap_n_drops_buffer_total", &labels, count);
    }
    page.sample(Counter, "scap_n_drops_scratch_map_total", "", total.of("n_drops_max_event_size"));
    page.sample(Counter, "scap_n_drops_total", "", total.drops());
    for (cpu, counts) in cpus.iter().enumerate() {
        let labels = format!("cpu=\"{cpu}\"");
        page.sample(Counter, "scap_n_evts_cpu_total", &labels, counts.events());
        page.sample(Counter, "scap_n_drops_cpu_total", &labels, counts.drops());
    }
    for task in TASKS {
        page.sample(Counter, &format!("scap_n_evts_{task}_total"), "", 0);
    }
    // Of the iterators: another number than that of the kernel counters with this name.
    page.sample(Counter, "scap_n_drops_max_event_size_total", "", 0);
    for task in TASKS {
        page.sample(Counter, &format!("scap_n_drops_{task}_total"), "", 0);
    }
}

fn resources(page: &mut Page) -> Result<()> {
    let own = Process::myself()?.stat()?;
    let cpu_seconds = (own.utime + own.stime) as f64 / procfs::ticks_per_second() as f64;
    let age_seconds = Uptime::current()?.uptime - own.starttime as f64 / procfs::ticks_per_second() as f64;
    let float = |value: f64| format!("{value:.6}");
    page.sample(Gauge, "falco_cpu_usage_ratio", "", float(cpu_seconds / age_seconds.max(0.01)));
    page.sample(Gauge, "falco_memory_rss_bytes", "", float((own.rss * procfs::page_size()) as f64));
    page.sample(Gauge, "falco_memory_vsz_bytes", "", float(own.vsize as f64));
    for name in [
        "falco_memory_pss_bytes",
        "falco_container_memory_used_bytes",
        "falco_host_cpu_usage_ratio",
        "falco_host_memory_used_bytes",
    ] {
        page.sample(Gauge, name, "", float(0.0));
    }
    page.sample(Gauge, "falco_host_procs_running_total", "", 0);
    page.sample(Gauge, "falco_host_open_fds_total", "", 0);
    Ok(())
}

fn state(page: &mut Page) {
    page.sample(Gauge, "scap_n_threads_total", "", 0);
    page.sample(Gauge, "scap_n_fds_total", "", 0);
    for name in STATE {
        page.sample(Counter, &format!("scap_{name}_total"), "", 0);
    }
    for category in ENTER {
        let labels = format!("dir=\"enter\",drop=\"{category}\"");
        page.with_note(Counter, "scap_n_drops_buffer_total", &labels, DEPRECATED, 0);
    }
}
