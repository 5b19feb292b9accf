//! N syscalls of two children on two CPUs at once are N in their slots, in every mode.

use agent_common::{counters::CpuCounters, slot::NATIVE};
use anyhow::{Context as _, Result, ensure};
use aya::maps::Array;
use dropctl::probe::Request;

use crate::{
    crew::{self, COUNT, Crew},
    expect, node, raw,
};

const CALLS: [(i64, u64); 2] =
    [(libc::SYS_sched_get_priority_max, 200_000), (libc::SYS_sched_get_priority_min, 150_001)];

/// Without records.
pub(crate) fn count() -> Result<()> {
    check(&COUNT)
}

/// A record for each event.
pub(crate) fn stream() -> Result<()> {
    check(&crew::stream(1))
}

/// A sample that divides nothing.
pub(crate) fn stream_one_in_7() -> Result<()> {
    check(&crew::stream(7))
}

/// The agent's sample.
pub(crate) fn stream_one_in_64() -> Result<()> {
    check(&crew::stream(64))
}

fn check(request: &Request) -> Result<()> {
    let mut crew = Crew::new();
    for (cpu, (number, calls)) in node::two_cpus().into_iter().zip(CALLS) {
        crew.add(Some(cpu), move || {
            for _ in 0..calls {
                raw::bare(number);
            }
            true
        })?;
    }
    crew.wait_ready()?;
    let mut probe = crew::start(request)?;
    crew.go();
    crew.finish()?;
    probe.detach()?;
    let by_cpu = seen_and_attempted(&mut probe)?;
    let sample = probe.stop()?;
    expect::conserved(&sample, request.sample)?;
    for (number, calls) in CALLS {
        expect::exact(&sample, NATIVE + number as u32, calls)?;
    }
    let (seen, attempted) = by_cpu.iter().fold((0, 0), |sums, cpu| (sums.0 + cpu.0, sums.1 + cpu.1));
    ensure!(
        (seen, attempted) == (sample.events.seen, sample.events.attempted),
        "{by_cpu:?} and {:?}",
        sample.events
    );
    if let Some(stream) = &sample.stream {
        for (seen, attempted) in by_cpu {
            let due = seen.div_ceil(u64::from(request.sample));
            ensure!(
                attempted == due,
                "one in {} of {seen} events are {due} records, not {attempted}",
                request.sample
            );
        }
        println!(
            "exact: {} seen, {} attempted, {} consumed, {} dropped",
            sample.events.seen, attempted, stream.consumed, sample.events.dropped
        );
    }
    Ok(())
}

/// Events and records tried, by CPU, read through the map itself and not through the agent's reader.
fn seen_and_attempted(probe: &mut dropctl::probe::Probe) -> Result<Vec<(u64, u64)>> {
    let map = probe.ebpf().map("COUNTERS").context("map COUNTERS")?;
    let counters: Array<_, CpuCounters> = Array::try_from(map)?;
    counters
        .iter()
        .map(|block| {
            let block = block?;
            Ok((block.syscalls.iter().sum(), block.attempted))
        })
        .collect()
}
