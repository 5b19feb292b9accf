//! Syscalls to count: any number of them, or a known number of one that nobody else makes.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create, timerfd_gettime};

use crate::process::Process;

/// The syscall that [`Rare`] makes.
pub(crate) const RARE: &str = "timerfd_gettime";

/// Far more than a trial takes, so that the load neither ends too early nor runs forever.
const UNTIL_KILLED: u64 = 100_000_000;

/// `count` reads and as many writes.
fn dd(count: u64) -> Result<Process> {
    Process::start(Command::new("dd").args([
        "if=/dev/zero",
        "of=/dev/null",
        "bs=1",
        "status=none",
        &format!("count={count}"),
    ]))
}

/// A load that ends when it is dropped.
pub(crate) fn busy() -> Result<Process> {
    dd(UNTIL_KILLED)
}

/// Makes `count` reads and writes, and returns when they are made.
pub(crate) fn burst(count: u64) -> Result<()> {
    let ended = dd(count)?.end_within(Duration::from_secs(60))?;
    ensure!(ended.status.success(), "dd: {}", ended.stderr);
    Ok(())
}

/// Makes a syscall that is rare enough to be nobody else's.
pub(crate) struct Rare {
    timer: OwnedFd,
    no_timer: File,
}

impl Rare {
    pub(crate) fn new() -> Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
        Ok(Self { timer, no_timer: File::open("/dev/null")? })
    }

    /// Exactly this many that succeed.
    pub(crate) fn succeed(&self, count: u32) -> Result<()> {
        for _ in 0..count {
            timerfd_gettime(&self.timer)?;
        }
        Ok(())
    }

    /// Exactly this many that fail.
    pub(crate) fn fail(&self, count: u32) -> Result<()> {
        for _ in 0..count {
            let error = timerfd_gettime(&self.no_timer).err().context("/dev/null is a timer")?;
            ensure!(error.kind() == ErrorKind::InvalidInput, "{RARE}: {error}");
        }
        Ok(())
    }
}

/// Now, as a sample's time is written.
pub(crate) fn now() -> Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64())
}
