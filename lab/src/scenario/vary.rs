//! Parameters that differ from seed to seed, within bounds that the scenario states.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::Known;

/// A value for each parameter. The same scenario and seed have the same values everywhere.
pub(super) fn values(scenario: &str, vary: &BTreeMap<String, (u64, u64)>, seed: u64) -> Result<Known> {
    let mut values = Known::new();
    for (name, (least, greatest)) in vary {
        ensure!(least <= greatest, "{name} is between {least} and {greatest}");
        let chance = hash(&format!("{scenario}/{name}/{seed}"));
        let value = least + chance % (greatest - least + 1);
        values.insert(name.clone(), value.into());
    }
    values.insert("seed".to_owned(), seed.into());
    Ok(values)
}

/// Puts values in the place of their names, `$name`, in all strings; a string that is nothing else becomes the value.
pub(super) fn fill(tree: &mut Value, values: &Known) {
    match tree {
        Value::String(text) => {
            if let Some(value) = text.strip_prefix('$').and_then(|name| values.get(name)) {
                *tree = value.clone();
                return;
            }
            // The longest name first: one may be the beginning of another.
            let mut names: Vec<&String> = values.keys().collect();
            names.sort_by_key(|name| std::cmp::Reverse(name.len()));
            for name in names {
                let value = values[name].as_str().map_or_else(|| values[name].to_string(), ToOwned::to_owned);
                *text = text.replace(&format!("${name}"), &value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, values)),
        Value::Object(members) => members.values_mut().for_each(|member| fill(member, values)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// FNV-1a and the end of splitmix64, so that neighbours are far apart.
fn hash(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
