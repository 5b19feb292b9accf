//! Where the counters lie, by offsets that are written down here once more.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

use crate::{
    bpftool,
    standin::{Standin, load},
};

/// Bytes of the value, and offsets of drops by category where the layout has them.
struct Layout {
    name: &'static str,
    bytes: u64,
    open: Option<usize>,
    close: Option<usize>,
}

pub(crate) fn v0() -> Result<()> {
    check(&Layout { name: "v0", bytes: 24, open: None, close: None })
}

pub(crate) fn v1() -> Result<()> {
    check(&Layout { name: "v1", bytes: 120, open: Some(72), close: None })
}

pub(crate) fn v2() -> Result<()> {
    check(&Layout { name: "v2", bytes: 136, open: Some(72), close: Some(112) })
}

pub(crate) fn v3() -> Result<()> {
    check(&Layout { name: "v3", bytes: 104, open: Some(56), close: Some(80) })
}

/// Fills the ring of CPU 1, so that everything after it is dropped, and makes different numbers of calls of each
/// kind. Others may make a few more.
fn check(layout: &Layout) -> Result<()> {
    const FOREIGN: u64 = 999;
    let standin = Standin::start(&format!(
        "--counters {} --syscalls getpgrp,open,close --cpus-for-each-buffer 1 --ring-bytes 16KiB --stall 0s+60s",
        layout.name
    ))?;
    load("--syscall getpgrp --calls 20000 --cpu 1")?;
    load("--syscall open --calls 40000 --cpu 1")?;
    load("--syscall close --calls 60000 --cpu 1")?;
    let maps = bpftool::maps_of(standin.pid())?;
    let map = maps.get("counter_maps").context("no counter_maps")?;
    ensure!(map["bytes_value"] == layout.bytes, "{map}");
    let entries = bpftool::dump(map["id"].as_u64().context("id")?)?;
    let cpu = entries.get(1).context("no counters of CPU 1")?;
    let words = cpu.words();

    let mut expected: BTreeMap<usize, u64> = [(0, 120_000), (8, 119_600)].into();
    expected.extend(layout.open.map(|offset| (offset, 40_000)));
    expected.extend(layout.close.map(|offset| (offset, 60_000)));
    for (index, count) in words.iter().enumerate() {
        let low = expected.get(&(8 * index)).copied().unwrap_or(0);
        let most = if low == 0 { 0 } else { low + FOREIGN };
        ensure!((low..=most).contains(count), "offset {}: {count}, not {low}: {words:?}", 8 * index);
    }
    let by_name = |name: &str| cpu.formatted[name].as_u64();
    ensure!(by_name("n_evts") == Some(words[0]), "types: {}", cpu.formatted);
    ensure!(by_name("n_drops_max_event_size") == words.last().copied(), "types: {}", cpu.formatted);
    let open = layout.open.map(|offset| words[offset / 8]);
    ensure!(by_name("n_drops_buffer_open_exit") == open, "types: {}", cpu.formatted);
    Ok(())
}
