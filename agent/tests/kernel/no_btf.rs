//! A kernel that does not show its types: the raw tracepoint, with places of members from the kernel's version.

use std::{fs, io, process::Command};

use anyhow::{Context as _, Result, ensure};

use crate::{lock, node};

const HIDE: &str = "DROPCTL_HIDE_BTF";
/// Left out: what does not depend on the hook, and takes long.
const LEFT_OUT: [&str; 5] = ["chaos", "nothing_left", "preempted", "stopped_report", "no_btf"];

/// Covers /sys/kernel/btf in a mount namespace of our own, when the environment asks for it.
pub(crate) fn hide_if_asked() -> Result<()> {
    // SAFETY: no pointers.
    if !node::hides_btf() || unsafe { libc::geteuid() } != 0 {
        return Ok(());
    }
    let folder = "/sys/kernel/btf";
    if fs::metadata(folder).is_err() {
        return Ok(());
    }
    let check = |what: &str, result: libc::c_int| {
        let error = io::Error::last_os_error();
        if result == 0 { Ok(()) } else { Err(error).with_context(|| format!("hide {folder}: {what}")) }
    };
    // SAFETY: constant strings; this process has one thread yet.
    unsafe {
        check("unshare", libc::unshare(libc::CLONE_NEWNS))?;
        let (none, private) = (std::ptr::null(), libc::MS_REC | libc::MS_PRIVATE);
        check("private", libc::mount(none, c"/".as_ptr(), none, private, std::ptr::null()))?;
        let tmpfs = c"tmpfs".as_ptr();
        check("mount", libc::mount(tmpfs, c"/sys/kernel/btf".as_ptr(), tmpfs, 0, std::ptr::null()))?;
    }
    let is_hidden = fs::metadata("/sys/kernel/btf/vmlinux").is_err();
    ensure!(is_hidden, "the kernel's types are still there");
    Ok(())
}

/// The exact tests again, in a process that cannot see the kernel's types.
pub(crate) fn exact_too() -> Result<()> {
    let status = Command::new("/proc/self/exe")
        .args(["--test-threads=1", "--color=never"])
        .args(LEFT_OUT.map(|name| format!("--skip={name}")))
        .env(HIDE, "1")
        .env(lock::HELD, "1")
        .status()
        .context("start the tests again")?;
    ensure!(status.success(), "without the kernel's types: {status}");
    Ok(())
}
