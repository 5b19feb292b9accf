//! Without root, without one capability, and with just the two that are needed.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::agent::{SOON, binary, command};
use crate::explain::ALERT;
use crate::kernel::Before;
use crate::process::Process;
use crate::refusal::refuses;

/// Whoever is nobody.
pub(crate) const NOBODY: &str = "--reuid=65534 --regid=65534 --clear-groups";
const BPF: &str = "CAP_BPF (to load programs and maps)";
const PERFMON: &str = "CAP_PERFMON (to attach to tracepoints and read kernel memory)";
const WAY_OUT: &str = "run dropctl as root or grant ";

/// A copy of the binary where everybody can read it; the original may lie under somebody's home.
pub(crate) struct Public {
    folder: TempDir,
}

impl Public {
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("dropctl-public-").tempdir()?;
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let public = Self { folder };
        std::fs::copy(binary(), public.at("dropctl"))?;
        std::fs::set_permissions(public.at("dropctl"), Permissions::from_mode(0o755))?;
        Ok(public)
    }

    /// A path in its folder.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `dropctl ARGUMENTS` under `setpriv OPTIONS`.
    pub(crate) fn with(&self, options: &str, arguments: &[&str]) -> Command {
        let mut setpriv = command("setpriv");
        setpriv.args(options.split(' ')).arg(self.at("dropctl")).args(arguments).current_dir("/");
        setpriv
    }
}

pub(crate) fn not_root() -> Result<()> {
    let public = Public::new()?;
    for arguments in [&["agent", "--listen", "127.0.0.1:0"][..], &["report", "--duration", "1s"]] {
        let said = [BPF, PERFMON, WAY_OUT, "CAP_BPF and CAP_PERFMON"];
        refuses(&mut public.with(&format!("{NOBODY} --inh-caps=-all"), arguments), &said)?;
    }
    Ok(())
}

/// An agent's socket is its user's (mode 0600).
pub(crate) fn socket_of_root() -> Result<()> {
    let public = Public::new()?;
    let place = public.at("agent.sock");
    let _listener = UnixListener::bind(&place)?;
    std::fs::set_permissions(&place, Permissions::from_mode(0o600))?;
    let place = place.to_str().context("path")?;
    for question in [&["report", "--since", "1m"][..], &["size", "--incident", "last"], &["explain", ALERT]] {
        let arguments = [question, &["--socket", place]].concat();
        let said = ["not allowed to ask the agent at", place, "run dropctl as that user"];
        refuses(&mut public.with(NOBODY, &arguments), &said)?;
    }
    Ok(())
}

pub(crate) fn missing_capability() -> Result<()> {
    let public = Public::new()?;
    for (taken, said) in [("bpf", BPF), ("perfmon", PERFMON)] {
        let granted = format!("grant CAP_{} (", taken.to_uppercase());
        for arguments in [&["agent", "--listen", "127.0.0.1:0"][..], &["report", "--duration", "1s"]] {
            let mut poor = public.with(&format!("--bounding-set=-{taken},-sys_admin"), arguments);
            refuses(&mut poor, &[said, WAY_OUT, &granted])?;
        }
    }
    Ok(())
}

/// Root with two capabilities, and nobody with the same two.
pub(crate) fn two_suffice() -> Result<()> {
    let public = Public::new()?;
    let nobody = format!("{NOBODY} --inh-caps=-all,+bpf,+perfmon --ambient-caps=-all,+bpf,+perfmon");
    for options in ["--bounding-set=-all,+bpf,+perfmon", &nobody] {
        let before = Before::now();
        let mut report = public.with(options, &["report", "--duration", "300ms", "--format", "json"]);
        let ended = Process::start(&mut report)?.end_within(SOON)?;
        ensure!(ended.status.success(), "{options}: {}: {}", ended.status, ended.stderr);
        let report: serde_json::Value = serde_json::from_str(&ended.stdout)?;
        ensure!(report["own"]["accounting"]["holds"] == true, "{options}: {}", report["own"]["accounting"]);
        before.nothing_added()?;
    }
    Ok(())
}
