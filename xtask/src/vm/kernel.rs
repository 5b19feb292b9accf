//! The newest cloud kernel of a series, fetched once and kept under `target/vm/kernels`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::series::Series;
use crate::{mirror::Mirror, workspace};

/// A kernel that can be booted.
pub(crate) struct Kernel {
    pub(crate) image: PathBuf,
    /// Debian's name of the release, `6.1.0-50-cloud-amd64`.
    pub(crate) release: String,
}

/// The kernels of these series, each with the reason where there is none.
pub(crate) fn fetch(wanted: &[&'static Series]) -> Result<Vec<(&'static Series, Result<Kernel>)>> {
    let absent: Vec<_> = wanted.iter().filter(|series| kept(series).is_none()).collect();
    let suites: BTreeSet<&str> = absent.iter().flat_map(|series| series.suites.iter().copied()).collect();
    let mirror = if absent.is_empty() {
        None
    } else {
        Some(Mirror::open("vm/apt", &suites.into_iter().collect::<Vec<_>>())?)
    };
    Ok(wanted.iter().map(|series| (*series, one(series, mirror.as_ref()))).collect())
}

fn one(series: &Series, mirror: Option<&Mirror>) -> Result<Kernel> {
    match (kept(series), mirror) {
        (Some(kernel), _) => Ok(kernel),
        (None, Some(mirror)) => fetch_one(series, mirror),
        (None, None) => bail!("no kernel {} and no mirror", series.name),
    }
}

fn fetch_one(series: &Series, mirror: &Mirror) -> Result<Kernel> {
    let images = mirror.names(&format!("linux-image-{}.", series.name))?;
    let release = newest(&images).with_context(|| {
        let suites = series.suites.join(", ");
        format!("no linux-image-{}.*-cloud-amd64 in {suites}{}", series.name, mirror.complaint)
    })?;
    // From 6.19 on the image package only depends on the one that holds the file.
    let binary = format!("linux-binary-{release}");
    let holder = match mirror.names(&binary)?.contains(&binary) {
        true => binary,
        false => format!("linux-image-{release}"),
    };
    println!("xtask: fetching {holder} for the guest {}", series.name);
    let unpacked = workspace::target("vm/unpacked").join(series.name);
    mirror.unpack(&holder, &unpacked)?;
    let folder = folder(series);
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    fs::copy(vmlinuz(&unpacked, &release)?, folder.join("vmlinuz")).context("keep vmlinuz")?;
    fs::write(folder.join("release"), &release).context("keep the release")?;
    // The modules are many times the kernel; guests need none.
    fs::remove_dir_all(&unpacked).context("remove the unpacked package")?;
    kept(series).context("the kernel that was just fetched")
}

fn vmlinuz(unpacked: &Path, release: &str) -> Result<PathBuf> {
    [
        format!("boot/vmlinuz-{release}"),
        format!("usr/lib/modules/{release}/vmlinuz"),
        format!("lib/modules/{release}/vmlinuz"),
    ]
    .into_iter()
    .map(|below| unpacked.join(below))
    .find(|path| path.is_file())
    .with_context(|| format!("the package of {release} holds no vmlinuz"))
}

fn kept(series: &Series) -> Option<Kernel> {
    let folder = folder(series);
    let release = fs::read_to_string(folder.join("release")).ok()?;
    let image = folder.join("vmlinuz");
    image.is_file().then_some(Kernel { image, release })
}

fn folder(series: &Series) -> PathBuf {
    workspace::target("vm/kernels").join(series.name)
}

/// The release of the newest package, by the numbers in its name.
fn newest(packages: &[String]) -> Option<String> {
    packages
        .iter()
        .filter_map(|package| package.strip_prefix("linux-image-"))
        .filter(|release| release.ends_with("-cloud-amd64"))
        .max_by_key(|release| numbers(release))
        .map(str::to_owned)
}

fn numbers(release: &str) -> Vec<u64> {
    // A backport's `0.deb11.52` stands below the suite's own number: compare up to the suite's name.
    let own = release.trim_end_matches("-cloud-amd64").split("-0.deb").next().unwrap_or_default();
    own.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Option<String> {
        newest(&names.iter().map(|name| format!("linux-image-{name}")).collect::<Vec<_>>())
    }

    #[test]
    fn the_newest_is_by_number_not_by_letter() {
        let found = of(&[
            "6.1.0-9-cloud-amd64",
            "6.1.0-50-cloud-amd64",
            "6.1.0-50-cloud-amd64-dbg",
            "6.1-cloud-amd64",
        ]);
        assert_eq!(found.as_deref(), Some("6.1.0-50-cloud-amd64"));
        let found = of(&["6.1.0-0.deb11.52-cloud-amd64", "6.1.0-50-cloud-amd64"]);
        assert_eq!(found.as_deref(), Some("6.1.0-50-cloud-amd64"));
        let found =
            of(&["6.12.90+deb12-cloud-amd64", "6.12.90+deb12.1-cloud-amd64", "6.12.117+deb13-cloud-amd64"]);
        assert_eq!(found.as_deref(), Some("6.12.117+deb13-cloud-amd64"));
    }

    #[test]
    fn a_series_that_is_gone_has_none() {
        assert_eq!(of(&["6.1.0-50-amd64"]), None);
    }
}
