//! Reading a recording, or the one inside a report.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;

use super::{Header, RecordingError, SCHEMA, SCHEMA_FAMILY, embedded};
use crate::{alert, report::model::SCHEMA as REPORT_SCHEMA, sample::Sample, timeline::Timeline};

/// A sample of 1,024 rings and thousands of losers has less.
const LINE_BYTES: u64 = 16 << 20;
/// A day of busy seconds has less.
const ALL_BYTES: u64 = 4 << 30;
/// A day of tenths of a second.
const LINES: u64 = 1_000_000;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A recording that was read.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What it says.
    pub timeline: Timeline,
    /// It ends in the middle of a sample, which was left out: the writer was stopped, or the file was cut off.
    pub is_cut_off: bool,
}

#[derive(Deserialize)]
struct Family {
    schema: String,
}

/// Reads the header of a recording and nothing more.
///
/// # Errors
///
/// [`RecordingError`].
pub fn header(source: impl Read) -> Result<Header, RecordingError> {
    let mut source = BufReader::new(source);
    let (first, _) = if source.fill_buf()?.starts_with(&GZIP_MAGIC) {
        next_line(&mut BufReader::new(MultiGzDecoder::new(source)))?
    } else {
        next_line(&mut source)?
    };
    serde_json::from_slice(&first).map_err(|error| RecordingError::NoRecording(error.to_string()))
}

/// Reads a recording, plain or compressed, whatever its name; or a report in JSON that has one inside.
///
/// # Errors
///
/// [`RecordingError`].
pub fn read(source: impl Read) -> Result<Replayed, RecordingError> {
    let mut source = BufReader::new(source);
    if source.fill_buf()?.starts_with(&GZIP_MAGIC) {
        return lines(BufReader::new(MultiGzDecoder::new(source)));
    }
    lines(source)
}

fn lines(source: impl BufRead) -> Result<Replayed, RecordingError> {
    let mut source = source.take(ALL_BYTES);
    let (first, _) = next_line(&mut source)?;
    let header = match serde_json::from_slice::<Family>(&first) {
        // A report is written over many lines.
        Err(_) if first.trim_ascii() == b"{" => return embedded::read(first, &mut source),
        Err(error) => return Err(RecordingError::NoRecording(what_it_is(&first, &error).to_owned())),
        Ok(family) if family.schema == REPORT_SCHEMA => return embedded::read(first, &mut source),
        Ok(family) if family.schema == SCHEMA => serde_json::from_slice::<Header>(&first)
            .map_err(|source| RecordingError::Malformed { line: 1, source })?,
        Ok(family) if family.schema.starts_with(SCHEMA_FAMILY) => {
            return Err(RecordingError::Newer(family.schema));
        }
        Ok(family) => return Err(RecordingError::NoRecording(format!("its schema is {:?}", family.schema))),
    };
    let mut timeline = Timeline::new(header.node, header.setup);
    for number in 2..=LINES {
        let (line, is_whole) = next_line(&mut source)?;
        if line.is_empty() {
            if source.limit() == 0 {
                return Err(RecordingError::TooLarge("it has more than 4 GiB"));
            }
            return Ok(Replayed { timeline, is_cut_off: !is_whole });
        }
        match serde_json::from_slice::<Sample>(&line) {
            Ok(sample) => timeline.push(sample),
            Err(_) if !is_whole => return Ok(Replayed { timeline, is_cut_off: true }),
            Err(source) => return Err(RecordingError::Malformed { line: number, source }),
        }
    }
    Err(RecordingError::TooLarge("it has more than 1,000,000 lines"))
}

/// What a first line is that has no schema, for whoever took one file for another.
fn what_it_is(first: &[u8], error: &serde_json::Error) -> &'static str {
    match () {
        () if first.is_empty() => "it is empty",
        () if first.trim_ascii().is_empty() => "its first line is empty",
        () if alert::is_said(&String::from_utf8_lossy(first)) => {
            "it is what Falco says, which `dropctl explain` reads"
        }
        () if error.is_data() => "its first line has no schema",
        () => "its first line is no JSON",
    }
}

/// The next line, and whether it is all there; empty at the end.
pub(super) fn next_line(source: &mut impl BufRead) -> Result<(Vec<u8>, bool), RecordingError> {
    let mut line = Vec::new();
    match source.take(LINE_BYTES + 1).read_until(b'\n', &mut line) {
        Ok(0) => return Ok((line, true)),
        Ok(_) => {}
        // A compressed file that was cut off; what came out before is good.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok((line, false)),
        Err(error) if error.kind() == ErrorKind::InvalidInput || error.kind() == ErrorKind::InvalidData => {
            return Err(RecordingError::Read(io::Error::other(format!(
                "its compression is broken: {error}"
            ))));
        }
        Err(error) => return Err(error.into()),
    }
    if line.len() as u64 > LINE_BYTES {
        return Err(RecordingError::TooLarge("a line has more than 16 MiB"));
    }
    let is_whole = line.ends_with(b"\n");
    Ok((line, is_whole))
}
