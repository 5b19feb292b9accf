//! Alerts and snapshots as JSON: Falco's own, falcosidekick's, and either of them inside what a log collector wrote.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::{DropAlert, Fields, SNAPSHOT, Said, Scanner, Snapshot, Time, text, whole};
use crate::number::float;

/// Everything that an object says, and what stands in it, `depth` objects or strings deep.
pub(super) fn read(object: &Map<String, Value>, depth: usize, said: &mut VecDeque<Said>) {
    if let Some(found) = one(object) {
        said.push_back(found);
        return;
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    for value in object.values() {
        match value {
            Value::Object(inner) => read(inner, depth, said),
            Value::Array(values) => {
                values.iter().filter_map(Value::as_object).for_each(|inner| read(inner, depth, said));
            }
            // What a log collector put into a string; a string that is read again cannot fail.
            Value::String(line) if text::has_anchor(line.as_bytes()) => {
                said.extend(Scanner::within(line.as_bytes(), depth).filter_map(Result::ok));
            }
            _ => {}
        }
    }
}

/// What the object itself is.
fn one(object: &Map<String, Value>) -> Option<Said> {
    let output = object.get("output_fields")?.as_object()?;
    let fields: Fields =
        output.iter().filter_map(|(name, value)| Some((name.clone(), number(value)?))).collect();
    let string = |name: &str| object.get(name).and_then(Value::as_str);
    let time = Time(string("time").map(str::to_owned));
    if let Some(n_drops) = fields.get("n_drops").copied().and_then(whole) {
        return Some(Said::Drop(DropAlert {
            n_drops,
            fields: Some(fields),
            time,
            priority: string("priority").map(str::to_owned),
        }));
    }
    let is_snapshot = string("output") == Some(SNAPSHOT)
        || fields.contains_key("scap.n_evts")
        || fields.contains_key("falco.num_evts");
    let text = |name: &str| output.get(name).and_then(Value::as_str).map(str::to_owned);
    is_snapshot.then(|| {
        Said::Snapshot(Snapshot {
            version: text("falco.version"),
            engine: text("scap.engine_name"),
            time,
            fields,
        })
    })
}

/// Numbers stand as numbers in snapshots and as strings in alerts.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok().map(float),
        _ => None,
    }
}
