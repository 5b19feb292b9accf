//! The steps that run test binaries of the workspace.

use anyhow::Result;

use super::{Tally, reading::Reading};
use crate::{
    artifacts::{self, StaticTest},
    command, image,
    missing::Missing,
    tools::{self, Package},
};

/// Everything of `cargo test` that is on by default: no root, no other processes.
pub(super) fn workspace() -> Result<Tally> {
    let mut reading = Reading::default();
    let mut tests = command::cargo();
    tests.args(["test", "--no-fail-fast"]);
    let status = command::each_line(&mut tests, |line| {
        println!("{line}");
        reading.line(line);
    })?;
    reading.finish(status.success())
}

/// The same static binary that guests run, on the kernel of this machine.
pub(super) fn kernel() -> Result<Tally> {
    run(&artifacts::static_test("dropctl", "kernel")?, &[])
}

pub(super) fn bad_input() -> Result<Tally> {
    run(&artifacts::static_test("dropctl", "bad_input")?, &[])
}

/// `dropctl top` in tmux.
pub(super) fn top() -> Result<Tally> {
    tools::packages(&[tools::TMUX])?;
    run(&artifacts::static_test("dropctl", "top")?, &[])
}

pub(super) fn prometheus() -> Result<Tally> {
    tools::packages(&[Package {
        program: "prometheus",
        package: "prometheus",
        why: "scrapes a live agent; promtool comes with it",
    }])?;
    run(&artifacts::static_test("dropctl", "prometheus")?, &[])
}

pub(super) fn container() -> Result<Tally> {
    tools::packages(&[
        Package { program: "containerd", package: "containerd", why: "imports and runs the image" },
        Package { program: "runc", package: "runc", why: "the runtime under containerd" },
    ])?;
    super::deploy::ensure_kubectl()?;
    let test = artifacts::static_test("dropctl", "container")?;
    // As the other tests are built: what ships differs from it by link-time optimization, which takes minutes.
    let archive = image::build(&test.program)?;
    let lab = artifacts::testing_binary("dropctl-lab", "dropctl-lab")?;
    run(
        &test,
        &[
            ("DROPCTL_IMAGE", archive.to_string_lossy().as_ref()),
            ("DROPCTL_LAB_BIN", lab.to_string_lossy().as_ref()),
        ],
    )
}

/// The stand-in for Falco against what a real one was seen to do.
pub(super) fn oracle() -> Result<Tally> {
    tools::packages(&[Package { program: "bpftool", package: "bpftool", why: "looks at its maps" }])?;
    run(&artifacts::static_test("dropctl-lab", "oracle")?, &[])
}

/// dropctl beside the stand-in.
pub(super) fn watched() -> Result<Tally> {
    let dropctl = artifacts::testing_binary("dropctl", "dropctl")?;
    run(
        &artifacts::static_test("dropctl-lab", "watched")?,
        &[("DROPCTL_BIN", dropctl.to_string_lossy().as_ref())],
    )
}

/// Tools of others, and dropctl beside them.
pub(super) fn foreign() -> Result<Tally> {
    let root = tools::foreign::root()?;
    run(
        &artifacts::static_test("dropctl", "foreign")?,
        &[("DROPCTL_FOREIGN_ROOT", root.to_string_lossy().as_ref())],
    )
}

/// The benchmarks for a few seconds: they run, and their counts balance. No time is judged.
pub(super) fn bench() -> Result<Tally> {
    let dropctl = artifacts::testing_binary("dropctl", "dropctl")?;
    let bench = artifacts::testing_binary("dropctl-bench", "dropctl-bench")?;
    command::run(command::program(&bench.to_string_lossy()).arg("--short").env("DROPCTL_BIN", dropctl))?;
    Ok(Tally::one_pass())
}

fn run(test: &StaticTest, environment: &[(&str, &str)]) -> Result<Tally> {
    if !tools::is_root() {
        return Err(Missing::error("root, to load programs into the kernel", "sudo cargo xtask test"));
    }
    let mut reading = Reading::default();
    let mut program = command::program(&test.test.to_string_lossy());
    program
        .arg("--test-threads=1")
        .env("DROPCTL_BIN", &test.program)
        .env("DROPCTL_LAB_BIN", &test.program)
        .envs(environment.iter().copied())
        .stdin(std::process::Stdio::null());
    let status = command::each_line(&mut program, |line| {
        println!("{line}");
        reading.line(line);
    })?;
    reading.finish(status.success())
}
