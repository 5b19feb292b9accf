//! Packages of other Debian suites, from the mirror that this machine's apt already uses.
//!
//! A private apt root under `target/` holds its own sources and lists; nothing on the machine
//! changes, apt verifies signatures and checksums, and no host is named here.

mod sources;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{command, missing::Missing, workspace};

/// Debian's own keys, on every Debian machine.
const KEYRING: &str = "usr/share/keyrings/debian-archive-keyring.gpg";

/// An apt root of some suites, its lists fetched.
pub(crate) struct Mirror {
    place: PathBuf,
    /// What apt could not fetch, for the reason of a skip; empty if it got all.
    pub(crate) complaint: String,
}

impl Mirror {
    /// Writes the sources of these suites and fetches their lists.
    pub(crate) fn open(place: &str, suites: &[&str]) -> Result<Self> {
        if !command::exists("apt-get") || !command::exists("dpkg-deb") {
            return Err(Missing::error("apt-get and dpkg-deb", "a Debian machine or container"));
        }
        let mut mirror = Self { place: workspace::target(place), complaint: String::new() };
        for folder in ["state/lists/partial", "cache/archives/partial", "packages", "none"] {
            let path = mirror.place.join(folder);
            fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
        }
        let system = PathBuf::from("/").join(KEYRING);
        let newer = mirror.place.join("keyring").join(KEYRING);
        let keys = if newer.exists() { &newer } else { &system };
        let words = mirror.update(suites, keys)?;
        if words.contains("NO_PUBKEY") && keys == &system && mirror.fetch_newer_keys().is_ok() {
            mirror.update(suites, &newer)?;
        }
        Ok(mirror)
    }

    fn update(&mut self, suites: &[&str], keys: &Path) -> Result<String> {
        let list = sources::list(suites, keys)?;
        fs::write(self.place.join("sources.list"), list).context("write sources.list")?;
        println!("xtask: fetching the package lists of {}", suites.join(", "));
        let output = self.apt("apt-get").args(["update", "-q"]).output().context("apt-get update")?;
        let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        // Without a network apt only warns, once for each file; the first says it all.
        let complaint = words.lines().find(|line| line.starts_with("E: ") || line.starts_with("W: "));
        self.complaint = complaint.map(|line| format!(" (apt: {})", &line[3..])).unwrap_or_default();
        Ok(words)
    }

    /// An older Debian lacks the keys of newer suites; a suite that it does trust brings them.
    fn fetch_newer_keys(&self) -> Result<()> {
        println!(
            "xtask: unpacking a newer debian-archive-keyring under target/: some suites have newer keys"
        );
        self.unpack("debian-archive-keyring", &self.place.join("keyring"))
    }

    /// Names of the packages that start like this.
    pub(crate) fn names(&self, start: &str) -> Result<Vec<String>> {
        let text = command::text(self.apt("apt-cache").args(["pkgnames", start]))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// These packages and all that they depend on.
    pub(crate) fn with_all_that_it_needs(&self, packages: &[&str]) -> Result<Vec<String>> {
        let mut depends = self.apt("apt-cache");
        depends.args(["depends", "--recurse"]);
        for left_out in ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"] {
            depends.arg(format!("--no-{left_out}"));
        }
        let text = command::text(depends.args(packages))?;
        // What a package depends on is indented; names in angle brackets are no packages.
        let mut names: Vec<String> =
            text.lines().filter(|line| !line.starts_with([' ', '<'])).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Fetches a package, checksum verified by apt, and unpacks it.
    pub(crate) fn unpack(&self, package: &str, into: &Path) -> Result<()> {
        self.unpack_all(&[package], into)
    }

    /// Fetches packages, checksums verified by apt, and unpacks them into one folder.
    pub(crate) fn unpack_all(&self, packages: &[&str], into: &Path) -> Result<()> {
        let kept = self.place.join("packages");
        let mut download = self.apt("apt-get");
        let output = download
            .args(["download", "-q"])
            .args(packages)
            .current_dir(&kept)
            .output()
            .context("apt-get download")?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            let why = words.lines().find(|line| line.starts_with("E: ")).unwrap_or("E: no reason given");
            bail!("apt could not fetch {}: {}", packages.join(", "), &why[3..]);
        }
        packages.iter().try_for_each(|package| unpack_newest(package, &kept, into))
    }

    fn apt(&self, program: &str) -> Command {
        let mut apt = command::program(program);
        for (option, below) in [
            ("Dir::State", "state"),
            ("Dir::Cache", "cache"),
            ("Dir::Etc::SourceList", "sources.list"),
            ("Dir::Etc::SourceParts", "none"),
            ("Dir::Etc::Preferences", "none/preferences"),
            ("Dir::Etc::PreferencesParts", "none"),
        ] {
            let mut value = OsString::from(format!("{option}="));
            value.push(self.place.join(below));
            apt.arg("-o").arg(value);
        }
        for option in [
            "Dir::State::status=/dev/null",
            "APT::Architecture=amd64",
            "APT::Architectures=amd64",
            "APT::Sandbox::User=root",
            "Acquire::Languages=none",
            "Acquire::Retries=2",
        ] {
            apt.args(["-o", option]);
        }
        apt
    }
}

/// Unpacks `PACKAGE_VERSION_ARCH.deb` of a folder and removes it.
pub(crate) fn unpack_newest(package: &str, kept: &Path, into: &Path) -> Result<()> {
    let start = format!("{package}_");
    let archive = fs::read_dir(kept)
        .with_context(|| format!("list {}", kept.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "deb"))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&start)))
        .max()
        .with_context(|| format!("apt-get download {package} left no file"))?;
    fs::create_dir_all(into).with_context(|| format!("create {}", into.display()))?;
    command::run(command::program("dpkg-deb").arg("-x").arg(&archive).arg(into))?;
    fs::remove_file(&archive).with_context(|| format!("remove {}", archive.display()))
}
