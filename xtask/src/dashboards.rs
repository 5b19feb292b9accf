//! `cargo xtask dashboards`: promtool checks the alert rules and runs their tests.

use std::{fs, process::ExitCode};

use anyhow::{Context as _, Result};

use crate::{
    command,
    test::Tally,
    tools::{self, Package},
    workspace,
};

const RULES: &str = "dashboards/prometheus";

pub(crate) fn run() -> Result<ExitCode> {
    let tally = check()?;
    tally.print();
    Ok(tally.exit_code())
}

/// Files named `*.test.yaml` are tests, the other ones rules.
pub(crate) fn check() -> Result<Tally> {
    tools::packages(&[Package { program: "promtool", package: "prometheus", why: "checks alert rules" }])?;
    let folder = workspace::root().join(RULES);
    let mut names: Vec<String> = fs::read_dir(&folder)
        .with_context(|| format!("list {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| name.ends_with(".yaml") || name.ends_with(".yml"))
        .collect();
    names.sort();
    let mut tally = Tally::default();
    for name in names {
        let verb = if name.contains(".test.") { "test" } else { "check" };
        let path = format!("{RULES}/{name}");
        let mut promtool = command::program("promtool");
        let outcome = command::quiet(promtool.args([verb, "rules", &path]));
        println!("{}: {}", command::line(&promtool), if outcome.is_ok() { "ok" } else { "FAILED" });
        tally.add(&command::line(&promtool), outcome.map(|()| Tally::one_pass()));
    }
    Ok(tally)
}
