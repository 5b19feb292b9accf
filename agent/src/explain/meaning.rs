//! What each number of a drop alert counts, by version.
//!
//! Read in Falco's sources by tag: userspace/falco/event_drops.cpp, and libs' driver and scap statistics.

use crate::alert::{Era, category};

/// What a counter counts; `None` for a field that dropctl does not know.
pub(super) fn of(name: &str, era: Option<Era>) -> Option<String> {
    let at_least = |wanted: Era| era.is_none_or(|era| era >= wanted);
    let text = match name {
        "n_evts" if at_least(Era::Categories) => {
            "events that the driver tried to hand over in this window, dropped ones among them"
        }
        "n_evts" => {
            "events that the driver saw; before 0.33 drops could be counted twice, so they can be more than this"
        }
        "n_drops" if at_least(Era::ScratchMap) => "all dropped events: of a full ring, and too large ones",
        "n_drops" => "all dropped events",
        "n_drops_buffer_total" => "the ring buffer of their CPU was full",
        "n_drops_buffer" => "the ring buffer (or the perf buffer of the older probe) of their CPU was full",
        "n_drops_scratch_map" => "larger than 64 KiB, the most that the driver can build",
        "n_drops_pf" | "n_drops_page_faults" => {
            "memory of the process could not be read in the driver; of the kernel module and the legacy probe, always 0 in \
             the modern one"
        }
        "n_drops_bug" => "should never happen: a fault of the driver",
        _ => return category(name).and_then(of_category).map(str::to_owned),
    };
    Some(text.to_owned())
}

/// What belongs to a category, by its name without the common beginning.
fn of_category(name: &str) -> Option<&'static str> {
    Some(match name {
        "clone_fork_enter" | "clone_fork_exit" => "full ring: clone, clone3, fork, vfork",
        "execve_enter" | "execve_exit" => "full ring: execve, execveat",
        "connect_enter" | "connect_exit" => "full ring: connect",
        "open_enter" | "open_exit" => "full ring: open, openat, openat2, creat and by handle",
        "dir_file_enter" | "dir_file_exit" => {
            "full ring: what changes files and directories: rename, unlink, mkdir, chmod, link ..."
        }
        "other_interest_enter" | "other_interest_exit" => {
            "full ring: others that rules look at: setuid and its like, ptrace, mount, capset ..."
        }
        "close_exit" => "full ring: close",
        "proc_exit" => "full ring: the ends of processes",
        _ => return None,
    })
}

/// What the uncategorised rest is.
pub(super) const REST: &str = "full ring, in none of the categories: the number that no alert prints. read, write, send and recv \
    in all forms, accept, socket, bind, fcntl, futex, mmap, poll, epoll, stat ...";
