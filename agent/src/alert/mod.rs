//! What Falco itself says about drops, of every version since 0.15: its drop alerts and its metrics snapshots.
//!
//! `scan` finds them in any text, `json` and `text` read one form each, `era` tells the version by the fields. What the
//! numbers mean is told in `explain`.

mod era;
mod json;
mod scan;
mod text;

use std::collections::BTreeMap;

pub use era::Era;
pub use scan::Scanner;

use crate::number::real_ns;

/// Begins every drop alert and its line in the log.
const DROP: &str = "Falco internal: syscall event drop";
/// The output of a metrics snapshot.
const SNAPSHOT: &str = "Falco metrics snapshot";

/// Fields of one alert or snapshot by their names: what is a number there.
pub type Fields = BTreeMap<String, f64>;

/// One thing that was said.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Events were dropped.
    Drop(DropAlert),
    /// How its counters stood.
    Snapshot(Snapshot),
}

/// A drop alert.
#[derive(Clone, Debug, PartialEq)]
pub struct DropAlert {
    /// Events, of its own field or else of its sentence.
    pub n_drops: u64,
    /// Its counters; `None` for a line of Falco's log, which has the sentence alone.
    pub fields: Option<Fields>,
    /// When, as far as it says so.
    pub time: Time,
    /// Such as `Debug`.
    pub priority: Option<String>,
}

/// A metrics snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Its numbers.
    pub fields: Fields,
    /// Falco's version, since 0.36.
    pub version: Option<String>,
    /// Such as `modern_bpf`.
    pub engine: Option<String>,
    /// When.
    pub time: Time,
}

/// When something was said, in the words that said it; `None` where they did not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Time(pub Option<String>);

impl Time {
    /// ns since 1970, where it has a date and a zone.
    #[must_use]
    pub fn real_ns(&self) -> Option<u64> {
        humantime::parse_rfc3339(self.0.as_ref()?).ok().and_then(real_ns)
    }

    /// Whether both may be the same second, in whatever zones; what has no time may be any.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        let seconds = |time: &Self| quarter_seconds(time.0.as_ref()?);
        match (seconds(self), seconds(other)) {
            (Some(one), Some(two)) => matches!(one.abs_diff(two), 0 | 1 | 899),
            _ => true,
        }
    }
}

/// Seconds in its quarter of an hour, on which all zones in use agree, from the first `HH:MM:SS` in a text.
fn quarter_seconds(text: &str) -> Option<u32> {
    let at = text.as_bytes().windows(8).position(|clock| {
        clock.iter().enumerate().all(|(index, byte)| match index {
            2 | 5 => *byte == b':',
            _ => byte.is_ascii_digit(),
        })
    })?;
    let minutes: u32 = text.get(at + 3..at + 5)?.parse().ok()?;
    let seconds: u32 = text.get(at + 6..at + 8)?.parse().ok()?;
    Some((60 * minutes + seconds) % 900)
}

impl DropAlert {
    /// A counter by its name, where the alert has it.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        whole(*self.fields.as_ref()?.get(name)?)
    }

    /// The counters of one kind of syscall each, without the common beginning of their names.
    pub fn categories(&self) -> impl Iterator<Item = (&str, u64)> {
        let named = self
            .fields
            .iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.strip_prefix("n_drops_buffer_")?, whole(*value)?)));
        named.filter(|(name, _)| *name != "total")
    }

    /// Events that found the ring full: `n_drops_buffer_total` since 0.33, `n_drops_buffer` before.
    #[must_use]
    pub fn buffer(&self) -> Option<u64> {
        self.count("n_drops_buffer_total").or_else(|| self.count("n_drops_buffer"))
    }

    /// Events that found the ring full and are in no category; `None` in versions without categories, and where the
    /// categories are more than the total.
    #[must_use]
    pub fn uncategorised(&self) -> Option<u64> {
        let total = self.count("n_drops_buffer_total")?;
        self.categories().try_fold(total, |rest, (_, count)| rest.checked_sub(count))
    }
}

/// Whether a text has something of Falco in it.
#[must_use]
pub fn is_said(text: &str) -> bool {
    text::has_anchor(text.as_bytes())
}

/// The kind of syscall that a counter is of, if it is of one.
pub(crate) fn category(name: &str) -> Option<&str> {
    name.strip_prefix("n_drops_buffer_").filter(|kind| *kind != "total")
}

/// A count, if it is one: a double says no larger ones exactly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in range"
)]
pub(crate) fn whole(value: f64) -> Option<u64> {
    (0.0..=2f64.powi(53))
        .contains(&value)
        .then_some(value)
        .filter(|value| value.fract() == 0.0)
        .map(|value| value as u64)
}

#[cfg(test)]
mod tests;
