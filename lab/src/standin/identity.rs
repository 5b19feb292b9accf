//! Who we say we are, and since when.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// The Falco that we stand for.
pub(super) const FALCO_VERSION: &str = "0.44.1";

/// What GET /versions answers.
pub(super) const VERSIONS: &str = r#"{"default_driver_version":"0.25.4","driver_api_version":"10.0.0","driver_schema_version":"4.3.0","engine_version":"62","engine_version_semver":"0.62.0","falco_version":"0.44.1","libs_version":"0.25.4","plugin_api_version":"3.12.0"}"#;

/// Facts that stay.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) hostname: String,
    pub(super) kernel_release: String,
    /// SHA-256 of what `--write-config` writes, in hex.
    pub(super) config_sha256: String,
    /// Time of boot, ns since 1970. Falco rounds it to seconds.
    pub(super) boot_ns: u64,
    /// Start of this process, ns since 1970.
    pub(super) start_ns: u64,
    pub(super) cpus: usize,
}

impl Identity {
    pub(super) fn of_this_process(config: &str) -> Result<Self> {
        let names = rustix::system::uname();
        let boot = procfs::boot_time_secs().context("when did this machine boot?")?;
        Ok(Self {
            hostname: names.nodename().to_string_lossy().into_owned(),
            kernel_release: names.release().to_string_lossy().into_owned(),
            config_sha256: sha256(config),
            boot_ns: boot * 1_000_000_000,
            start_ns: now_ns(),
            cpus: online_cpus()?.len(),
        })
    }
}

/// SHA-256 in hex.
pub(super) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// CPUs that run, in ascending order.
pub(super) fn online_cpus() -> Result<Vec<u32>> {
    aya::util::online_cpus().map_err(|(path, error)| anyhow::Error::new(error).context(path.to_owned()))
}

/// Now, ns since 1970.
pub(super) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
