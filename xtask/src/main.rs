//! `cargo xtask VERB`: everything a developer or CI does here, one file per verb.
//!
//! Left out: what the programs themselves do. Exit code 0 fine, 1 something failed, 2 something is
//! missing on this machine or the command line is wrong.
#![allow(clippy::print_stdout, reason = "a command line tool talks through its standard output")]

mod artifacts;
mod bench;
mod bless;
mod command;
mod dashboards;
mod dist;
mod docs;
mod fuzz;
mod image;
mod lab;
mod lint;
mod mirror;
mod missing;
mod project;
mod run;
mod test;
mod tools;
mod vm;
mod workspace;

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;

use crate::missing::Missing;

const USAGE: &str = "\
usage: cargo xtask VERB [ARGUMENTS]

  run [-- ARGS]                build both halves, run dropctl (default: report --duration 10s)
  test [--only STEP] [--no-vm] everything; ends with `N passed, N failed, N skipped`
  lint                         format, clippy, licences, and the invariants of the architecture
  vm [KERNEL..] [--list] [--hide-btf]
                               the kernel tests inside guests of other kernels
  dist                         a folder with the static binary, manual pages and completions
  image                        OCI archive with the static binary alone
  dashboards                   check alert rules and run their tests
  docs                         regenerate what is generated under docs/
  bless                        accept the present output as the expected one
  bench [-- ARGS]              benchmarks, in release mode
  lab [SCENARIO..] [--seeds N] [--first-seed N] [--prove] [--list]
                               labelled scenarios with real drops: score dropctl, or prove the labels
  fuzz [TARGET..] [--seconds N]
                               the parsers on hostile input, 600 s each by default
";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let verb = arguments.next().unwrap_or_default();
    match dispatch(&verb.to_string_lossy(), arguments.collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            let absent = error.is::<Missing>() || error.is::<lexopt::Error>();
            ExitCode::from(if absent { 2 } else { 1 })
        }
    }
}

fn dispatch(verb: &str, arguments: Vec<OsString>) -> Result<ExitCode> {
    match verb {
        "run" => run::run(&arguments),
        "test" => test::run(arguments),
        "lint" => lint::run(),
        "vm" => vm::run(arguments),
        "dist" => dist::run(),
        "image" => image::run(),
        "dashboards" => dashboards::run(),
        "docs" => docs::run(),
        "bless" => bless::run(),
        "bench" => bench::run(&arguments),
        "lab" => lab::run(&arguments),
        "fuzz" => fuzz::run(arguments),
        "" | "help" | "-h" | "--help" => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        other => {
            eprint!("xtask: no verb `{other}`\n{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}
