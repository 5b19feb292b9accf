//! Surroundings that nobody planned for: thousands of maps, rings that come and go, names that are no text. dropctl
//! sees what it says it sees, leaves out what it says it leaves out, and does not grow.

use std::{
    collections::BTreeSet,
    fs,
    os::fd::OwnedFd,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    observe::rings::{Rings, Route, Wanted},
    sample::RingSample,
};

use crate::{
    child::{Child, LIMIT},
    crew::{Crew, FREE},
    maps::{self, ARRAY, OVERWRITE, PAGE, RINGBUF, USER_RINGBUF},
    raw,
    within::within,
};

/// Maps on the node that are nobody's ring.
const MAPS: usize = 2000;
const RINGS: usize = 200;
/// Memory that dropctl may take for all of it, KiB.
const MOST_KIB: u64 = 16 << 10;

/// The word that ends a child.
const OVER: usize = FREE;

const ROUTES: [Route; 2] = [Route::Pages, Route::Iterator];

/// 2,000 maps and 200 rings among them: every ring is seen, nothing else is.
pub(crate) fn many_maps() -> Result<()> {
    maps::allow_many_files();
    let mut held = Vec::with_capacity(MAPS + RINGS);
    let mut expected = BTreeSet::new();
    for index in 0..MAPS + RINGS {
        let is_ring = index % (MAPS / RINGS + 1) == 0;
        let name = format!("m{index}");
        let map =
            if is_ring { maps::ring(name.as_bytes())? } else { maps::map(ARRAY, name.as_bytes(), 1, 0)? };
        if is_ring {
            expected.insert(maps::id(&map)?);
        }
        held.push(map);
    }
    for route in ROUTES {
        let before_kib = resident_kib()?;
        let rings = start(route)?;
        let seen = ids(&rings.sample());
        ensure!(expected.is_subset(&seen), "{route:?}: not seen: {:?}", expected.difference(&seen));
        let others = seen.difference(&expected).count();
        ensure!(others < RINGS, "{route:?}: {others} rings that nobody made");
        wait_for_looks(&rings, &expected, 20)?;
        let grown_kib = resident_kib()?.saturating_sub(before_kib);
        println!(
            "{MAPS} maps and {} rings by {route:?}: a look every {} ms, {grown_kib} KiB more",
            expected.len(),
            rings.every().as_millis()
        );
        ensure!(grown_kib < MOST_KIB, "{route:?}: {grown_kib} KiB for {RINGS} rings");
    }
    drop(held);
    Ok(())
}

/// More rings than are watched: the oldest are, and how many are not is said.
pub(crate) fn more_rings_than_watched() -> Result<()> {
    const MADE: usize = 1200;
    const WATCHED: usize = 1024;
    maps::allow_many_files();
    let held: Vec<OwnedFd> = (0..MADE).map(|_| maps::ring(b"many")).collect::<Result<_>>()?;
    for route in ROUTES {
        let rings = start(route)?;
        let (seen, left_out) = (rings.sample(), rings.left_out());
        ensure!(seen.len() == WATCHED, "{route:?}: {} are watched", seen.len());
        let all = seen.len() as u64 + left_out;
        ensure!(all >= MADE as u64 && all < MADE as u64 + 100, "{route:?}: {left_out} left out");
    }
    drop(held);
    let rings = start(Route::Iterator)?;
    ensure!(rings.left_out() == 0, "{} left out of few", rings.left_out());
    Ok(())
}

