//! `cargo xtask fuzz [TARGET..] [--seconds N]`: the parsers of what strangers write, on inputs that libFuzzer makes.
//!
//! Seeds are the data of the tests and fuzz/seeds; what is found on top of them stays in `target/fuzz`. An input that ends a
//! target is kept there too, and its path is printed.

use std::{ffi::OsString, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use lexopt::prelude::*;

use crate::{command, test::Tally, tools, workspace};

/// Longest input, bytes: a few times the longest seed would only be slow.
const LONGEST: &str = "65536";
/// Seconds in which one input must be done.
const HANGS: &str = "10";

/// Each target, and where its seeds lie.
const TARGETS: [(&str, &[&str]); 5] = [
    ("alert", &["agent/tests/data/falco-alerts"]),
    ("recording", &["fuzz/seeds/recording"]),
    ("report_json", &["agent/tests/golden"]),
    ("falco_yaml", &["fuzz/seeds/falco_yaml"]),
    ("prometheus_text", &["agent/tests/data/falco-0.44.1"]),
];

pub(crate) fn run(arguments: Vec<OsString>) -> Result<ExitCode> {
    let (mut chosen, mut seconds) = (Vec::new(), 600);
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seconds") => seconds = parser.value()?.parse::<u64>()?,
            Value(name) => {
                let name = name.string()?;
                let Some(target) = TARGETS.iter().find(|(known, _)| *known == name) else {
                    bail!("no target `{name}`; there are {}", TARGETS.map(|(name, _)| name).join(", "));
                };
                chosen.push(target);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if chosen.is_empty() {
        chosen.extend(&TARGETS);
    }
    tools::for_fuzzing()?;
    let mut tally = Tally::default();
    for (name, seeds) in chosen {
        tally.add(name, fuzz(name, seeds, seconds).map(|()| Tally::one_pass()));
    }
    tally.print();
    Ok(tally.exit_code())
}

fn fuzz(name: &str, seeds: &[&str], seconds: u64) -> Result<()> {
    let folder = workspace::target("fuzz");
    let corpus = folder.join("corpus").join(name);
    let crashes = folder.join("artifacts").join(name);
    for folder in [&corpus, &crashes] {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    let seeds = seeds.iter().map(|folder| workspace::root().join(folder)).filter(|folder| folder.is_dir());
    let seeds: Vec<PathBuf> = seeds.collect();
    let mut fuzz = command::program("cargo-fuzz");
    // libFuzzer needs what the pinned stable compiler has, and hides.
    fuzz.env("RUSTC_BOOTSTRAP", "1").args(["run", "--fuzz-dir"]).arg(workspace::root().join("fuzz"));
    fuzz.arg("--target-dir").arg(&folder).arg(name).arg(&corpus).args(&seeds).args([
        "--",
        &format!("-max_total_time={seconds}"),
        &format!("-max_len={LONGEST}"),
        &format!("-timeout={HANGS}"),
        &format!("-artifact_prefix={}/", crashes.display()),
        "-print_final_stats=1",
        "-verbosity=0",
    ]);
    command::run(&mut fuzz)
}
