//! Recordings that are whole, old, newer, cut off, broken or hostile.

use std::io::{self, Read, Write as _};

use flate2::{Compression, write::GzEncoder};

use super::*;
use crate::{
    golden::golden,
    timeline::{
        Timeline,
        example::{SECOND, falco, ring, sample, setup, timeline},
    },
};

fn samples() -> Vec<crate::sample::Sample> {
    let with = |second: u64| crate::sample::Sample {
        rings: Some(vec![ring(1, 0, 100 * second)]),
        falcos: Some(vec![falco(2, 0, 1000 * second)]),
        ..sample(second * SECOND)
    };
    (1..=5).map(with).collect()
}

fn recorded(compress: bool) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), compress, &Header::new(Node::default(), setup())).unwrap();
    samples().iter().for_each(|sample| writer.push(sample).unwrap());
    writer.finish().unwrap()
}

fn error(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn what_was_written_is_read() {
    for compress in [false, true] {
        let replayed = read(&recorded(compress)[..]).unwrap();
        assert_eq!(replayed.timeline, timeline(samples()));
        assert!(!replayed.is_cut_off);
    }
}

/// Others read this form, too: docs/recording.md.
#[test]
fn the_form_is_as_accepted() {
    golden("recording.jsonl", &String::from_utf8(recorded(false)).unwrap());
}

#[test]
fn a_report_holds_its_recording() {
    let live = timeline(samples());
    let report = |timeline: &Timeline| {
        let slice = timeline.all();
        let report = crate::report::build(&slice).unwrap();
        embed(&crate::report::json(&report).unwrap(), &slice).unwrap()
    };
    let text = report(&live);
    let replayed = read(text.as_bytes()).unwrap().timeline;
    assert_eq!(replayed, live);
    assert_eq!(report(&replayed), text, "and is the same when it is made again");
    let without = text.replace("\"recording\"", "\"something\"");
    assert!(error(without.as_bytes()).contains("without its recording"));
}

#[test]
fn one_that_was_cut_off_is_used_up_to_there() {
    for compress in [false, true] {
        let whole = recorded(compress);
        let replayed = read(&whole[..whole.len() - 30]).unwrap();
        assert!(replayed.is_cut_off, "compressed: {compress}");
        assert_eq!(replayed.timeline.samples(), &samples()[..4], "compressed: {compress}");
    }
    let mut at_a_line = recorded(false);
    let end = at_a_line.iter().rposition(|byte| *byte == b'\n').unwrap();
    at_a_line.truncate(end);
    assert_eq!(read(&at_a_line[..]).unwrap().timeline.samples().len(), 5, "only its line end is missing");
}

#[test]
fn an_old_one_loads() {
    let old = include_bytes!("../../tests/data/recording-v1.jsonl");
    let timeline = read(&old[..]).unwrap().timeline;
    assert_eq!(timeline.samples().len(), 3);
    assert_eq!(timeline.all().falcos()[0].counts.n_drops_buffer, 50);
    assert_eq!(timeline.all().rings()[0].produced_bytes, 4096);
    assert!(crate::report::build(&timeline.all()).is_some());
}

#[test]
fn what_is_unknown_is_passed_over() {
    let text = String::from_utf8(recorded(false)).unwrap();
    let with_more = text.replace("{\"clock\"", "{\"of_tomorrow\":[1,{\"a\":null}],\"clock\"");
    assert_ne!(with_more, text);
    assert_eq!(read(with_more.as_bytes()).unwrap().timeline, timeline(samples()));
}

#[test]
fn a_newer_schema_is_refused() {
    let newer = String::from_utf8(recorded(false)).unwrap().replace("recording/v1", "recording/v2");
    assert_eq!(
        error(newer.as_bytes()),
        "its schema is dropctl.recording/v2, and this dropctl reads dropctl.recording/v1: use a newer dropctl"
    );
}

#[test]
fn what_is_no_recording_is_refused() {
    for text in ["", "hello\n", "{}\n", "[1]\n", "{\"schema\":\"other/v1\"}\n", "{\n", "\u{1f}\u{8b}"] {
        assert!(error(text.as_bytes()).contains("no recording"), "{text:?}: {}", error(text.as_bytes()));
    }
    for (text, what) in [
        ("", "it is empty"),
        ("\u{1}\u{2}\n", "is no JSON"),
        ("{\"a\":1}\n", "first line has no schema"),
        ("{\n  \"schema\": \"dropctl.diff/v1\"\n}\n", "its schema is \"dropctl.diff/v1\""),
        ("{\n  \"a\": 1\n}\n", "it has no schema"),
        ("12:00:01.1: Debug Falco internal: syscall event drop. 1 system calls", "`dropctl explain` reads"),
    ] {
        assert!(error(text.as_bytes()).contains(what), "{text:?}: {}", error(text.as_bytes()));
    }
    assert!(error(b"\x1f\x8bnonsense that is no gzip").contains("compression is broken"));
    let header = recorded(false);
    let end = header.iter().position(|byte| *byte == b'\n').unwrap();
    for (line, why) in
        [("{\"clock\":{\"monotonic_ns\":-1}}", "-1"), ("{\"interval_ns\":NaN}", "expected"), ("7", "7")]
    {
        let text = [&header[..=end], line.as_bytes(), b"\n"].concat();
        let error = error(&text);
        assert!(error.starts_with("line 2 is no sample") && error.contains(why), "{error}");
    }
}

#[test]
fn lines_that_were_moved_or_doubled_change_nothing() {
    let text = String::from_utf8(recorded(false)).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.extend([lines[2], lines[1], lines[5]]);
    let replayed = read((lines.join("\n") + "\n").as_bytes()).unwrap().timeline;
    assert_eq!((replayed.samples(), replayed.out_of_order()), (&samples()[..], 3));
}

/// So many bytes of one letter.
fn endless(bytes: u64) -> impl Read {
    io::repeat(b' ').take(bytes)
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    assert!(read(endless(1 << 30)).unwrap_err().to_string().contains("16 MiB"));
    let header = recorded(false);
    let end = header.iter().position(|byte| *byte == b'\n').unwrap();
    let bomb = header[..=end].chain(endless(1 << 30));
    assert!(read(bomb).unwrap_err().to_string().contains("16 MiB"));
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&header[..=end]).unwrap();
    io::copy(&mut endless(64 << 20), &mut packed).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 1 << 20);
    assert!(error(&packed).contains("16 MiB"));
}

#[test]
fn what_is_changed_at_random_does_no_harm() {
    crate::observe::falco::mutation::each(&recorded(false), 5_000, |bytes| {
        if let Ok(replayed) = read(bytes) {
            let _: Option<crate::report::Report> = crate::report::build(&replayed.timeline.all());
        }
    });
}
