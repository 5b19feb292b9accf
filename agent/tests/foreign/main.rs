//! Tools that nobody here wrote, as Debian ships them: stopped under load until their rings refuse, seen from outside by
//! dropctl, and compared with what they print themselves.
//!
//! Needs root, unshare and mount, and `DROPCTL_FOREIGN_ROOT`: a folder with the tools and their libraries, unpacked
//! (`cargo xtask test --only foreign` makes it). They run in it, in a mount namespace of their own.
#![allow(unused_crate_dependencies, reason = "a test target uses few of the package's dependencies")]
#![allow(clippy::print_stdout, reason = "reasons of skips and measured numbers belong on stdout")]

mod load;
mod perf;
mod tool;
#[path = "../kernel/within.rs"]
mod within;

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use aya::maps::{Array, Map, MapData, loaded_maps};
use dropctl::{
    observe::rings::{Rings, Wanted},
    sample::RingSample,
};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::tool::{Tool, within};

/// A test by its name.
type Test = (&'static str, fn() -> Result<()>);

const TESTS: [Test; 5] = [
    ("bpftrace_loses_what_it_says", bpftrace),
    ("mountsnoop_loses_silently", mountsnoop),
    ("tcppktlat_loses_silently", tcppktlat),
    ("statsnoop_loses_what_it_says", perf::statsnoop),
    ("sigsnoop_loses_what_it_says", perf::sigsnoop),
];

/// The first three have rings of this size by default.
const RING_BYTES: u64 = 256 << 10;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Two tests at once would trace each other.
    arguments.test_threads = Some(1);
    let missing = tool::missing();
    let trial = |(name, run): &Test| {
        let run = *run;
        if let Some(reason) = missing.as_ref().filter(|_| !arguments.list) {
            println!("skip: {name}: {reason}");
        }
        Trial::test(*name, move || run().map_err(|error| Failed::from(format!("{error:#}"))))
            .with_ignored_flag(missing.is_some())
    };
    libtest_mimic::run(&arguments, TESTS.iter().map(trial).collect()).exit_code()
}

/// It counts what its ring refuses, and prints it.
fn bpftrace() -> Result<()> {
    const CALLS: u64 = 100_000;
    let script = format!(
        "tracepoint:syscalls:sys_enter_getpgrp /pid == {}/ {{ printf(\"called %d\\n\", pid); }}",
        std::process::id()
    );
    let seen = overrun("/usr/bin/bpftrace", &["-e", &script], load::getpgrp, CALLS)?;
    ensure!(seen.tool == "bpftrace" && seen.comm == "bpftrace", "{seen:?}");
    let lines = seen.output.lines().filter(|line| line.starts_with("called ")).count() as u64;
    let said = |line: &str| line.strip_prefix("Lost ")?.strip_suffix(" events")?.parse::<u64>().ok();
    let lost: u64 = seen.output.lines().filter_map(said).sum();
    ensure!(lines == seen.records(lines)?, "{lines} lines, {seen:?}");
    ensure!(lost == CALLS - seen.kept(lines)?, "it says that it lost {lost}: {}", seen.kept(lines)?);
    ensure!(seen.counted == Some(lost), "its own map counts {:?}", seen.counted);
    println!(
        "bpftrace: {CALLS} calls, {} kept; it printed {lines} lines and says that it lost {lost}",
        seen.kept(lines)?
    );
    Ok(())
}

/// It does not count what is refused: nobody but dropctl says that anything is missing.
fn mountsnoop() -> Result<()> {
    const CALLS: u64 = 500;
    let pid = std::process::id().to_string();
    let seen = overrun("/usr/sbin/mountsnoop-libbpf", &["-p", &pid], load::umount, CALLS)?;
    ensure!(seen.tool == "other" && seen.comm == "mountsnoop-libb", "{seen:?}");
    let lines = seen.output.lines().filter(|line| line.contains(load::NOWHERE)).count() as u64;
    ensure!(lines == seen.records(lines)? && seen.kept(lines)? < CALLS, "{lines} lines, {seen:?}");
    ensure!(!seen.output.to_lowercase().contains("lost"), "{}", seen.output);
    println!("mountsnoop: {CALLS} calls, {} kept, not a word about the others", seen.kept(lines)?);
    Ok(())
}

/// The same of another hook: packets over the loopback.
fn tcppktlat() -> Result<()> {
    const PACKETS: u64 = 10_000;
    let pid = std::process::id().to_string();
    let seen = overrun("/usr/sbin/tcppktlat-libbpf", &["-p", &pid], load::packets, PACKETS)?;
    ensure!(seen.tool == "other" && seen.comm == "tcppktlat-libbp", "{seen:?}");
    let lines = seen.output.lines().filter(|line| line.contains("127.0.0.1")).count() as u64;
    ensure!(lines == seen.records(lines)? && seen.kept(lines)? < PACKETS, "{lines} lines, {seen:?}");
    println!("tcppktlat: {PACKETS} packets, {} kept, not a word about the others", seen.kept(lines)?);
    Ok(())
}

