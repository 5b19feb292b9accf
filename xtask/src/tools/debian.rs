//! Debian packages that tests need: installed as root on a Debian-like system, named otherwise.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::Stdio,
    sync::OnceLock,
};

use anyhow::{Context as _, Result};

use crate::{command, missing::Missing};

/// A program, the package that brings it, and what it is for.
pub(crate) struct Package {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
    pub(crate) why: &'static str,
}

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Installs the packages whose program is absent.
pub(crate) fn ensure(packages: &[Package]) -> Result<()> {
    let absent: Vec<&Package> = packages.iter().filter(|package| !command::exists(package.program)).collect();
    if absent.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = absent.iter().map(|package| package.package).collect();
    let install = format!("apt-get install --no-install-recommends {}", names.join(" "));
    let wanted: Vec<String> =
        absent.iter().map(|package| format!("{} ({})", package.program, package.why)).collect();
    if !command::exists("apt-get") {
        return Err(Missing::error(wanted.join(", "), format!("{install} on Debian")));
    }
    if !is_root() {
        return Err(Missing::error(wanted.join(", "), format!("sudo {install}")));
    }
    update()?;
    for package in &absent {
        println!("xtask: installing {} with apt-get: {}", package.package, package.why);
    }
    let _quiet = NoDaemons::start()?;
    let mut apt = apt_get();
    apt.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&names);
    command::quiet(&mut apt).map_err(|error| {
        let words = format!("{error:#}");
        let reason = words.lines().rfind(|line| line.starts_with("E:")).unwrap_or("apt-get failed");
        Missing::error(format!("{} ({reason})", wanted.join(", ")), install.clone())
    })?;
    match absent.iter().find(|package| !command::exists(package.program)) {
        Some(package) => Err(Missing::error(
            format!("{} (it is not in the package {})", package.program, package.package),
            install,
        )),
        None => Ok(()),
    }
}

/// The files of a package under a folder, without installing it.
pub(crate) fn download_and_unpack(package: &str, into: &Path) -> Result<()> {
    fs::create_dir_all(into).with_context(|| format!("create {}", into.display()))?;
    let mut download = command::program("apt-get");
    download.args(["download", "-qq", package]).current_dir(into);
    if command::quiet(&mut download).is_err() {
        update()?;
        command::quiet(&mut download)?;
    }
    crate::mirror::unpack_newest(package, into, into)
}

/// Fetches the package lists, once per run.
fn update() -> Result<()> {
    static DONE: OnceLock<Option<String>> = OnceLock::new();
    let outcome = DONE.get_or_init(|| {
        println!("xtask: apt-get update");
        // Foreign sources of the machine may fail; the install that follows tells whether it matters.
        command::quiet(apt_get().args(["update", "-qq"])).err().map(|error| format!("{error:#}"))
    });
    if let Some(words) = outcome {
        let last = words.lines().rfind(|line| line.starts_with("E:")).unwrap_or("it failed");
        eprintln!("xtask: apt-get update: {last}");
    }
    Ok(())
}

fn apt_get() -> std::process::Command {
    let mut apt = command::program("apt-get");
    apt.args(["-o", "DPkg::Lock::Timeout=120"]).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    apt
}

/// While it lives, packages that bring a daemon do not start it: the tests start their own.
struct NoDaemons {
    ours: bool,
}

impl NoDaemons {
    const POLICY: &str = "/usr/sbin/policy-rc.d";

    fn start() -> Result<Self> {
        if Path::new(Self::POLICY).exists() {
            return Ok(Self { ours: false });
        }
        fs::write(Self::POLICY, "#!/bin/sh\nexit 101\n").context("write policy-rc.d")?;
        fs::set_permissions(Self::POLICY, fs::Permissions::from_mode(0o755)).context("policy-rc.d")?;
        Ok(Self { ours: true })
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if self.ours {
            let _ = fs::remove_file(Self::POLICY);
        }
    }
}
