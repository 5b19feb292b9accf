//! What the tools trace: made by this process, a known number of times, harmless.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
};

use anyhow::{Result, ensure};

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
