//! Reads the facts: small files of /proc and /sys, each without a privilege where the node has none.

mod kernel;
mod mounts;
mod others;
mod rights;

use super::{Facts, Tried};
use crate::setup::Naming;

/// Everything; what was `tried` comes from the command, which alone may start programs.
#[must_use]
pub fn read(tried: impl FnOnce() -> Tried) -> Facts {
    // Before anything of ours is on the hook, and before the limit of locked memory is raised.
    let (kernel, rights, mounts, others) = (kernel::read(), rights::read(), mounts::read(), others::read());
    Facts { names: Naming::Real, kernel, rights, mounts, others, tried: tried() }
}

/// A file of one line, without spaces around it.
fn line(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().trim_end_matches('\0').to_owned())
}

/// A file that is a number.
fn number<T: std::str::FromStr>(path: &str) -> Option<T> {
    line(path)?.parse().ok()
}

/// Whether a namespace of this process is the first of its kind, by the number that the kernel gives that one
/// (include/linux/proc_ns.h).
fn is_initial(namespace: &str, inode: u32) -> Option<bool> {
    let link = std::fs::read_link(format!("/proc/self/ns/{namespace}")).ok()?;
    Some(link.to_string_lossy().ends_with(&format!(":[{inode}]")))
}
