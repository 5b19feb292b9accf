//! How an included file meets what is there (`include_config_file`, userspace/engine/yaml_helper.h).

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::{ConfigError, yaml};

/// The key that names included files.
pub(super) const INCLUDES: &str = "config_files";

/// What an included file may do to keys that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Lists grow, other keys are replaced. The default since 0.41, also for words that Falco does not know.
    Append,
    /// Keys are replaced.
    Override,
    /// Keys are left alone.
    AddOnly,
}

/// An entry of `config_files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Include {
    /// File or directory, as written.
    pub(super) path: PathBuf,
    pub(super) strategy: Strategy,
}

/// Reads the value of `config_files`: a list of entries, or one path.
pub(super) fn includes(value: Option<&Value>) -> Result<Vec<Include>, ConfigError> {
    match value {
        Some(Value::Array(entries)) => {
            entries.iter().map(|entry| include(entry).ok_or(ConfigError::Entry)).collect()
        }
        Some(single) => Ok(yaml::text(single).map(|_| include(single)).into_iter().flatten().collect()),
        None => Ok(Vec::new()),
    }
}

fn include(entry: &Value) -> Option<Include> {
    let Value::Object(map) = entry else {
        return Some(Include { path: yaml::text(entry)?.as_ref().into(), strategy: Strategy::Append });
    };
    let strategy = match map.get("strategy").and_then(Value::as_str) {
        Some("override") => Strategy::Override,
        Some("add-only") => Strategy::AddOnly,
        _ => Strategy::Append,
    };
    Some(Include { path: yaml::text(map.get("path")?)?.as_ref().into(), strategy })
}

/// Puts a key. Returns whether anything was written, or `None` where a list meets what is no list: Falco refuses that.
pub(super) fn put(
    tree: &mut Map<String, Value>,
    key: &str,
    value: Value,
    strategy: Strategy,
) -> Option<bool> {
    match (strategy, value) {
        (Strategy::AddOnly, _) if tree.contains_key(key) => return Some(false),
        (Strategy::Append, Value::Array(items)) => {
            // Without items Falco does not even look at the key.
            let written = !items.is_empty();
            if written {
                let present = tree.entry(key).or_insert(Value::Null);
                if present.is_null() {
                    *present = Value::Array(Vec::new());
                }
                present.as_array_mut()?.extend(items);
            }
            return Some(written);
        }
        (_, value) => tree.insert(key.to_owned(), value),
    };
    Some(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entries() {
        let of = |value: Value| includes(Some(&value));
        let entry = |path: &str, strategy| Include { path: path.into(), strategy };
        assert_eq!(
            of(json!(["a", {"path": "b", "strategy": "override"}, {"path": "c", "strategy": "add-only"}]))
                .unwrap(),
            [entry("a", Strategy::Append), entry("b", Strategy::Override), entry("c", Strategy::AddOnly)]
        );
        assert_eq!(of(json!([{"path": "a", "strategy": "wrong"}])).unwrap(), [entry("a", Strategy::Append)]);
        assert_eq!(of(json!("a")).unwrap(), [entry("a", Strategy::Append)]);
        assert_eq!(of(json!([])).unwrap(), []);
        assert_eq!(of(json!(null)).unwrap(), []);
        assert_eq!(includes(None).unwrap(), []);
        assert!(matches!(of(json!([{"strategy": "override"}])), Err(ConfigError::Entry)));
        assert!(matches!(of(json!([["a"]])), Err(ConfigError::Entry)));
    }

    #[test]
    fn keys_are_replaced_whole_and_lists_grow() {
        let tree =
            || json!({"map": {"a": 1, "b": 2}, "list": [1], "none": null}).as_object().cloned().unwrap();
        let after = |key: &str, value: Value, strategy| {
            let mut tree = tree();
            put(&mut tree, key, value, strategy).map(|written| (written, tree[key].clone()))
        };
        for strategy in [Strategy::Append, Strategy::Override] {
            assert_eq!(after("map", json!({"a": 3}), strategy), Some((true, json!({"a": 3}))));
        }
        assert_eq!(after("list", json!([2]), Strategy::Append), Some((true, json!([1, 2]))));
        assert_eq!(after("list", json!([2]), Strategy::Override), Some((true, json!([2]))));
        assert_eq!(after("list", json!("x"), Strategy::Append), Some((true, json!("x"))));
        assert_eq!(after("list", json!([2]), Strategy::AddOnly), Some((false, json!([1]))));
        assert_eq!(after("none", json!(1), Strategy::AddOnly), Some((false, json!(null))));
        assert_eq!(after("none", json!([2]), Strategy::Append), Some((true, json!([2]))));
        assert_eq!(after("new", json!([2]), Strategy::AddOnly), Some((true, json!([2]))));
        assert_eq!(after("map", json!([2]), Strategy::Append), None);
        assert_eq!(after("list", json!([]), Strategy::Append), Some((false, json!([1]))));
    }
}
