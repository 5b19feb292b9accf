//! Talk on stderr, and the log of the kernel half.

use std::{
    io::{self, Write as _},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result};
use aya::Ebpf;
use aya_log::EbpfLogger;
use log::LevelFilter;

use super::progress;
use crate::cli::Cli;

/// Goes back to where the line begins, and makes it empty.
const WIPE: &str = "\r\x1b[K";
/// Whether the last line on stderr is one that is drawn over.
static IS_DRAWN: AtomicBool = AtomicBool::new(false);

/// Starts logging to stderr as loud as asked.
pub fn start(cli: &Cli) {
    progress::begin();
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, _) => LevelFilter::Debug,
    };
    env_logger::Builder::new()
        .filter_level(level)
        // aya tells every relocation; nobody who debugs dropctl wants to read them.
        .filter_module("aya", level.min(LevelFilter::Info))
        .format(|out, record| {
            writeln!(
                out,
                "{}dropctl: {}: {}",
                wiping(),
                record.level().as_str().to_lowercase(),
                record.args()
            )
        })
        .init();
}

/// Tells the user what goes on; not with `--quiet`.
pub(super) fn say(text: &str) {
    if is_talking() {
        talk(text);
    }
}

/// Whether the user wants to hear what goes on.
pub(super) fn is_talking() -> bool {
    log::log_enabled!(log::Level::Warn)
}

/// One line on stderr. Nobody listening there (a closed pipe, a terminal that has gone) is no reason to end;
/// `eprintln!` would panic.
pub fn talk(text: &str) {
    let _ = writeln!(io::stderr(), "{}dropctl: {text}", wiping());
}

/// Draws a line on a terminal of so many columns that what comes next is drawn over.
pub(super) fn draw(text: &str, columns: u16) {
    IS_DRAWN.store(true, Ordering::Relaxed);
    let line: String = format!("dropctl: {text}").chars().take(usize::from(columns.max(2)) - 1).collect();
    let _ = write!(io::stderr(), "{WIPE}{line}");
}

/// Whether it is still there.
pub(super) fn is_drawn() -> bool {
    IS_DRAWN.load(Ordering::Relaxed)
}

/// Takes it away.
pub(super) fn wipe() {
    let _ = write!(io::stderr(), "{}", wiping());
}

/// What has to be written before anything else.
fn wiping() -> &'static str {
    if IS_DRAWN.swap(false, Ordering::Relaxed) { WIPE } else { "" }
}

/// Whether the kernel half should log: only when somebody reads it, else the verifier prunes it.
pub(super) fn kernel_half() -> bool {
    log::log_enabled!(log::Level::Debug)
}

/// Prints what the kernel half logged so far. It logs at its start only, so one look is enough.
pub(super) fn show_kernel_half(ebpf: &mut Ebpf) -> Result<()> {
    if kernel_half() {
        let mut logger = EbpfLogger::init(ebpf).context("read the log of the kernel half")?;
        std::thread::sleep(Duration::from_millis(1));
        logger.flush();
    }
    Ok(())
}

/// The error and its causes. Some of ours show their cause themselves; once is enough.
#[must_use]
pub fn with_causes(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}
