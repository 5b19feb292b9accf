//! Maps as bpftool shows them: a view from outside that nobody of us wrote.

use std::{collections::BTreeMap, fs, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// What bpftool answers.
fn ask(arguments: &str) -> Result<Value> {
    let output =
        Command::new("bpftool").arg("-j").args(arguments.split(' ')).output().context("run bpftool")?;
    ensure!(output.status.success(), "bpftool {arguments}: {}", String::from_utf8_lossy(&output.stdout));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The map of that id.
pub(crate) fn map(id: u64) -> Result<Value> {
    ask(&format!("map show id {id}"))
}

/// The maps that a process has descriptors of, by name.
pub(crate) fn maps_of(pid: u32) -> Result<BTreeMap<String, Value>> {
    let mut maps = BTreeMap::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fdinfo"))? {
        let text = fs::read_to_string(entry?.path())?;
        let Some(id) = text.lines().find_map(|line| line.strip_prefix("map_id:")) else { continue };
        let map = map(id.trim().parse()?)?;
        maps.insert(map["name"].as_str().unwrap_or_default().to_owned(), map);
    }
    Ok(maps)
}

/// Key and value of each entry, as bytes, and the value by the kernel's types.
pub(crate) fn dump(id: u64) -> Result<Vec<Entry>> {
    let entries = ask(&format!("map dump id {id}"))?;
    entries.as_array().context("entries")?.iter().map(Entry::read).collect()
}

/// One entry.
pub(crate) struct Entry {
    pub(crate) value: Vec<u8>,
    pub(crate) formatted: Value,
}

impl Entry {
    fn read(entry: &Value) -> Result<Self> {
        let bytes = |value: &Value| -> Result<Vec<u8>> {
            let bytes = value.as_array().with_context(|| entry.to_string())?.iter();
            bytes
                .map(|byte| {
                    let digits = byte.as_str().and_then(|byte| byte.strip_prefix("0x")).context("a byte")?;
                    Ok(u8::from_str_radix(digits, 16)?)
                })
                .collect()
        };
        Ok(Self { value: bytes(&entry["value"])?, formatted: entry["formatted"]["value"].clone() })
    }

    /// The value as words.
    pub(crate) fn words(&self) -> Vec<u64> {
        self.value.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word)).collect()
    }
}
