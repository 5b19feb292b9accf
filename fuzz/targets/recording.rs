//! Recordings: what is found in them, every page that is made of them, and the report that has one inside.
#![no_main]

use dropctl::{
    diff::{self, Given},
    recording,
    redact::{Key, Redactor},
    report, sizing,
    timeline::Timeline,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut replayed) = recording::read(bytes) else { return };
    reported(&replayed.timeline);
    sized(&replayed.timeline);
    compared(&replayed.timeline);
    Redactor::new(Key::new(&[7; 32]).expect("a key")).timeline(&mut replayed.timeline);
    reported(&replayed.timeline);
});

fn reported(timeline: &Timeline) {
    let slice = timeline.all();
    let Some(report) = report::build(&slice) else { return };
    let _ = (report::text(&report), report::markdown(&report), report::html(&report, &slice));
    let text = report::json(&report).expect("whatever was read can be written");
    // What is attached to an issue can be read again, and says the same.
    let embedded = recording::embed(&text, &slice).expect("a recording can be put into its report");
    let again = recording::read(embedded.as_bytes()).expect("what was written can be read");
    let again = report::build(&again.timeline.all()).expect("and reported");
    assert_eq!(report::json(&again).expect("JSON"), text);
}

fn sized(timeline: &Timeline) {
    let Some(sizing) = sizing::size(&timeline.all(), &[]) else { return };
    let _ = (sizing::text(&sizing), sizing::markdown(&sizing), sizing::html(&sizing));
    sizing::json(&sizing).expect("whatever was sized can be written");
}

fn compared(timeline: &Timeline) {
    let given = || {
        let slice = timeline.all();
        Some(Given { source: "a".to_owned(), report: report::build(&slice)?, slice })
    };
    let (Some(a), Some(b)) = (given(), given()) else { return };
    let diff = diff::compare(&a, &b);
    let _ = (diff::text(&diff), diff::markdown(&diff), diff::html(&diff));
    diff::json(&diff).expect("whatever was compared can be written");
}
