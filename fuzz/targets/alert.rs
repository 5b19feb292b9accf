//! Drop alerts and metrics snapshots of Falco in any text, and the page that explains them.
#![no_main]

use dropctl::{
    alert::Scanner,
    explain::{self, Tally},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut tally = Tally::default();
    for said in Scanner::new(bytes) {
        tally.add(said.expect("bytes can always be read"));
    }
    if tally.is_empty() {
        return;
    }
    let explanation = tally.explain(None);
    let _ = (explain::text(&explanation), explain::markdown(&explanation));
    explain::json(&explanation).expect("whatever was understood can be written");
});
