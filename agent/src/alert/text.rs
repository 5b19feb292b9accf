//! Alerts as text: `12:55:58.461500387: Debug Falco internal: syscall event drop. 1 system calls dropped in last second.
//! (ebpf_enabled="1" n_drops="1" ...)`, the same without quotes (before 0.35) and without the blank (2019), and the line
//! of Falco's log, which ends after the sentence. Snapshots as text: `12:55:58.461500387: Informational Falco metrics snapshot
//! (evt.source="syscall" scap.n_evts=10 ...)`.

use memchr::memmem;

use super::{DROP, DropAlert, Fields, SNAPSHOT, Said, Snapshot, Time};
use crate::number::float;

/// Longest alert in text, bytes: all fields of all versions are a third of it.
const LONGEST_ALERT: usize = 4096;
/// Longest snapshot, and longest of all: its fields are a third of it, and each rule that matched adds one.
pub(super) const LONGEST: usize = 16 << 10;
/// Longest name of a field: `falco.rules.` and the name of a rule.
const LONGEST_NAME: usize = 256;
/// What stands before the sentence: a time and a priority, bytes.
pub(super) const LONGEST_PREFIX: usize = 64;

const SENTENCE_END: &str = "system calls dropped in last second.";

/// Whether there may be something of Falco in it.
pub(super) fn has_anchor(bytes: &[u8]) -> bool {
    [DROP, SNAPSHOT].iter().any(|anchor| memmem::find(bytes, anchor.as_bytes()).is_some())
}

/// The first place at which something may begin.
pub(super) fn anchor(text: &[u8]) -> Option<usize> {
    [DROP, SNAPSHOT].iter().filter_map(|anchor| memmem::find(text, anchor.as_bytes())).min()
}

/// What is said at `at`, where an anchor is, and how long it is.
pub(super) fn at_anchor(all: &[u8], at: usize) -> Option<(Said, usize)> {
    let alert = || alert(all, at).map(|(alert, length)| (Said::Drop(alert), length));
    let snapshot = || snapshot(all, at).map(|(snapshot, length)| (Said::Snapshot(snapshot), length));
    alert().or_else(snapshot)
}

/// The alert whose sentence begins at `at`, and how long it is.
fn alert(all: &[u8], at: usize) -> Option<(DropAlert, usize)> {
    let sentence = valid(&all[at..all.len().min(at + LONGEST_ALERT)]);
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
    let (time, priority) = before(all, at);
    Some((DropAlert { n_drops, fields, time, priority }, length))
}

/// The snapshot whose name begins at `at`, and how long it is. Numbers in quotes are those of alerts: whole.
fn snapshot(all: &[u8], at: usize) -> Option<(Snapshot, usize)> {
    let said = valid(&all[at..all.len().min(at + LONGEST)]);
    let mut rest = said.strip_prefix(SNAPSHOT)?.trim_start_matches(' ').strip_prefix('(')?;
    let (mut fields, mut version, mut engine) = (Fields::new(), None, None);
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(behind) = rest.strip_prefix(')') {
            rest = behind;
            break;
        }
        let (name, value) = rest.split_once('=')?;
        // A rule may have parentheses in its name; one that was cut off goes on with the next.
        if name.len() > LONGEST_NAME || name.contains('\n') || has_anchor(name.as_bytes()) {
            return None;
        }
        let found = if let Some(quoted) = value.trim_start_matches('\\').strip_prefix('"') {
            let (text, behind) = quoted.split_once('"')?;
            let text = text.trim_end_matches('\\');
            rest = behind;
            match name {
                "falco.version" => version = Some(text.to_owned()),
                "scap.engine_name" => engine = Some(text.to_owned()),
                _ => {}
            }
            text.parse().ok().map(float)
        } else {
            let end = value.find([' ', ')'])?;
            rest = &value[end..];
            number(&value[..end])
        };
        fields.extend(found.map(|found| (name.to_owned(), found)));
    }
    let (time, _) = before(all, at);
    (!fields.is_empty()).then(|| (Snapshot { fields, version, engine, time }, said.len() - rest.len()))
}

/// `name=1 name="2"`, also where a shell or a collector put backslashes before the quotes.
fn pairs(inside: &str) -> Fields {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), number(value.trim_matches(['"', '\\']))?))
    };
    inside.split_whitespace().filter_map(pair).collect()
}

/// `nan` and `inf` are none of Falco's.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn before(all: &[u8], at: usize) -> (Time, Option<String>) {
    prefix(&String::from_utf8_lossy(&all[at.saturating_sub(LONGEST_PREFIX)..at]))
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

/// The text up to where it is none: its length is that of its bytes.
fn valid(bytes: &[u8]) -> &str {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}
