//! Everything that can be wrong: each time exit code 2, one line on stderr that names the thing and the way out,
//! nothing on stdout, and nothing left in the kernel. And how it ends when nothing is wrong: signals, `kill -9`, a
//! reader who has gone, files that are written whole or not at all, replays where there is no BPF.
//!
//! Needs root and setpriv, sh, unshare and mount. The binary is DROPCTL_BIN, else the one that cargo built.
#![allow(unused_crate_dependencies, reason = "a test target uses few of the package's dependencies")]
#![allow(clippy::print_stdout, reason = "reasons of skips and measured numbers belong on stdout")]

#[path = "../prometheus/agent.rs"]
#[allow(dead_code, reason = "the Prometheus test uses the rest")]
mod agent;
mod anywhere;
mod arguments;
mod diff;
mod endings;
mod environment;
mod explain;
#[path = "../prometheus/exposition.rs"]
#[allow(dead_code, reason = "the Prometheus test uses the rest")]
mod exposition;
mod files;
#[path = "../prometheus/http.rs"]
#[allow(dead_code, reason = "the Prometheus test uses the rest")]
mod http;
mod kernel;
mod names;
mod output;
mod precedence;
mod privileges;
#[path = "../prometheus/process.rs"]
mod process;
mod recordings;
mod refusal;
mod sizes;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};

/// Name, and what it does.
type Test = (&'static str, fn() -> Result<()>);

const TESTS: [Test; 31] = [
    ("not_root", privileges::not_root),
    ("socket_of_root", privileges::socket_of_root),
    ("missing_capability", privileges::missing_capability),
    ("two_capabilities_suffice", privileges::two_suffice),
    ("bad_arguments", arguments::bad),
    ("unknown_arguments", arguments::unknown),
    ("help_and_version", arguments::help),
    ("bad_environment", environment::bad),
    ("address_in_use", environment::address_in_use),
    ("config_unreadable", files::unreadable),
    ("config_malformed", files::malformed),
    ("config_unknown_key", files::unknown_key),
    ("flag_over_environment_over_file", precedence::of_values),
    ("files_of_both_kinds", precedence::of_both_kinds),
    ("recordings_that_cannot_be_replayed", recordings::bad),
    ("fail_on_ends_with_one", recordings::fail_on),
    ("replayed_without_any_bpf", anywhere::without_any_bpf),
    ("names_that_cannot_be_hidden", names::bad),
    ("names_become_pseudonyms", names::given),
    ("what_cannot_be_explained", explain::bad),
    ("what_cannot_be_compared", diff::bad),
    ("what_cannot_be_sized", sizes::bad),
    ("output_not_writable", output::not_writable),
    ("output_whole_or_not_at_all", output::whole_or_not_at_all),
    ("stdout_closed", output::stdout_closed),
    ("stdout_full", output::stdout_full),
    ("reader_gone_is_success", output::reader_gone),
    ("interrupt_reports_so_far", endings::interrupt),
    ("terminate_reports_so_far", endings::terminate),
    ("kill_leaves_nothing", endings::kill),
    ("end_leaves_nothing", endings::orderly),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // What is left in the kernel is found by comparing before and after.
    arguments.test_threads = Some(1);
    let missing = require().err().map(|reason| format!("{reason:#}"));
    let trials = TESTS.iter().map(|&(name, run)| {
        if let Some(reason) = missing.as_ref().filter(|_| !arguments.list) {
            println!("skip: {name}: {reason}");
        }
        let trial = Trial::test(name, move || run().map_err(|error| Failed::from(format!("{error:#}"))));
        trial.with_ignored_flag(missing.is_some())
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Fails with what is missing on this machine.
fn require() -> Result<()> {
    ensure!(rustix::process::geteuid().is_root(), "needs root, to load programs and to give privileges up");
    for (tool, package) in
        [("setpriv", "util-linux"), ("unshare", "util-linux"), ("mount", "mount"), ("sh", "dash")]
    {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&folders).any(|folder| folder.join(tool).is_file());
        ensure!(found, "{tool} is not installed (Debian package {package})");
    }
    Ok(())
}
