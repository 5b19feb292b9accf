//! Recordings, the pages that are made of them, and the report that has one inside.
#![no_main]

use dropctl::{diagnose::diagnose, recording, report};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(replayed) = recording::read(bytes) else { return };
    let slice = replayed.timeline.all();
    let _ = diagnose(&slice, &[]);
    let Some(report) = report::build(&slice) else { return };
    let _ = (report::text(&report), report::markdown(&report));
    let text = report::json(&report).expect("whatever was read can be written");
    // What is attached to an issue can be read again, and says the same.
    let embedded = recording::embed(&text, &slice).expect("a recording can be put into its report");
    let again = recording::read(embedded.as_bytes()).expect("what was written can be read");
    let again = report::build(&again.timeline.all()).expect("and reported");
    assert_eq!(report::json(&again).expect("JSON"), text);
});
