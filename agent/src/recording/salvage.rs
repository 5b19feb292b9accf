//! What can be had of a recording whose writer was killed: everything up to the first line that is none. The end of such a file may
//! be anything, because a node that goes down writes the length of a file before its bytes.

use std::io::{BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::{Header, RecordingError, SCHEMA, read::next_line};
use crate::sample::Sample;

/// Reads a compressed recording of this version, as far as it goes and as far as `most_bytes` of text: its header, and each
/// sample as it comes.
///
/// # Errors
///
/// [`RecordingError`], if there is no header.
pub fn salvage<T>(
    source: impl Read,
    most_bytes: u64,
    begin: impl FnOnce(Header) -> T,
    mut each: impl FnMut(&mut T, Sample),
) -> Result<T, RecordingError> {
    let text = MultiGzDecoder::new(BufReader::new(source));
    let mut text = BufReader::new(text.take(most_bytes));
    let (first, is_whole) = next_line(&mut text)?;
    let no_recording = |why: String| RecordingError::NoRecording(why);
    if !is_whole || first.is_empty() {
        return Err(no_recording("it has no header".to_owned()));
    }
    let header: Header = serde_json::from_slice(&first).map_err(|error| no_recording(error.to_string()))?;
    if header.schema != SCHEMA {
        return Err(RecordingError::Newer(header.schema));
    }
    let mut made = begin(header);
    while let Ok((line, true)) = next_line(&mut text) {
        let Ok(sample) = serde_json::from_slice(&line) else { break };
        each(&mut made, sample);
    }
    Ok(made)
}
