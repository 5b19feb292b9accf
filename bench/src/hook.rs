//! Who else has programs that could sit on our hook: a second program there costs more than the first.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use aya::programs::loaded_programs;

/// `BPF_PROG_TYPE_` `TRACEPOINT`, `RAW_TRACEPOINT`, `RAW_TRACEPOINT_WRITABLE` and `TRACING`
/// (include/uapi/linux/bpf.h).
const KINDS: [u32; 4] = [5, 17, 24, 26];

/// Ids of all loaded programs of the kinds that can sit on a syscall tracepoint.
pub(crate) fn programs() -> Result<BTreeSet<u32>> {
    Ok(named_programs()?.into_iter().map(|(id, _)| id).collect())
}

/// Whether the loaded programs become those of `before` again. The kernel frees a program some time after its
/// last user has gone.
pub(crate) fn returns_to(before: &BTreeSet<u32>) -> Result<bool> {
    let give_up = Instant::now() + Duration::from_secs(2);
    while programs()? != *before {
        if Instant::now() > give_up {
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(true)
}

/// The loaded programs in words.
pub(crate) fn describe() -> Result<String> {
    // Programs of the benchmark before this one.
    returns_to(&BTreeSet::new())?;
    let programs = named_programs()?;
    if programs.is_empty() {
        return Ok("no other tracing program was loaded".to_owned());
    }
    let names: Vec<String> = programs.into_iter().map(|(id, name)| format!("{name} (id {id})")).collect();
    Ok(format!("WARNING: other tracing programs were loaded: {}", names.join(", ")))
}

fn named_programs() -> Result<Vec<(u32, String)>> {
    let mut programs = Vec::new();
    for info in loaded_programs() {
        // A program may go between being listed and being looked at.
        let Ok(info) = info else { continue };
        if KINDS.contains(&(info.program_type() as u32)) {
            programs.push((info.id(), info.name_as_str().unwrap_or("?").to_owned()));
        }
    }
    Ok(programs)
}
