//! Where a `-o key=value` points: `engine.kind`, `plugins[0].name`, `rules[].disable.tag`.
//!
//! The walk creates what is missing and turns one kind of node into another as yaml-cpp does for Falco
//! (`get_node`, userspace/engine/yaml_helper.h).

use serde_json::{Map, Value};
use thiserror::Error;

use crate::observe::falco::dialect::Dialect;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A key of a mapping.
    Name(String),
    /// An item of a list, from 0.
    Index(usize),
    /// A new item at a list's end.
    Append,
}

/// A key that Falco would refuse.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// Not of the form `a.b[0]`.
    #[error("{key:?} is not of the form key, key.subkey or key[0]")]
    Malformed {
        /// As written.
        key: String,
    },
    /// A step below a single value, or `[]` on what is no list.
    #[error("the step {step} leads below a value that has no such parts")]
    Dead {
        /// Its text.
        step: String,
    },
}

/// Splits a key.
///
/// # Errors
///
/// [`KeyError::Malformed`].
pub(super) fn parse(key: &str, dialect: Dialect) -> Result<Vec<Step>, KeyError> {
    let malformed = || KeyError::Malformed { key: key.to_owned() };
    let mut steps = Vec::new();
    let mut name = String::new();
    let mut rest = key.chars();
    // After an index only another step may come; at the start and after a dot, only a name.
    let mut named = false;
    while let Some(char) = rest.next() {
        match char {
            '\\' if dialect.has_escapes() => {
                let escaped = rest.next().filter(|next| matches!(next, '.' | '[' | ']' | '\\'));
                name.push(escaped.ok_or_else(malformed)?);
            }
            '.' | '[' => {
                if name.is_empty() && !named {
                    return Err(malformed());
                }
                if !name.is_empty() {
                    steps.push(Step::Name(std::mem::take(&mut name)));
                }
                named = char == '[';
                if named {
                    let (index, after) = rest.as_str().split_once(']').ok_or_else(malformed)?;
                    steps.push(match index {
                        "" if dialect.includes_files() => Step::Append,
                        _ => Step::Index(index.trim().parse().map_err(|_| malformed())?),
                    });
                    rest = after.chars();
                }
            }
            _ if named => return Err(malformed()),
            _ => name.push(char),
        }
    }
    if !name.is_empty() {
        steps.push(Step::Name(name));
    }
    if steps.is_empty() { Err(malformed()) } else { Ok(steps) }
}

/// Puts a value at the end of the steps.
///
/// # Errors
///
/// [`KeyError::Dead`].
pub(super) fn set(tree: &mut Map<String, Value>, steps: &[Step], value: Value) -> Result<(), KeyError> {
    let mut root = Value::Object(std::mem::take(tree));
    let found = steps.iter().try_fold(&mut root, |node, step| descend(node, step));
    let done = found.map(|node| *node = value);
    if let Value::Object(map) = root {
        *tree = map;
    }
    done
}

fn descend<'a>(node: &'a mut Value, step: &Step) -> Result<&'a mut Value, KeyError> {
    let text = match step {
        Step::Name(name) => name.clone(),
        Step::Index(index) => index.to_string(),
        Step::Append => "[]".to_owned(),
    };
    let dead = KeyError::Dead { step: text.clone() };
    let is_item = |length: usize| match step {
        Step::Name(_) => false,
        Step::Index(index) => *index <= length,
        Step::Append => true,
    };
    match node {
        Value::Null => {
            *node = if is_item(0) { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        }
        Value::Array(items) if !is_item(items.len()) => {
            let numbered = std::mem::take(items).into_iter().enumerate();
            *node = Value::Object(numbered.map(|(index, item)| (index.to_string(), item)).collect());
        }
        _ => {}
    }
    match (node, step) {
        (Value::Object(_), Step::Append) => Err(dead),
        (Value::Object(map), _) => Ok(map.entry(text).or_insert(Value::Null)),
        (Value::Array(items), _) => {
            let index = if let Step::Index(index) = step { *index } else { items.len() };
            if index == items.len() {
                items.push(Value::Null);
            }
            items.get_mut(index).ok_or(dead)
        }
        _ => Err(dead),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set_in(tree: &Value, key: &str) -> Result<Value, KeyError> {
        let mut map = tree.as_object().unwrap().clone();
        let steps = parse(key, Dialect::default())?;
        let done = set(&mut map, &steps, json!("x"));
        assert!(done.is_ok() || Value::Object(map.clone()) == *tree, "nothing is lost: {map:?}");
        done.map(|()| Value::Object(map))
    }

    #[test]
    fn what_is_missing_comes_into_being() {
        let tree = json!({"engine": {"kind": "kmod"}, "list": ["a"], "none": null});
        for (key, pointer) in [
            ("engine.kind", "/engine/kind"),
            ("engine.modern_ebpf.buf_size_preset", "/engine/modern_ebpf/buf_size_preset"),
            ("list[0]", "/list/0"),
            ("list[1]", "/list/1"),
            ("list[].name", "/list/1/name"),
            ("none[].name", "/none/0/name"),
            ("none.deep[0]", "/none/deep/0"),
            (r"a\.b.c\[d", "/a.b/c[d"),
        ] {
            assert_eq!(set_in(&tree, key).unwrap().pointer(pointer), Some(&json!("x")), "{key}");
        }
    }

    #[test]
    fn a_list_with_a_name_is_a_mapping() {
        let tree = json!({"list": ["a", "b"]});
        assert_eq!(set_in(&tree, "list.c").unwrap(), json!({"list": {"0": "a", "1": "b", "c": "x"}}));
        assert_eq!(set_in(&tree, "list[9]").unwrap()["list"]["9"], "x", "no list of nine holes");
    }

    #[test]
    fn what_falco_refuses() {
        for key in ["", ".a", "a..b", "a[", "a[x]", "a[0]b", "[0]", "a[-1]", r"a\x", "a\\"] {
            assert_eq!(
                parse(key, Dialect::default()),
                Err(KeyError::Malformed { key: key.to_owned() }),
                "{key}"
            );
        }
        let tree = json!({"scalar": "a", "map": {"b": 1}});
        assert_eq!(set_in(&tree, "scalar.a"), Err(KeyError::Dead { step: "a".to_owned() }));
        assert_eq!(set_in(&tree, "map[].a"), Err(KeyError::Dead { step: "[]".to_owned() }));
    }

    #[test]
    fn older_versions_know_less() {
        let old = Dialect::of("0.43.1").unwrap();
        assert_eq!(parse(r"a\.b", old).unwrap(), [Step::Name("a\\".to_owned()), Step::Name("b".to_owned())]);
        assert!(parse("a[]", Dialect::of("0.37.1").unwrap()).is_err());
    }
}
