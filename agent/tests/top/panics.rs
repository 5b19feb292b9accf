//! A panic while the view is up. Nothing that is typed makes dropctl panic, so that this program becomes it, and panics beside it.

use std::{env, path::PathBuf, thread, time::Duration};

use clap::Parser as _;
use dropctl::{
    cli::{Cli, Command},
    commands,
};

/// What is shown meanwhile; given to this program as it is started again, inside a terminal.
pub(crate) const RECORDING: &str = "DROPCTL_TEST_PANIC_WITH";
/// What it says.
pub(crate) const REASON: &str = "the reason for it";
/// Long after the first view, and so after its frame was seen from outside.
const SHOWN: Duration = Duration::from_millis(1500);

/// Whether this program is to panic, and with what on the terminal.
pub(crate) fn asked_for() -> Option<PathBuf> {
    env::var_os(RECORDING).map(PathBuf::from)
}

/// Runs the command, and panics as a release does: without unwinding.
pub(crate) fn show_and_panic(recording: &std::path::Path) -> ! {
    thread::spawn(|| {
        thread::sleep(SHOWN);
        let _ = std::panic::catch_unwind(|| panic!("{REASON}"));
        std::process::abort();
    });
    let cli =
        Cli::parse_from(["dropctl".as_ref(), "top".as_ref(), "--input".as_ref(), recording.as_os_str()]);
    if let Command::Top(arguments) = cli.command {
        let _ = commands::top::run(&arguments);
    }
    std::process::exit(1);
}
