//! One page of `/metrics`: series by name and labels.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// Name and labels, such as `dropctl_probe_mode{mode="stream"}`, to value.
pub(crate) type Values = BTreeMap<String, f64>;

/// The time of the sample that a page shows: what identifies it.
pub(crate) const SAMPLE_TIME: &str = "dropctl_sample_timestamp_seconds";

/// Reads the text format, as far as the agent writes it.
pub(crate) fn parse(text: &str) -> Result<Values> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').with_context(|| format!("no value: {line}"))?;
            Ok((canonical(series)?, value.parse().with_context(|| format!("no number: {line}"))?))
        })
        .collect()
}

fn canonical(series: &str) -> Result<String> {
    let Some((name, rest)) = series.split_once('{') else {
        return Ok(series.to_owned());
    };
    let labels = rest.strip_suffix('}').with_context(|| format!("no end of labels: {series}"))?;
    // No label value of ours has a comma, a quote or a backslash in it.
    let pairs = labels.split(',').map(|pair| {
        let (label, value) = pair.split_once('=').with_context(|| format!("no label: {series}"))?;
        Ok((label, value.trim_matches('"')))
    });
    Ok(name_of(name, &pairs.collect::<Result<Vec<_>>>()?))
}

/// Labels sorted, those without a value left out: to Prometheus they do not exist.
pub(crate) fn name_of(name: &str, labels: &[(&str, &str)]) -> String {
    let mut pairs: Vec<_> = labels
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| format!("{label}=\"{value}\""))
        .collect();
    if pairs.is_empty() {
        return name.to_owned();
    }
    pairs.sort();
    format!("{name}{{{}}}", pairs.join(","))
}

/// A value that must be there.
pub(crate) fn value(values: &Values, series: &str) -> Result<f64> {
    values.get(series).copied().with_context(|| format!("{series} is not in /metrics"))
}
