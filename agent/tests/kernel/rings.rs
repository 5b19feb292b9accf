//! Other processes' rings, seen from outside: the same numbers as the owner's own, by both ways, and nothing of theirs
//! touched or kept.

use std::{fs, thread, time::Duration};

use anyhow::{Context as _, Result, ensure};
use aya::maps::loaded_maps;
use dropctl::{
    observe::rings::{Rings, Route, Wanted},
    sample::{ProbeSample, RingSample, StreamSample},
};

use crate::{
    child::LIMIT,
    known_ring::{Generators, RING_BYTES, full_bytes},
    role::{Role, stop_at_rest},
    within::within,
};

/// New rings are found, and dead ones let go, within this time; emulated guests are given more.
const SOON: Duration = Duration::from_secs(1);

pub(crate) fn by_pages() -> Result<()> {
    seen_from_outside(Route::Pages)
}

pub(crate) fn by_iterator() -> Result<()> {
    seen_from_outside(Route::Iterator)
}

fn seen_from_outside(route: Route) -> Result<()> {
    let mut generators = Generators::new()?;
    let rings = Rings::start(Wanted { route: Some(route), ..Wanted::default() })?;
    ensure!(rings.route() == route, "another way: {:?}", rings.route());
    let role = Role::start(RING_BYTES)?;
    let found = within(LIMIT, "the ring is found", || Ok(ring_of(&rings, &role)))?;
    ensure!(found.name.as_deref() == Some("EVENTS") && !found.is_own && !found.overwrites, "{found:?}");

    stop_at_rest(role.pid())?;
    generators.run()?;
    // Time with a full ring is what lies between two looks at it.
    let is_shown =
        |ring: &RingSample| ring.backlog_bytes == full_bytes() && ring.stalls > 0 && ring.full_ns > 0;
    let stopped = within(LIMIT, "a full ring and its stall", || Ok(ring_of(&rings, &role).filter(is_shown)))
        .with_context(|| format!("{:?}", ring_of(&rings, &role)))?;
    ensure!(stopped.backlog_max_bytes == full_bytes(), "the largest backlog: {stopped:?}");
    ensure!(stopped.producer_bytes - stopped.consumer_bytes == full_bytes(), "positions: {stopped:?}");
    ensure!(stopped.above_90_ns >= stopped.full_ns, "times: {stopped:?}");
    ensure!(stopped.stalled_ns >= 100_000_000, "the stall: {stopped:?}");
    println!(
        "ring of {RING_BYTES} bytes by {route:?}: full with {}, {} ms above 90 %, {} looks",
        stopped.backlog_bytes,
        stopped.above_90_ns / 1_000_000,
        stopped.looks
    );

    role.signal(libc::SIGCONT)?;
    // What the owner says before and after encloses what was seen in between.
    let enclosed = || -> Result<Option<()>> {
        let before = stream(role.sample()?)?;
        thread::sleep(2 * rings.every());
        let seen = ring_of(&rings, &role).context("the ring is gone")?;
        let after = stream(role.sample()?)?;
        let within = |position: fn(&StreamSample) -> u64, seen: u64| {
            position(&before) <= seen && seen <= position(&after)
        };
        let holds = within(|stream| stream.producer_bytes, seen.producer_bytes)
            && within(|stream| stream.consumer_bytes, seen.consumer_bytes);
        Ok(holds.then_some(()))
    };
    // Once is enough, and a late look proves nothing.
    within(LIMIT, "positions between those that the owner tells", enclosed)?;
    foreign_maps_are_not_touched()?;

    let map_id = found.map_id;
    role.finish()?;
    let limit = if std::env::var_os("DROPCTL_GUEST").is_some() { LIMIT } else { 2 * SOON };
    within(limit, "the dead ring is let go", || {
        Ok((!rings.sample().iter().any(|ring| ring.map_id == map_id)).then_some(()))
    })?;
    within(limit, "the kernel frees it", || {
        Ok((!loaded_maps().flatten().any(|map| map.id() == map_id)).then_some(()))
    })?;
    drop(rings);
    Ok(())
}

/// The ring of that process, once its owner is known.
fn ring_of(rings: &Rings, role: &Role) -> Option<RingSample> {
    let is_his = |ring: &RingSample| ring.owner.as_ref().is_some_and(|owner| owner.tgid == role.pid());
    // It has another, for the kernel half's log.
    rings.sample().into_iter().find(|ring| is_his(ring) && ring.capacity_bytes == u64::from(RING_BYTES))
}

fn stream(sample: ProbeSample) -> Result<StreamSample> {
    sample.stream.context("nothing is streamed")
}

/// Of other processes' maps this one has two pages mapped, and never for writing.
fn foreign_maps_are_not_touched() -> Result<()> {
    let page = u64::try_from(dropctl::sys::mapping::page_bytes())?;
    for line in fs::read_to_string("/proc/self/maps")?.lines().filter(|line| line.contains("bpf-map")) {
        let mut words = line.split_whitespace();
        let (range, rights, offset) = (words.next(), words.next(), words.next());
        let (start, end) = range.and_then(|range| range.split_once('-')).context("a range")?;
        let bytes = u64::from_str_radix(end, 16)? - u64::from_str_radix(start, 16)?;
        ensure!(rights == Some("r--s") && offset == Some("00000000") && bytes == 2 * page, "{line}");
    }
    Ok(())
}
