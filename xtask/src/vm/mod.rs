//! `cargo xtask vm [KERNEL..]`: the kernel tests inside guests of other kernels.
//!
//! Kernels come from the machine's own Debian mirror and are kept under `target/vm`; remove that
//! folder to look for newer ones. Guests run in software emulation on one thread each, as many side by
//! side as the machine has CPUs.

mod boot;
mod initramfs;
mod kernel;
mod series;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use lexopt::prelude::*;

use self::{boot::Guest, initramfs::Contents, kernel::Kernel, series::Series};
use crate::{
    artifacts::{self, StaticTest},
    test::Tally,
    tools::{self, Package},
    workspace,
};

/// The kernel whose BTF is hidden in an extra boot: an old one that has it.
const WITHOUT_BTF: &str = "6.1";
const CHAOS_SECONDS: &str = "10";

/// A test binary by its name, the name of the program that it uses, and both files.
type Test = (&'static str, &'static str, StaticTest);

/// A series, and whether its BTF is hidden.
type Boot = (&'static Series, bool);

/// What was asked for on the command line.
struct Wanted {
    series: Vec<&'static Series>,
    hide_btf: bool,
    limit: Duration,
    /// Passed on to the test binary: filters.
    arguments: String,
    /// Another test binary than dropctl's, for work on xtask itself.
    stand_in: Option<StaticTest>,
}

pub(crate) fn run(arguments: Vec<OsString>) -> Result<ExitCode> {
    let Some(wanted) = parse(arguments)? else {
        return Ok(ExitCode::SUCCESS);
    };
    let tally = guests(&wanted)?;
    tally.print();
    Ok(tally.exit_code())
}

/// The default series and the boot without BTF: the step of `cargo xtask test`.
pub(crate) fn all() -> Result<Tally> {
    guests(&Wanted { hide_btf: true, ..defaults() })
}

fn defaults() -> Wanted {
    Wanted {
        series: series::ALL.iter().filter(|series| series.by_default).collect(),
        hide_btf: false,
        // Twice what the slowest takes on a busy machine.
        limit: Duration::from_secs(1800),
        arguments: String::new(),
        stand_in: None,
    }
}

fn parse(arguments: Vec<OsString>) -> Result<Option<Wanted>> {
    let mut wanted = Wanted { series: Vec::new(), ..defaults() };
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("list") => {
                list();
                return Ok(None);
            }
            Long("hide-btf") => wanted.hide_btf = true,
            Long("limit") => wanted.limit = Duration::from_secs(parser.value()?.parse()?),
            Long("filter") => wanted.arguments = parser.value()?.string()?,
            Long("test-binary") => {
                let test: PathBuf = parser.value()?.into();
                wanted.stand_in = Some(StaticTest { program: test.clone(), test });
            }
            Value(name) => {
                let name = name.string()?;
                let Some(series) = series::named(&name) else {
                    bail!("no series `{name}`; `cargo xtask vm --list` names them");
                };
                wanted.series.push(series);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if wanted.series.is_empty() && !wanted.hide_btf {
        wanted.series = defaults().series;
    }
    Ok(Some(wanted))
}

fn list() {
    for series in series::ALL {
        let mark = if series.by_default { "default" } else { "" };
        println!("{:<6} {:<8} {}", series.name, mark, series.suites.join(", "));
    }
}

fn guests(wanted: &Wanted) -> Result<Tally> {
    tools::for_static_build()?;
    tools::packages(&[Package {
        program: "qemu-system-x86_64",
        package: "qemu-system-x86",
        why: "guests of other kernels",
    }])?;
    let tests = match &wanted.stand_in {
        Some(given) => vec![("kernel", "dropctl", given.clone())],
        None => vec![
            ("kernel", "dropctl", artifacts::static_test("dropctl", "kernel")?),
            ("watched", "dropctl-lab", artifacts::static_test("dropctl-lab", "watched")?),
        ],
    };
    let mut boots: Vec<Boot> = wanted.series.iter().map(|series| (*series, false)).collect();
    if wanted.hide_btf {
        let hidden = series::named(WITHOUT_BTF).context("the series without BTF")?;
        boots.push((hidden, true));
    }
    let mut series: Vec<&'static Series> = wanted.series.clone();
    series.extend(wanted.hide_btf.then(|| series::named(WITHOUT_BTF)).flatten());
    series.dedup_by_key(|series| series.name);
    let kernels = kernel::fetch(&series)?;
    let busybox = initramfs::busybox()?;

    Ok(side_by_side(&boots, |series, hide_btf| {
        let name = if hide_btf { format!("{}-without-btf", series.name) } else { series.name.to_owned() };
        let mut tally = Tally::default();
        let title = format!("guest {name}");
        match kernels.iter().find(|(of, _)| of.name == series.name).map(|(_, kernel)| kernel) {
            Some(Ok(kernel)) => tally.add(&title, guest(wanted, &tests, &busybox, series, &name, kernel)),
            Some(Err(error)) => tally.skip(&title, &format!("{error:#}")),
            None => tally.fail(&title, "its kernel was not looked for"),
        }
        tally
    }))
}

/// Boots all, one on each CPU; their tallies in the order of the boots.
fn side_by_side(boots: &[Boot], run: impl Fn(&'static Series, bool) -> Tally + Sync) -> Tally {
    let next = AtomicUsize::new(0);
    let tallies = Mutex::new(BTreeMap::new());
    let one_after_the_other = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((series, hide_btf)) = boots.get(at) else { break };
            let tally = run(series, *hide_btf);
            tallies.lock().unwrap_or_else(PoisonError::into_inner).insert(at, tally);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from).min(boots.len()) {
            scope.spawn(one_after_the_other);
        }
    });
    let mut all = Tally::default();
    let tallies = tallies.into_inner().unwrap_or_else(PoisonError::into_inner);
    tallies.into_values().for_each(|tally| all.merge(tally));
    all
}