/// What dropctl saw of a tool, and what the tool said.
#[derive(Debug)]
struct Seen {
    tool: String,
    comm: String,
    /// Before it was stopped, bytes on its ring.
    before_bytes: u64,
    /// In all.
    produced_bytes: u64,
    /// What a map of the tool's own counts as lost.
    counted: Option<u64>,
    output: String,
}

impl Seen {
    /// Bytes of one record on the ring, by the number of those that came through.
    fn footprint(&self, lines: u64) -> Result<u64> {
        ensure!(
            lines > 0 && self.produced_bytes.is_multiple_of(lines),
            "{} bytes of {lines} lines",
            self.produced_bytes
        );
        Ok(self.produced_bytes / lines)
    }

    /// Records that dropctl saw pass.
    fn records(&self, lines: u64) -> Result<u64> {
        Ok(self.produced_bytes / self.footprint(lines)?)
    }

    /// Records that the ring took while the tool was stopped: a ring keeps one byte free (kernel/bpf/ringbuf.c).
    fn kept(&self, lines: u64) -> Result<u64> {
        let footprint = self.footprint(lines)?;
        let kept = (self.produced_bytes - self.before_bytes) / footprint;
        ensure!(kept == (RING_BYTES - 1) / footprint, "{kept} records of {footprint} bytes were kept");
        Ok(kept)
    }
}

/// Runs a tool, stops it, makes `calls` of what it traces, lets it go on and end.
fn overrun(program: &str, arguments: &[&str], load: fn(u64) -> Result<()>, calls: u64) -> Result<Seen> {
    let rings = Rings::start(Wanted::default())?;
    let tool = Tool::start(program, arguments)?;
    let ring = || ring_of(&rings, &tool);
    within("its ring", || Ok(ring()))?;
    // It says nothing when it is attached; that something comes does.
    let first = within("its first record", || {
        load(1)?;
        Ok(ring().filter(|ring| ring.produced_bytes > 0))
    })?;
    // That look may be older than the last call.
    let is_idle = |ring: &RingSample| ring.looks > first.looks + 2 && ring.backlog_bytes == 0;
    let idle = within("an empty ring", || Ok(ring().filter(is_idle)))?;
    tool.stop()?;
    load(calls)?;
    let full = within("a full ring and its stall", || {
        // mountsnoop's records are larger than what counts as room, so that its ring is never "full".
        Ok(ring().filter(|ring| ring.above_90_ns > 0 && ring.stalls > idle.stalls))
    })
    .with_context(|| format!("{:?}", ring()))?;
    ensure!(full.capacity_bytes == RING_BYTES && full.backlog_max_bytes == full.backlog_bytes, "{full:?}");
    ensure!(full.producer_bytes - idle.producer_bytes == full.backlog_bytes, "{idle:?} {full:?}");
    let counted = counted_by_itself()?;
    tool.go_on()?;
    let drained = within("an empty ring again", || Ok(ring().filter(|ring| ring.backlog_bytes == 0)))?;
    let owner = drained.owner.clone().context("no owner")?;
    let output = tool.end()?;
    within("that it is forgotten", || Ok(ring_of_map(&rings, drained.map_id).is_none().then_some(())))?;
    Ok(Seen {
        tool: owner.tool,
        comm: owner.comm,
        before_bytes: idle.producer_bytes,
        produced_bytes: drained.producer_bytes,
        counted,
        output,
    })
}

/// bpftrace's counter of what its ring refused; `None` where no tool has such a map.
fn counted_by_itself() -> Result<Option<u64>> {
    for info in loaded_maps() {
        let info = info?;
        if info.name_as_str() == Some("event_loss_coun") {
            let map = Array::<_, u64>::try_from(Map::Array(MapData::from_id(info.id())?))?;
            return Ok(Some(map.get(&0, 0)?));
        }
    }
    Ok(None)
}

fn ring_of(rings: &Rings, tool: &Tool) -> Option<RingSample> {
    let is_its = |ring: &RingSample| ring.owner.as_ref().is_some_and(|owner| owner.tgid == tool.pid());
    rings.sample().into_iter().find(is_its)
}

fn ring_of_map(rings: &Rings, map_id: u32) -> Option<RingSample> {
    rings.sample().into_iter().find(|ring| ring.map_id == map_id)
}
