//! The stand-in's maps from outside: names, types and sizes of a real Falco's, and rings that no descriptor shows.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use syscalls::Sysno;

use crate::{
    bpftool::{self, Entry},
    standin::Standin,
};

/// Name as the kernel cuts it, type, bytes of key and value; entries are one per possible CPU where `None`.
const MAPS: [(&str, &str, u64, u64, Option<u64>); 6] = [
    ("syscall_exit_ta", "prog_array", 4, 4, Some(512)),
    ("interesting_sys", "array", 4, 1, Some(512)),
    ("capture_setting", "array", 4, 32, Some(1)),
    ("auxiliary_maps", "array", 4, 131_088, None),
    ("counter_maps", "array", 4, 104, None),
    ("ringbuf_maps", "array_of_maps", 4, 4, None),
];

pub(crate) fn maps() -> Result<()> {
    for (share, rings) in [(1, 2), (0, 1)] {
        let standin = Standin::start(&format!("--cpus-for-each-buffer {share}"))?;
        let seen = bpftool::maps_of(standin.pid())?;
        let names: Vec<&String> = seen.keys().collect();
        ensure!(seen.len() == MAPS.len(), "maps among the descriptors: {names:?}");
        let cpus = seen["counter_maps"]["max_entries"].as_u64().context("entries")?;
        for (name, kind, key, value, entries) in MAPS {
            let map = seen.get(name).with_context(|| format!("no {name} in {names:?}"))?;
            let expected = (kind, key, value, entries.unwrap_or(cpus));
            let number = |field: &str| map[field].as_u64().unwrap_or_default();
            let found = (number("bytes_key"), number("bytes_value"), number("max_entries"));
            ensure!(
                map["type"] == expected.0 && found == (expected.1, expected.2, expected.3),
                "{name}: {map}, not {expected:?}"
            );
        }
        check_settings(&seen["capture_setting"])?;
        check_traced(&seen["interesting_sys"])?;
        check_rings(&seen["ringbuf_maps"], rings)?;
    }
    Ok(())
}

/// As a fresh Falco's: snaplen 80, no dropping mode, sampling ratio 1.
fn check_settings(map: &Value) -> Result<()> {
    let entries = bpftool::dump(map["id"].as_u64().context("id")?)?;
    let value = &entries.first().context("settings")?.value;
    ensure!(value[8..12] == 80_u32.to_ne_bytes() && value[16..20] == 1_u32.to_ne_bytes(), "{value:?}");
    ensure!(value[0..8] != [0; 8] && value[12] == 0 && value[20..28] == [0; 8], "{value:?}");
    Ok(())
}

/// The default set: getpgrp, open, openat, close.
fn check_traced(map: &Value) -> Result<()> {
    let entries = bpftool::dump(map["id"].as_u64().context("id")?)?;
    let traced: Vec<usize> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.value == [1])
        .map(|(number, _)| number)
        .collect();
    let expected = [Sysno::open, Sysno::close, Sysno::getpgrp, Sysno::openat].map(|syscall| syscall as usize);
    ensure!(traced == expected, "{traced:?}, not {expected:?}");
    Ok(())
}

fn check_rings(array: &Value, rings: usize) -> Result<()> {
    let id = |entry: &Entry| entry.value.as_chunks().0.first().map(|bytes| u32::from_ne_bytes(*bytes));
    let entries = bpftool::dump(array["id"].as_u64().context("id")?)?;
    let mut ids: Vec<u32> = entries.iter().filter_map(id).collect();
    ids.sort_unstable();
    ids.dedup();
    ensure!(ids.len() == rings, "rings {ids:?}, not {rings}");
    for id in ids {
        let ring = bpftool::map(id.into())?;
        ensure!(ring["type"] == "ringbuf" && ring["max_entries"] == 8_388_608, "{ring}");
        ensure!(ring.get("name").is_none(), "the ring has a name: {ring}");
    }
    Ok(())
}
