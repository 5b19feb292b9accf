//! Alerts as text: `12:55:58.461500387: Debug Falco internal: syscall event drop. 1 system calls dropped in last second.
//! (ebpf_enabled="1" n_drops="1" ...)`, the same without quotes (before 0.35) and without the blank (2019), and the line
//! of Falco's log, which ends after the sentence.

use std::borrow::Cow;

use memchr::memmem;

use super::{DROP, DropAlert, Fields, SNAPSHOT, Time};

/// Longest alert in text, bytes: all fields of all versions are a third of it.
pub(super) const LONGEST: usize = 4096;
/// What stands before the sentence: a time and a priority, bytes.
pub(super) const LONGEST_PREFIX: usize = 64;

const SENTENCE_END: &str = "system calls dropped in last second.";

/// Whether there may be something of Falco in it.
pub(super) fn has_anchor(bytes: &[u8]) -> bool {
    [DROP, SNAPSHOT].iter().any(|anchor| memmem::find(bytes, anchor.as_bytes()).is_some())
}

/// The alert whose sentence begins at `at`, and how long it is.
pub(super) fn at_anchor(all: &[u8], at: usize) -> Option<(DropAlert, usize)> {
    let sentence = lossy(&all[at..all.len().min(at + LONGEST)]);
    let rest = sentence.strip_prefix(DROP)?.strip_prefix(". ")?;
    let digits = rest.len() - rest.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let n_drops = rest[..digits].parse().ok()?;
    let rest = rest[digits..].strip_prefix(' ')?.strip_prefix(SENTENCE_END)?;
    let mut length = sentence.len() - rest.len();
    let in_parentheses = rest.trim_start_matches(' ');
    let fields = in_parentheses.strip_prefix('(').and_then(|inside| inside.split_once(')'));
    let fields = fields.map(|(inside, _)| inside).filter(|inside| inside.contains('=')).map(|inside| {
        length = sentence.len() - in_parentheses.len() + inside.len() + 2;
        pairs(inside)
    });
    let (time, priority) = prefix(&lossy(&all[at.saturating_sub(LONGEST_PREFIX)..at]));
    Some((DropAlert { n_drops, fields, time, priority }, length))
}

/// `name=1 name="2"`, also where a shell or a collector put backslashes before the quotes.
fn pairs(inside: &str) -> Fields {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), value.trim_matches(['"', '\\']).parse().ok()?))
    };
    inside.split_whitespace().filter_map(pair).collect()
}

/// Time and priority before the sentence, in its own line.
fn prefix(before: &str) -> (Time, Option<String>) {
    // In glued lines the sentence before ends with a full stop, or its fields with a parenthesis.
    let own = before.rsplit(['\n', ')', '{']).next().unwrap_or_default();
    let own = own.rsplit_once("second.").map_or(own, |(_, own)| own);
    let own = own.trim_start_matches(char::REPLACEMENT_CHARACTER).trim();
    let (time, priority) = match own.rsplit_once(": ") {
        Some((time, priority)) => (time, Some(priority)),
        None => (own.trim_end_matches(':'), None),
    };
    let time = Time((!time.is_empty()).then(|| time.to_owned()));
    (
        time,
        priority.filter(|word| word.chars().all(char::is_alphabetic) && !word.is_empty()).map(str::to_owned),
    )
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
