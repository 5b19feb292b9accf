//! The Prometheus text format as Falco writes it, which strict parsers refuse.
//!
//! HELP and TYPE stand before every sample, and label values are not escaped (libs,
//! userspace/libsinsp/metrics_collector.cpp): a rule called `say "hi"` breaks its line. So a value ends where a quote
//! is followed by what may come after one, and a line that makes no sense even then is counted and passed over. Values
//! stay text, because timestamps in nanoseconds do not fit a float.

use thiserror::Error;

/// More samples than this are not Falco's (about 120, one for each rule that matched, two for each CPU).
pub const MOST_SERIES: usize = 50_000;
/// Most labels of one sample; Falco has one for each tag of a rule.
const MOST_LABELS: usize = 64;

/// One sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series<'a> {
    /// Metric name.
    pub name: &'a str,
    /// Names and values, in order.
    pub labels: Vec<(&'a str, &'a str)>,
    /// As written; a number.
    pub value: &'a str,
}

/// All samples of a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposition<'a> {
    /// In order.
    pub series: Vec<Series<'a>>,
    /// Lines that are not of the form `name{label="value"} number`.
    pub malformed_lines: usize,
}

/// Why a text is no exposition.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ExpositionError {
    /// Not UTF-8.
    #[error("the metrics are not text")]
    NotText,
    /// Too much.
    #[error("more than {MOST_SERIES} series")]
    TooMany,
}

impl Series<'_> {
    /// A label's value.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(label, _)| *label == name).map(|(_, value)| *value)
    }

    /// The value as a count, also where it is written as `42323968.000000`.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        let whole = match self.value.split_once('.') {
            Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole,
            _ => self.value,
        };
        whole.parse().ok()
    }

    /// The value as a number, unless it is none or infinite.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        self.value.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// Reads all samples.
///
/// # Errors
///
/// [`ExpositionError`].
pub fn parse(body: &[u8]) -> Result<Exposition<'_>, ExpositionError> {
    let text = str::from_utf8(body).map_err(|_| ExpositionError::NotText)?;
    let mut exposition = Exposition::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match series(line) {
            Some(_) if exposition.series.len() == MOST_SERIES => return Err(ExpositionError::TooMany),
            Some(series) => exposition.series.push(series),
            None => exposition.malformed_lines += 1,
        }
    }
    Ok(exposition)
}

/// `name value`, `name{a="b",c="d"} value`, either with a timestamp behind.
fn series(line: &str) -> Option<Series<'_>> {
    let (name, mut rest) = line.split_at(name_end(line)?);
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside.trim_start();
        while !rest.starts_with('}') {
            let (label, after) = rest.split_at(name_end(rest)?);
            let (value, after) = quoted(after.trim_start().strip_prefix('=')?.trim_start())?;
            if labels.len() == MOST_LABELS {
                return None;
            }
            labels.push((label, value));
            rest = after.strip_prefix(',').map_or(after, str::trim_start);
        }
        rest = rest.strip_prefix('}')?;
    } else if !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let value = rest.split_whitespace().next()?;
    value.parse::<f64>().ok()?;
    Some(Series { name, labels, value })
}

/// Length of the name that the text begins with.
fn name_end(text: &str) -> Option<usize> {
    let inner = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == ':';
    let end = text.find(|char| !inner(char)).unwrap_or(text.len());
    (end > 0 && !text.starts_with(|first: char| first.is_ascii_digit())).then_some(end)
}

/// A label's value, and what comes after it: `}`, or a comma and another label.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('"')?;
    text.match_indices('"').find_map(|(at, _)| {
        let after = text[at + 1..].trim_start();
        let ends = match after.strip_prefix(',').map(str::trim_start) {
            Some(next) => {
                next.starts_with('}')
                    || name_end(next).is_some_and(|end| next[end..].trim_start().starts_with('='))
            }
            None => after.starts_with('}'),
        };
        ends.then(|| (&text[..at], after))
    })
}

#[cfg(test)]
mod tests;