/// An array of maps holds 300 rings that nobody has open, as Falco's does on a large machine.
pub(crate) fn large_array_of_rings() -> Result<()> {
    const HELD: u32 = 300;
    let first = maps::ring(b"")?;
    let array = maps::array_of_rings(b"ringbuf_maps", HELD, &first)?;
    for index in 0..HELD {
        maps::put(&array, index, &maps::ring(b"")?)?;
    }
    drop(first);
    for route in ROUTES {
        let rings = start(route)?;
        let seen = rings.sample();
        let own = std::process::id();
        for index in [0, 1, HELD / 2, HELD - 1] {
            let id = maps::inner_id(&array, index)?;
            let ring =
                seen.iter().find(|ring| ring.map_id == id).context("a ring of the array is not seen")?;
            ensure!(ring.places == [index], "{route:?}: {ring:?} should be at {index}");
            // This process watches, so nothing of it is somebody's; that it holds the array makes no ring its own.
            ensure!(ring.owner.as_ref().is_none_or(|owner| owner.tgid != own), "{ring:?}");
        }
        let placed = seen.iter().filter(|ring| !ring.places.is_empty()).count();
        ensure!(placed >= HELD as usize, "{route:?}: {placed} rings have a place");
    }
    Ok(())
}

/// Rings that appear and vanish a hundred times a second; one that stays is watched all the time, and those that are
/// gone are forgotten.
pub(crate) fn come_and_go() -> Result<()> {
    const EVERY: Duration = Duration::from_millis(10);
    for route in ROUTES {
        let ring = maps::ring(b"stays")?;
        let stays = maps::id(&ring)?;
        let (over, made) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| -> Result<()> {
            let maker = scope.spawn(|| -> Result<()> {
                while !over.load(Ordering::SeqCst) {
                    let pair = (maps::ring(b"passes")?, maps::map(ARRAY, b"passes", 1, 0)?);
                    // Holds them as well, and ends while somebody looks.
                    let mut child = Child::spawn(None, || true)?;
                    thread::sleep(EVERY);
                    drop(pair);
                    child.wait()?;
                    made.fetch_add(1, Ordering::SeqCst);
                }
                Ok(())
            });
            let watched = watch_for(route, stays, Duration::from_secs(3));
            over.store(true, Ordering::SeqCst);
            maker.join().map_err(|_| anyhow::anyhow!("the maker panicked"))??;
            let rings = watched?;
            within(LIMIT, "the last is forgotten", || Ok((passing(&rings.sample()) == 0).then_some(())))
        })?;
        let made = made.load(Ordering::SeqCst);
        println!("{made} rings came and went, by {route:?}");
        ensure!(made > 20, "only {made} rings came and went");
    }
    Ok(())
}

fn watch_for(route: Route, stays: u32, time: Duration) -> Result<Rings> {
    let rings = start(route)?;
    let end = Instant::now() + time;
    let mut most = 0;
    while Instant::now() < end {
        let seen = rings.sample();
        ensure!(ids(&seen).contains(&stays), "{route:?}: the ring that stays is gone");
        most = most.max(passing(&seen));
        ensure!(rings.failure().is_none(), "{route:?}: {:?}", rings.failure());
        thread::sleep(Duration::from_millis(20));
    }
    // One or two exist at a time. A mapping of ours keeps each alive until the next discovery, and no longer.
    ensure!(most <= 4, "{route:?}: {most} rings that are gone were kept");
    Ok(rings)
}

fn passing(seen: &[RingSample]) -> usize {
    seen.iter().filter(|ring| ring.name.as_deref() == Some("passes")).count()
}

