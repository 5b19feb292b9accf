//! A paused consumer: known drops, seen from outside.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    observe::rings::{Rings, Route, Wanted},
    sample::{FalcoSample, RingSample},
};

use crate::standin::{Standin, Summary, load, undisturbed};

const CALLS: u64 = 400_000;
const KEPT: u64 = 174_762;
/// Bytes on the ring of one record of getpgrp.
const RECORD: u64 = 48;
const SOON: Duration = Duration::from_secs(10);

pub(crate) fn by_pages() -> Result<()> {
    undisturbed(|| paused(Some(Route::Pages), ""))
}

pub(crate) fn by_iterator() -> Result<()> {
    undisturbed(|| paused(Some(Route::Iterator), ""))
}

pub(crate) fn layouts() -> Result<()> {
    ["v0", "v1", "v2", "v3"]
        .iter()
        .try_for_each(|layout| undisturbed(|| paused(None, &format!("--counters {layout}"))))
}

/// The stand-in's own account of the same run: events, drops, and every CPU's.
fn paused(route: Option<Route>, flags: &str) -> Result<bool> {
    let mut standin = Standin::start(&format!("--syscalls getpgrp --cpus-for-each-buffer 0 {flags}"))?;
    let mut rings = Rings::start(Wanted { route, ..Wanted::default() })?;
    standin.pause()?;
    load(&format!("--syscall getpgrp --calls {CALLS} --cpu 1"))?;
    let falco = within("its drops", || {
        falco_of(&rings, &standin).filter(|falco| falco.now.n_drops_buffer >= CALLS - KEPT)
    })?;
    let ring = within("a full ring", || {
        ring_of(&rings, &standin).filter(|ring| ring.backlog_bytes > 8_000_000 && ring.stalls > 0)
    })?;
    standin.go_on()?;
    let drained = within("an empty ring", || {
        // Falco's consumer frees a record when it asks for the next: one stays.
        ring_of(&rings, &standin).filter(|ring| ring.backlog_bytes <= RECORD)
    })?;
    rings.end();
    let last = falco_of(&rings, &standin).context("the counters are gone")?;
    let summary = standin.finish()?;
    summary.check()?;
    if summary.of("n_evts") != CALLS {
        return Ok(false);
    }
    ensure!(ring.backlog_bytes == KEPT * RECORD && ring.backlog_max_bytes == KEPT * RECORD, "{ring:?}");
    ensure!(ring.places == [0, 1], "one ring for both CPUs: {ring:?}");
    ensure!(
        ring.name.is_none() && ring.owner.as_ref().is_some_and(|owner| owner.comm == "dropctl-lab"),
        "{ring:?}"
    );
    ensure!(drained.produced_bytes == KEPT * RECORD, "{drained:?}");
    ensure!(falco.now.n_drops_buffer == CALLS - KEPT, "{falco:?}");
    agrees(&last, &summary)?;
    ensure!(last.traced_syscalls.as_deref() == Some(&[111]), "getpgrp is 111: {:?}", last.traced_syscalls);
    println!("{route:?} {flags}: {} of {CALLS} dropped, {} kept", last.now.n_drops_buffer, KEPT);
    Ok(true)
}

fn agrees(seen: &FalcoSample, said: &Summary) -> Result<()> {
    ensure!(seen.now.n_evts == said.of("n_evts"), "n_evts: {seen:?}, {said:?}");
    ensure!(seen.now.n_drops_buffer == said.of("n_drops_buffer"), "n_drops_buffer: {seen:?}, {said:?}");
    for (cpu, (n_evts, n_drops)) in seen.now.cpus.iter().enumerate() {
        let of = |name: &str| said.0["cpus"][cpu][name].as_u64();
        ensure!(Some(*n_evts) == of("n_evts") && Some(*n_drops) == of("n_drops"), "CPU {cpu}: {seen:?}");
    }
    for (name, drops) in &seen.now.categories {
        let of_name = said.0["categories"][format!("n_drops_buffer_{name}")].as_u64();
        ensure!(Some(*drops) == of_name, "{name}: {drops}, {of_name:?}");
    }
    Ok(())
}

/// Two rings, and load on one CPU: the drops are those of that CPU's ring.
pub(crate) fn ring_per_cpu() -> Result<()> {
    undisturbed(|| {
        let mut standin = Standin::start("--syscalls getpgrp --cpus-for-each-buffer 1 --ring-bytes 1MiB")?;
        let rings = Rings::start(Wanted::default())?;
        standin.pause()?;
        load("--syscall getpgrp --calls 100000 --cpu 1")?;
        let falco = within("its drops", || {
            falco_of(&rings, &standin).filter(|falco| falco.now.n_drops_buffer >= 78_155)
        })?;
        let of = |cpu: u32| {
            let all = rings.sample().into_iter();
            all.filter(|ring| owner(ring) == Some(standin.pid())).find(|ring| ring.places == [cpu])
        };
        let (first, second) = (of(0).context("no ring of CPU 0")?, of(1).context("no ring of CPU 1")?);
        let summary = standin.finish_paused()?;
        if summary.of("n_evts") != 100_000 {
            return Ok(false);
        }
        ensure!(falco.now.cpus == [(0, 0), (100_000, 78_155)], "{falco:?}");
        ensure!(
            first.produced_bytes == 0 && second.produced_bytes == 21_845 * RECORD,
            "{first:?} {second:?}"
        );
        Ok(true)
    })
}

fn owner(ring: &RingSample) -> Option<u32> {
    ring.owner.as_ref().map(|owner| owner.tgid)
}

fn ring_of(rings: &Rings, standin: &Standin) -> Option<RingSample> {
    rings.sample().into_iter().find(|ring| owner(ring) == Some(standin.pid()))
}

fn falco_of(rings: &Rings, standin: &Standin) -> Option<FalcoSample> {
    rings.falcos().into_iter().find(|falco| falco.tgid == standin.pid())
}

fn within<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let deadline = Instant::now() + SOON;
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "not within {} s: {what}", SOON.as_secs());
        thread::sleep(Duration::from_millis(5));
    }
}
