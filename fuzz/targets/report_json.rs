//! Reports in JSON: what a stranger attached to an issue.
#![no_main]

use dropctl::{
    recording,
    report::{self, Report},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(report) = serde_json::from_slice::<Report>(bytes) {
        let _ = (report::text(&report), report::markdown(&report));
        report::json(&report).expect("whatever was read can be written");
    }
    if let Ok(replayed) = recording::read(bytes) {
        let _ = report::build(&replayed.timeline.all());
    }
});
