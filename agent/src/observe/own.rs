//! What dropctl itself costs.

use procfs::process::Process;

use crate::{
    sample::OwnSample,
    sys::{clock, mapping::page_bytes},
};

/// Reads CPU time and memory of this process.
#[must_use]
pub fn read() -> OwnSample {
    let pages = Process::myself().and_then(|process| process.statm()).map(|statm| statm.resident);
    OwnSample {
        cpu_ns: clock::process_cpu_ns(),
        resident_bytes: pages.ok().map(|pages| pages * page_bytes() as u64),
    }
}
