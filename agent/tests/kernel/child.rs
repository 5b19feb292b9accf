//! A forked child that runs a closure and ends.
//!
//! The closure must do with raw syscalls, atomics and the stack: other threads of the parent may have held any
//! lock at the fork.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

use crate::raw;

/// Longest wait for a child; emulated guests are slow.
pub(crate) const LIMIT: Duration = Duration::from_secs(240);

/// A running child. Dropping it kills it.
pub(crate) struct Child {
    pid: libc::pid_t,
    is_reaped: bool,
}

impl Child {
    /// Forks. The child dies with its parent, moves to `cpu`, and ends with 0 if `body` says `true`.
    pub(crate) fn spawn(cpu: Option<usize>, body: impl FnOnce() -> bool) -> Result<Self> {
        // SAFETY: the child keeps to what the file's comment asks for.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            // SAFETY: no pointers.
            unsafe {
                raw::call(
                    libc::SYS_prctl,
                    [libc::PR_SET_PDEATHSIG as usize, libc::SIGKILL as usize, 0, 0, 0, 0],
                )
            };
            let is_placed = cpu.is_none_or(raw::pin);
            raw::exit(usize::from(!(is_placed && body())));
        }
        ensure!(pid > 0, "fork: {}", std::io::Error::last_os_error());
        Ok(Self { pid, is_reaped: false })
    }

    /// Waits for its end; anything but exit code 0 is an error.
    pub(crate) fn wait(&mut self) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        let mut status = 0;
        while Instant::now() < deadline {
            // SAFETY: `status` is valid for the write.
            let ended = unsafe { libc::waitpid(self.pid, &raw mut status, libc::WNOHANG) };
            ensure!(ended >= 0, "wait for child {}: {}", self.pid, std::io::Error::last_os_error());
            if ended == self.pid {
                self.is_reaped = true;
                ensure!(
                    libc::WIFEXITED(status),
                    "child {} was killed by signal {}",
                    self.pid,
                    libc::WTERMSIG(status)
                );
                let code = libc::WEXITSTATUS(status);
                ensure!(code == 0, "child {} ended with {code}", self.pid);
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
        bail!("child {} did not end within {LIMIT:?}", self.pid)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.is_reaped {
            // SAFETY: our own child, not yet reaped, so the id is still its.
            unsafe {
                libc::kill(self.pid, libc::SIGKILL);
                libc::waitpid(self.pid, std::ptr::null_mut(), 0);
            }
        }
    }
}
