//! The recording inside a report in JSON: the same, as one value.

use std::io::{BufRead, Read as _};

use serde::{Deserialize, Serialize};

use super::{Header, RecordingError, Replayed, SCHEMA};
use crate::{
    report::model::SCHEMA as REPORT_SCHEMA,
    sample::Sample,
    timeline::{Slice, Timeline},
};

/// A report with 4,096 samples of a busy node has less.
const REPORT_BYTES: u64 = 512 << 20;

#[derive(Deserialize)]
struct WithRecording {
    schema: Option<String>,
    recording: Option<Recording>,
}

#[derive(Deserialize)]
struct Recording {
    #[serde(flatten)]
    header: Header,
    samples: Vec<Sample>,
}

#[derive(Serialize)]
struct RecordingOf<'a> {
    #[serde(flatten)]
    header: Header,
    samples: &'a [Sample],
}

/// Puts the recording of `slice` into a report in JSON, as its last member and on one line: nobody reads it, and over
/// many lines it would hide the rest.
///
/// # Errors
///
/// None in practice: the types have no map with other keys than strings.
pub fn embed(report: &str, slice: &Slice<'_>) -> serde_json::Result<String> {
    let header = Header::new(slice.node.clone(), slice.setup.clone());
    let recording = serde_json::to_string(&RecordingOf { header, samples: slice.samples() })?;
    let body = report.trim_end();
    let body = body.strip_suffix('}').unwrap_or(body).trim_end();
    Ok(format!("{body},\n  \"recording\": {recording}\n}}\n"))
}

/// Reads the report of which `first` is the first line, and takes out the recording.
pub(super) fn read(first: Vec<u8>, rest: &mut impl BufRead) -> Result<Replayed, RecordingError> {
    let mut text = first;
    rest.take(REPORT_BYTES).read_to_end(&mut text)?;
    if text.len() as u64 >= REPORT_BYTES {
        return Err(RecordingError::TooLarge("a report has more than 512 MiB"));
    }
    let report: WithRecording =
        serde_json::from_slice(&text).map_err(|error| RecordingError::NoRecording(error.to_string()))?;
    let missing = || match report.schema {
        Some(schema) if schema == REPORT_SCHEMA => RecordingError::NoRecordingInside,
        Some(schema) => RecordingError::NoRecording(format!("its schema is {schema:?}")),
        None => RecordingError::NoRecording("it has no schema".to_owned()),
    };
    let Recording { header, samples } = report.recording.ok_or_else(missing)?;
    if header.schema != SCHEMA {
        return Err(RecordingError::Newer(header.schema));
    }
    let mut timeline = Timeline::new(header.node, header.setup);
    samples.into_iter().for_each(|sample| timeline.push(sample));
    Ok(Replayed { timeline, is_cut_off: false })
}