/// The kernel takes letters, digits, `_` and `.` for names, and its letters are those of Latin-1 (`bpf_obj_name_cpy`,
/// lib/ctype.c): bytes that are no UTF-8 are among them, control characters and quotes are not. And a ring that user
/// space fills is another type.
pub(crate) fn names_and_kinds() -> Result<()> {
    for name in [&b"a b"[..], b"\x80", b"caf\xc3\xa9", b"a\nb", b"a\"b", b"\x1b[1m"] {
        let error = maps::map(RINGBUF, name, PAGE, 0).err().with_context(|| format!("{name:?} was taken"))?;
        ensure!(error.raw_os_error() == Some(libc::EINVAL), "{name:?}: {error}");
    }
    let latin = maps::ring(b"\xff\xe9t\xe9")?;
    let latin_id = maps::id(&latin)?;
    let ring = maps::ring(b"a.ring_with_15b")?;
    let id = maps::id(&ring)?;
    // 6.1 and newer.
    let filled_by_user = maps::map(USER_RINGBUF, b"user", PAGE, 0).ok();
    let user_id = filled_by_user.as_ref().map(maps::id).transpose()?;
    println!(
        "a ring that user space fills: {}",
        if user_id.is_some() { "tried" } else { "not on this kernel" }
    );
    for route in ROUTES {
        let seen = start(route)?.sample();
        let named = seen.iter().find(|seen| seen.map_id == id).context("the ring is not seen")?;
        ensure!(named.name.as_deref() == Some("a.ring_with_15b"), "{named:?}");
        let latin = seen.iter().find(|seen| seen.map_id == latin_id).context("a name that is no UTF-8")?;
        ensure!(latin.name.as_deref() == Some("\u{fffd}\u{fffd}t\u{fffd}"), "{latin:?}");
        ensure!(
            user_id.is_none_or(|user| !ids(&seen).contains(&user)),
            "{route:?}: a ring that user space fills"
        );
    }
    Ok(())
}

/// A process may call itself anything.
pub(crate) fn names_of_owners() -> Result<()> {
    const NAME: &[u8; 16] = b"\xff\x1b[2J|<b>\n\0\0\0\0\0\0";
    let ring = maps::ring(b"held")?;
    let id = maps::id(&ring)?;
    let mut crew = Crew::new();
    let page = crew.page();
    crew.add(None, move || {
        // SAFETY: the name is valid for the read.
        unsafe { raw::call(libc::SYS_prctl, [libc::PR_SET_NAME as usize, NAME.as_ptr().addr(), 0, 0, 0, 0]) };
        while page[OVER].load(Ordering::SeqCst) == 0 {
            raw::sleep_us(1000);
        }
        true
    })?;
    crew.wait_ready()?;
    crew.go();
    // Now it is the child's alone.
    drop(ring);
    for route in ROUTES {
        let rings = start(route)?;
        let owner = within(LIMIT, "its owner", || {
            let seen = rings.sample().into_iter().find(|ring| ring.map_id == id);
            Ok(seen.and_then(|ring| ring.owner))
        })?;
        ensure!(owner.comm == "\u{fffd}\u{1b}[2J|<b>\n" && owner.tool == "other", "{owner:?}");
    }
    page[OVER].store(1, Ordering::SeqCst);
    crew.finish()
}

/// Rings that overwrite (6.19) are told from those that refuse.
pub(crate) fn overwriting() -> Result<()> {
    let overwrites =
        maps::map(RINGBUF, b"overwrites", PAGE, OVERWRITE).context("make a ring that overwrites")?;
    let refuses = maps::ring(b"refuses")?;
    let expected = [(maps::id(&overwrites)?, true), (maps::id(&refuses)?, false)];
    for route in ROUTES {
        let seen = start(route)?.sample();
        for (id, overwrites) in expected {
            let ring = seen.iter().find(|ring| ring.map_id == id).context("the ring is not seen")?;
            ensure!(ring.overwrites == overwrites, "{route:?}: {ring:?}");
        }
    }
    Ok(())
}

fn start(route: Route) -> Result<Rings> {
    let rings = Rings::start(Wanted { route: Some(route), ..Wanted::default() })?;
    ensure!(rings.route() == route, "another way: {:?}", rings.route());
    Ok(rings)
}

fn ids(seen: &[RingSample]) -> BTreeSet<u32> {
    seen.iter().map(|ring| ring.map_id).collect()
}

/// Until each was looked at so often.
fn wait_for_looks(rings: &Rings, expected: &BTreeSet<u32>, looks: u64) -> Result<()> {
    within(LIMIT, "looks at every ring", || {
        let seen = rings.sample();
        let mut ours = seen.iter().filter(|ring| expected.contains(&ring.map_id));
        Ok(ours.all(|ring| ring.looks >= looks).then_some(()))
    })
}

/// Memory of this process.
fn resident_kib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
