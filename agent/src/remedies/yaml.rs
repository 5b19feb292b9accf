//! Writes the few lines of YAML that a snippet has: nested keys, numbers, flags, words and lists of words.

use std::collections::BTreeMap;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A number or a flag, or a quantity as Kubernetes writes it, as it is written.
    Plain(String),
    /// Words.
    Words(Vec<String>),
}

impl Value {
    /// A number or a flag.
    pub(crate) fn of(value: impl ToString) -> Self {
        Self::Plain(value.to_string())
    }

    /// A number or a flag that somebody else wrote; `None` for all that could be more than that, such as a second line.
    pub(super) fn read(text: &str) -> Option<Self> {
        let is_number = || text.parse::<f64>().is_ok_and(f64::is_finite);
        (matches!(text, "true" | "false") || is_number()).then(|| Self::of(text))
    }

    /// In a sentence.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Words(words) => {
                format!("[{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Keys with dots for levels, and their values.
#[derive(Debug, Default)]
pub(super) struct Document(BTreeMap<String, Node>);

#[derive(Debug)]
enum Node {
    Leaf(Value),
    Map(Document),
}

impl Document {
    /// Puts a value; a later one of the same key wins.
    pub(super) fn put(&mut self, key: &str, value: Value) {
        match key.split_once('.') {
            None => {
                self.0.insert(key.to_owned(), Node::Leaf(value));
            }
            Some((first, rest)) => {
                let node = self.0.entry(first.to_owned()).or_insert_with(|| Node::Map(Self::default()));
                if let Node::Map(below) = node {
                    below.put(rest, value);
                }
            }
        }
    }

    /// The lines.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.push(&mut text, 0);
        text
    }

    fn push(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        for (key, node) in &self.0 {
            match node {
                Node::Leaf(Value::Plain(value)) => text.push_str(&format!("{indent}{key}: {value}\n")),
                Node::Leaf(Value::Words(words)) if words.is_empty() => {
                    text.push_str(&format!("{indent}{key}: []\n"))
                }
                Node::Leaf(Value::Words(words)) => {
                    text.push_str(&format!("{indent}{key}:\n"));
                    words.iter().for_each(|word| text.push_str(&format!("{indent}  - {}\n", quoted(word))));
                }
                Node::Map(below) => {
                    text.push_str(&format!("{indent}{key}:\n"));
                    below.push(text, depth + 1);
                }
            }
        }
    }
}

/// A bare `!` is a tag in YAML, and the name behind it is gone. Texts of JSON are texts of YAML.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_plain = word.starts_with(|first: char| first.is_ascii_lowercase()) && word.bytes().all(is_plain);
    if is_plain { word.to_owned() } else { serde_json::Value::from(word).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_lists() {
        let mut document = Document::default();
        document.put("a.b.c", Value::of(4));
        document.put("a.d", Value::Words(vec!["close".to_owned(), "!read".to_owned()]));
        document.put("a.e", Value::Words(Vec::new()));
        document.put("a.b.c", Value::of(true));
        document.put("a.f", Value::Words(vec!["\u{1b}[0m\n".to_owned()]));
        document.put("z", Value::of("1Gi"));
        let expected = "a:\n  b:\n    c: true\n  d:\n    - close\n    - \"!read\"\n  e: []\n  f:\n    - \"\\u001b[0m\\n\"\nz: 1Gi\n";
        assert_eq!(document.text(), expected);
    }

    #[test]
    fn only_numbers_and_flags_are_read() {
        for text in ["0.1", "10", "true", "false", "-1", "1e-7"] {
            assert_eq!(Value::read(text), Some(Value::of(text)), "{text}");
        }
        for text in ["", "4\nengine: {}", "yes", "[]", "4 # and", "inf", "NaN", "unknown", "{a: b}"] {
            assert_eq!(Value::read(text), None, "{text}");
        }
    }
}
