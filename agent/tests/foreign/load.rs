//! What the tools trace: made by this process, a known number of times, harmless.

use std::{
    io::{PipeReader, PipeWriter, Read as _, Write as _, pipe},
    net::{TcpListener, TcpStream},
};

use anyhow::{Context as _, Result, ensure};

/// A place where nothing is mounted or ever was.
pub(crate) const NOWHERE: &str = "/nowhere-of-dropctl";
const NOWHERE_C: &std::ffi::CStr = c"/nowhere-of-dropctl";

pub(crate) fn getpgrp(calls: u64) -> Result<()> {
    for _ in 0..calls {
        // SAFETY: no arguments. Not through the library, which may call getpgid.
        unsafe { libc::syscall(libc::SYS_getpgrp) };
    }
    Ok(())
}

pub(crate) fn umount(calls: u64) -> Result<()> {
    for _ in 0..calls {
        // SAFETY: a valid string. There is nothing to unmount.
        let result = unsafe { libc::umount2(NOWHERE_C.as_ptr(), 0) };
        ensure!(result == -1, "there was something at {NOWHERE}");
    }
    Ok(())
}

pub(crate) fn statfs(calls: u64) -> Result<()> {
    for _ in 0..calls {
        let mut about = std::mem::MaybeUninit::<libc::statfs>::uninit();
        // SAFETY: a valid string and room for the answer. By number, so that nothing else is called.
        let result = unsafe { libc::syscall(libc::SYS_statfs, NOWHERE_C.as_ptr(), about.as_mut_ptr()) };
        ensure!(result == -1, "there was something at {NOWHERE}");
    }
    Ok(())
}

/// No signal, to ourselves.
pub(crate) fn kill(calls: u64) -> Result<()> {
    for _ in 0..calls {
        // SAFETY: numbers only; signal 0 is none.
        let result = unsafe { libc::kill(libc::getpid(), 0) };
        ensure!(result == 0, "we are not there");
    }
    Ok(())
}

/// One byte each over the loopback, each received before the next is sent.
pub(crate) fn packets(count: u64) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut sender = TcpStream::connect(listener.local_addr()?)?;
    sender.set_nodelay(true)?;
    let (mut receiver, _) = listener.accept()?;
    for _ in 0..count {
        sender.write_all(b"x")?;
        receiver.read_exact(&mut [0])?;
    }
    Ok(())
}

/// A process of one thread on one CPU, so that nothing else is traced of it, and one buffer takes it all.
pub(crate) struct Worker {
    pid: libc::pid_t,
    orders: PipeWriter,
    done: PipeReader,
}

impl Worker {
    pub(crate) fn start(load: fn(u64) -> Result<()>) -> Result<Self> {
        let (mut ordered, orders) = pipe()?;
        let (done, mut say_done) = pipe()?;
        // SAFETY: the child makes a few system calls and ends; it takes no lock that another thread may hold.
        let pid = unsafe { libc::fork() };
        ensure!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
        if pid == 0 {
            drop((orders, done));
            stay_on_one_cpu();
            let mut calls = [0; size_of::<u64>()];
            while ordered.read_exact(&mut calls).is_ok() && load(u64::from_ne_bytes(calls)).is_ok() {
                let _ = say_done.write_all(&[0]);
            }
            // SAFETY: a number.
            unsafe { libc::_exit(0) };
        }
        Ok(Self { pid, orders, done })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.unsigned_abs()
    }

    /// Makes calls, and waits until they are made.
    pub(crate) fn make(&mut self, calls: u64) -> Result<()> {
        self.orders.write_all(&calls.to_ne_bytes())?;
        self.done.read_exact(&mut [0]).context("the load ended")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // SAFETY: our child, and nobody waits for it but us.
        unsafe {
            libc::kill(self.pid, libc::SIGKILL);
            libc::waitpid(self.pid, std::ptr::null_mut(), 0);
        }
    }
}

/// On the CPU that it is on.
fn stay_on_one_cpu() {
    // SAFETY: a set of bits that is valid for the call.
    unsafe {
        let mut set = std::mem::zeroed::<libc::cpu_set_t>();
        libc::CPU_SET(usize::try_from(libc::sched_getcpu()).unwrap_or_default(), &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
    }
}
