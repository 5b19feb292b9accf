//! Goes where a process shall run, before it does anything else: memory is charged where it is first used, and threads
//! start where the first one is.

use std::fs;

use anyhow::{Context as _, Result};
use rustix::{
    process::{Signal, set_parent_process_death_signal, setpriority_process},
    thread::{CpuSet, sched_setaffinity},
};

use crate::cli::PlaceArgs;

/// Moves this process, which has one thread yet.
pub(crate) fn go(place: &PlaceArgs) -> Result<()> {
    if place.with_parent {
        set_parent_process_death_signal(Some(Signal::KILL)).context("end with the parent")?;
    }
    for folder in &place.cgroup {
        fs::write(folder.join("cgroup.procs"), std::process::id().to_string())
            .with_context(|| format!("enter the cgroup {}", folder.display()))?;
    }
    if let Some(nice) = place.nice {
        setpriority_process(None, nice).with_context(|| format!("niceness {nice}"))?;
    }
    if let Some(cpu) = place.cpu {
        let mut set = CpuSet::new();
        set.set(cpu);
        sched_setaffinity(None, &set).with_context(|| format!("go to CPU {cpu}"))?;
    }
    Ok(())
}
