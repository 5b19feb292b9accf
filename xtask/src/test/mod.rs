//! `cargo xtask test`: everything that can be tested on this machine, in order.
//!
//! The last line is `N passed, N failed, N skipped`; every skip has a reason, a step without a
//! single test is a failure.

mod deploy;
mod html;
pub(crate) mod reading;
mod steps;
mod tally;

use std::{ffi::OsString, process::ExitCode, time::Instant};

use anyhow::{Result, bail};
use lexopt::prelude::*;

use crate::tools;

pub(crate) use self::tally::Tally;

/// A step: its name for `--only`, its heading, what it does.
type Step = (&'static str, &'static str, fn() -> Result<Tally>);

const STEPS: [Step; 15] = [
    ("workspace", "unit and integration tests that need no root", steps::workspace),
    ("kernel", "kernel tests on this kernel", steps::kernel),
    ("vm", "kernel tests inside guests", crate::vm::all),
    ("oracle", "the stand-in against a real Falco's numbers", steps::oracle),
    ("watched", "dropctl beside the stand-in", steps::watched),
    ("foreign", "dropctl beside tools that nobody here wrote", steps::foreign),
    ("lab", "labels of a few scenarios, proven by what ends the loss", crate::lab::short),
    ("bad_input", "everything that can be wrong on the command line", steps::bad_input),
    ("top", "the live view in a terminal, driven by keys", steps::top),
    ("prometheus", "a real Prometheus", steps::prometheus),
    ("container", "the image under containerd and runc", steps::container),
    ("html", "pages in a browser", html::check),
    ("dashboards", "alert rules and their tests", crate::dashboards::check),
    ("bench", "every benchmark for a few seconds", steps::bench),
    ("deploy", "rendered manifests against the API schemas", deploy::check),
];

pub(crate) fn run(arguments: Vec<OsString>) -> Result<ExitCode> {
    let chosen = parse(arguments)?;
    let start = Instant::now();
    heading("tools", "what the build needs");
    tools::for_static_build()?;
    let mut tally = Tally::default();
    let mut times = Vec::new();
    for (name, what, step) in chosen {
        heading(name, what);
        let begun = Instant::now();
        tally.add(name, step());
        println!("-- {name}: {:.0} s", begun.elapsed().as_secs_f64());
        times.push(format!("{name} {:.0} s", begun.elapsed().as_secs_f64()));
    }
    println!("\n== {} in all {:.0} s", times.join(", "), start.elapsed().as_secs_f64());
    tally.print();
    Ok(tally.exit_code())
}

fn heading(name: &str, what: &str) {
    println!("\n== {name}: {what}");
}

fn parse(arguments: Vec<OsString>) -> Result<Vec<Step>> {
    let mut only: Vec<String> = Vec::new();
    let mut guests = true;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("only") => only.push(parser.value()?.string()?),
            Long("no-vm") => guests = false,
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|(step, ..)| step != name)) {
        let names: Vec<&str> = STEPS.iter().map(|(name, ..)| *name).collect();
        bail!("no step `{unknown}`; there are {}", names.join(", "));
    }
    let wanted = |name: &str| only.is_empty() || only.iter().any(|given| given == name);
    Ok(STEPS.into_iter().filter(|(name, ..)| wanted(name) && (guests || *name != "vm")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Result<Vec<&'static str>> {
        let steps = parse(arguments.iter().map(OsString::from).collect())?;
        Ok(steps.into_iter().map(|(name, ..)| name).collect())
    }

    #[test]
    fn steps_can_be_chosen() {
        assert_eq!(names(&[]).expect("all").len(), STEPS.len());
        assert_eq!(names(&["--only", "kernel"]).expect("one"), ["kernel"]);
        assert!(!names(&["--no-vm"]).expect("without").contains(&"vm"));
        assert!(names(&["--only", "moon"]).is_err());
    }

    #[test]
    fn no_test_target_is_forgotten() {
        for (_, name) in crate::project::named_tests().expect("the manifests") {
            assert!(STEPS.iter().any(|(step, ..)| *step == name), "no step runs {name}");
        }
    }
}
