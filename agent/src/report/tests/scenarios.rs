//! Recordings of the lab's scenarios (tests/data/scenarios): the cause is that of the label, and pages are as accepted.

use super::*;
use crate::{
    diagnose::{Role, finding::Remedy},
    golden::{golden, scenario},
};

/// Name of the file, and the code of the primary cause.
pub(in crate::report) const SCENARIOS: &[(&str, Option<&str>)] = &[
    ("saturated", Some("DC101")),
    ("throttled", Some("DC102")),
    ("starved", Some("DC103")),
    ("blocked-lookup", Some("DC104")),
    ("burst", Some("DC105")),
    ("uneven", Some("DC106")),
    ("pending", Some("DC107")),
    ("missed-wakeup", Some("DC108")),
    ("oversized", Some("DC109")),
    ("reload", Some("DC110")),
    ("crash-loop", Some("DC116")),
    ("quiet-busy", None),
];

/// Those that are accepted in the other forms as well: a loss with its cause, a tool that does not run, and nothing to explain. As HTML
/// in the tests of that.
const IN_ALL_FORMS: [&str; 3] = ["throttled", "crash-loop", "quiet-busy"];

#[test]
fn causes_and_pages() {
    for (name, expected) in SCENARIOS {
        let report = build(&scenario(name).all()).unwrap();
        let causes: Vec<&str> = report
            .findings
            .iter()
            .filter(|finding| finding.role == Role::Cause)
            .map(|finding| finding.code.as_str())
            .collect();
        assert_eq!(causes, expected.iter().copied().collect::<Vec<_>>(), "{name}");
        assert!(report.own.accounting.as_ref().is_none_or(|accounting| accounting.holds), "{name}");
        golden(&format!("scenarios/{name}.txt"), &text(&report));
        if IN_ALL_FORMS.contains(name) {
            golden(&format!("scenarios/{name}.md"), &markdown(&report));
            golden(&format!("scenarios/{name}.json"), &json(&report).unwrap());
        }
    }
}

/// Rings that a report advises are those of `dropctl size`, with the same snippets.
#[test]
fn rings_are_those_of_the_sizing_model() {
    let mut compared = 0;
    for (name, _) in SCENARIOS {
        let timeline = scenario(name);
        let report = build(&timeline.all()).unwrap();
        let sizing = crate::sizing::size(&timeline.all(), &[]).unwrap();
        let is_rings = |remedy: &&Remedy| remedy.memory_bytes.is_some();
        for remedy in report.findings.iter().flat_map(|finding| &finding.remedies).filter(is_rings) {
            assert!(sizing.tools.iter().any(|tool| tool.remedies.contains(remedy)), "{name}: {remedy:?}");
            compared += 1;
        }
    }
    assert!(compared >= 2, "{compared} scenarios have a remedy of rings");
}

#[test]
fn each_file_is_tested() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios");
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".jsonl.gz").map(ToOwned::to_owned)).collect();
    let mut tested: Vec<String> = SCENARIOS.iter().map(|(name, _)| (*name).to_owned()).collect();
    found.sort();
    tested.sort();
    assert_eq!(found, tested);
}
