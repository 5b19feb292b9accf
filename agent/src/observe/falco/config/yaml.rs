//! YAML as Falco reads it, as far as another parser can.
//!
//! To yaml-cpp every value is text until somebody asks for a number; [`text`] restores that view, and [`boolean`] and
//! [`integer`] take text as it does. Only the first document of a file counts, of two equal keys the first, and `<<`
//! is a key like any. An unquoted `!name` is a tag on nothing: an empty text to Falco, null here.

use std::borrow::Cow;

use serde_json::{Map, Value};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use thiserror::Error;

/// Deeper is no configuration.
const DEEPEST: usize = 64;

/// Why a text is no configuration.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum YamlError {
    /// Not YAML, or more than a parser should be asked for.
    #[error("not YAML: {0}")]
    Malformed(String),
    /// A list or a single value where keys are expected.
    #[error("no mapping of keys to values")]
    NoMapping,
}

/// Reads a file's keys.
///
/// # Errors
///
/// [`YamlError`].
pub(super) fn parse(text: &[u8]) -> Result<Map<String, Value>, YamlError> {
    // The default budget ends what aliases make large.
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::FirstWins,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        ignore_binary_tag_for_string: true,
        budget: serde_saphyr::budget! { max_depth: DEEPEST },
    };
    let mut text = text;
    let first = serde_saphyr::read_with_options(&mut text, options).next();
    match first.transpose().map_err(|error: serde_saphyr::Error| malformed(&error))? {
        Some(Value::Object(map)) => Ok(map),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(_) => Err(YamlError::NoMapping),
    }
}

fn malformed(error: &serde_saphyr::Error) -> YamlError {
    let message = error.without_snippet().to_string();
    YamlError::Malformed(message.lines().next().unwrap_or_default().to_owned())
}

/// A single value's text; `None` for lists, mappings and null.
#[must_use]
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Bool(flag) => Some(if *flag { "true" } else { "false" }.into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A truth value, quoted or not, in lower case, upper case, or with a capital.
#[must_use]
pub(super) fn boolean(text: &str) -> Option<bool> {
    let lower = text.to_ascii_lowercase();
    let capital = text.get(..1).is_some_and(|first| *first == *first.to_ascii_uppercase())
        && text.get(1..) == lower.get(1..);
    if text != lower && text != text.to_ascii_uppercase() && !capital {
        return None;
    }
    match lower.as_str() {
        "y" | "yes" | "true" | "on" => Some(true),
        "n" | "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// A whole number that fits. A C++ stream reads `0x` as hexadecimal and a leading 0 as octal.
#[must_use]
pub(super) fn integer<T: TryFrom<i64>>(text: &str) -> Option<T> {
    let text = text.trim();
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let digits = if negative { digits } else { digits.strip_prefix('+').unwrap_or(digits) };
    let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (digits, 8),
        None => (digits, 10),
    };
    if !digits.starts_with(|first: char| first.is_ascii_hexdigit()) {
        return None;
    }
    let number = i64::from_str_radix(digits, radix).ok()?;
    T::try_from(if negative { -number } else { number }).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(text: &str) -> Value {
        Value::Object(parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn what_falco_takes() {
        for (text, expected) in [
            ("", json!({})),
            ("# only a comment\n", json!({})),
            ("a: 1\n---\nb: 2\n", json!({"a": 1})),
            ("a: 1\n...\n[ rubbish", json!({"a": 1})),
            ("a: 1\na: 2", json!({"a": 1})),
            ("<<: {a: 1}\nb: 2", json!({"<<": {"a": 1}, "b": 2})),
            ("a: [!recvfrom, \"!recvfrom\"]", json!({"a": [null, "!recvfrom"]})),
            ("a: &x [1]\nb: *x", json!({"a": [1], "b": [1]})),
            ("a: !tag b\nc: .inf\nd: 1e999", json!({"a": "b", "c": ".inf", "d": ".inf"})),
        ] {
            assert_eq!(parsed(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_falco_refuses() {
        for text in ["- a", "text"] {
            assert_eq!(parse(text.as_bytes()), Err(YamlError::NoMapping), "{text:?}");
        }
        for text in [&b"a: {"[..], b"a: b: c", b"a: \xff\xfe", b"a: &x {b: *x}"] {
            assert!(matches!(parse(text), Err(YamlError::Malformed(_))), "{text:?}");
        }
    }

    #[test]
    fn bombs_do_not_go_off() {
        let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for level in 1..9 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            laughs.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", ")));
        }
        assert!(matches!(parse(laughs.as_bytes()), Err(YamlError::Malformed(_))));
        let deep =
            |levels: usize| parse(format!("a: {}{}", "[".repeat(levels), "]".repeat(levels)).as_bytes());
        assert!(deep(DEEPEST - 2).is_ok());
        for levels in [DEEPEST + 2, 100_000] {
            assert!(matches!(deep(levels), Err(YamlError::Malformed(_))), "{levels}");
        }
    }

    #[test]
    fn text_as_yaml_cpp_converts_it() {
        for (text, expected) in [
            ("true", Some(true)),
            ("Yes", Some(true)),
            ("ON", Some(true)),
            ("y", Some(true)),
            ("Off", Some(false)),
            ("n", Some(false)),
            ("tRUE", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(boolean(text), expected, "{text:?}");
        }
        for (text, expected) in [
            ("4", Some(4)),
            (" 4 ", Some(4)),
            ("010", Some(8)),
            ("0x10", Some(16)),
            ("-1", Some(-1)),
            ("0", Some(0)),
        ] {
            assert_eq!(integer::<i16>(text), expected, "{text:?}");
        }
        for text in ["", "-", "4.0", "4 MB", "99999", "--4", "0x", "09", "+-4", "é"] {
            assert_eq!(integer::<i16>(text), None, "{text:?}");
        }
        assert_eq!(integer::<u16>("-1"), None);
    }
}
