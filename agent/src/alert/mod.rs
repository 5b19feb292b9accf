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

/// When something was said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Time {
    /// As it was written.
    pub text: Option<String>,
    /// ns since 1970, where it has a date and a zone.
    pub real_ns: Option<u64>,
    /// Seconds in its quarter of an hour: every zone that is in use agrees on them.
    pub quarter_seconds: Option<u32>,
}

impl Time {
    /// Reads a time in any form that Falco prints.
    fn read(text: &str) -> Self {
        let real = humantime::parse_rfc3339(text).ok();
        let since = real.and_then(|real| real.duration_since(std::time::UNIX_EPOCH).ok());
        Self {
            text: Some(text.to_owned()),
            real_ns: since.and_then(|since| u64::try_from(since.as_nanos()).ok()),
            quarter_seconds: quarter_seconds(text),
        }
    }

    /// Whether both may be the same second; what has no time may be any.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        match (self.quarter_seconds, other.quarter_seconds) {
            (Some(one), Some(two)) => matches!(one.abs_diff(two), 0 | 1 | 899),
            _ => true,
        }
    }
}

/// From the first `HH:MM:SS` in a text.
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
        total.checked_sub(self.categories().map(|(_, count)| count).sum())
    }
}

/// Whether a text has something of Falco in it.
#[must_use]
pub fn is_said(text: &str) -> bool {
    text::has_anchor(text.as_bytes())
}

/// A count, if it is one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in range"
)]
pub(crate) fn whole(value: f64) -> Option<u64> {
    (value >= 0.0 && value < 2f64.powi(63) && value.fract() == 0.0).then_some(value as u64)
}

#[cfg(test)]
mod tests;