fn guest(
    wanted: &Wanted,
    tests: &[Test],
    busybox: &Path,
    series: &Series,
    name: &str,
    kernel: &Kernel,
) -> Result<Tally> {
    let start = Instant::now();
    println!("guest {name}: Linux {}", kernel.release);
    let mut environment = vec![
        ("DROPCTL_BIN", "/bin/dropctl".to_owned()),
        ("DROPCTL_LAB_BIN", "/bin/dropctl-lab".to_owned()),
        ("DROPCTL_GUEST", series.name.to_owned()),
        ("DROPCTL_CHAOS_SECONDS", CHAOS_SECONDS.to_owned()),
    ];
    if name != series.name {
        environment.push(("DROPCTL_HIDE_BTF", "1".to_owned()));
    }
    let initramfs = write_initramfs(
        name,
        &Contents {
            busybox,
            tests: &tests.iter().map(|(name, _, built)| (*name, built.test.as_path())).collect::<Vec<_>>(),
            programs: &tests
                .iter()
                .map(|(_, name, built)| (*name, built.program.as_path()))
                .collect::<Vec<_>>(),
            environment: &environment,
            arguments: &wanted.arguments,
        },
    )?;
    let guest = Guest { name, kernel, initramfs: &initramfs, limit: wanted.limit };
    let tally = guest.boot();
    fs::remove_file(&initramfs).context("remove the initramfs")?;
    println!("guest {name}: {:.0} s", start.elapsed().as_secs_f64());
    tally
}

fn write_initramfs(name: &str, contents: &Contents<'_>) -> Result<PathBuf> {
    let folder = workspace::target("vm");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let path = folder.join(format!("{name}.cpio"));
    fs::write(&path, initramfs::build(contents)?).with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_boot_runs_once_and_is_told_in_its_place() {
        let boots: Vec<Boot> =
            series::ALL.iter().flat_map(|series| [(series, false), (series, true)]).collect();
        let tally = side_by_side(&boots, |series, hide_btf| {
            let mut tally = Tally::one_pass();
            tally.skip(&format!("{} {hide_btf}", series.name), "only a name");
            tally
        });
        let names: Vec<String> =
            boots.iter().map(|(series, hide_btf)| format!("{} {hide_btf}", series.name)).collect();
        assert_eq!(tally.passed, boots.len());
        assert_eq!(tally.skipped.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
    }
}
