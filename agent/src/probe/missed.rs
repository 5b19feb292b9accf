//! Runs of our program that the kernel skipped.
//!
//! From 7.2 on a syscall program can be preempted. While it is, syscalls of other tasks on the same CPU skip it,
//! and the kernel counts those in `recursion_misses`: the exact complement of what we count.

use std::{fs, os::fd::RawFd};

/// Reads `recursion_misses` of a program that this process holds open. `None` where the kernel does not count
/// them (before 5.12).
#[must_use]
pub(crate) fn missed_runs(program: RawFd) -> Option<u64> {
    parse(&fs::read_to_string(format!("/proc/self/fdinfo/{program}")).ok()?)
}

fn parse(fdinfo: &str) -> Option<u64> {
    fdinfo.lines().find_map(|line| line.strip_prefix("recursion_misses:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_line_of_the_counter() {
        let fdinfo = "pos:\t0\nprog_id:\t7\nrun_cnt:\t0\nrecursion_misses:\t75940\nverified_insns:\t99\n";
        assert_eq!(parse(fdinfo), Some(75_940));
    }

    #[test]
    fn is_unknown_on_kernels_that_do_not_count() {
        assert_eq!(parse("pos:\t0\nprog_id:\t7\nrun_cnt:\t0\n"), None);
    }
}
