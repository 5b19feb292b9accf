//! What a reader finds, and where: on the first lines, within 80 columns, within what GitHub takes.

use super::{scenarios::SCENARIOS, *};
use crate::{
    diagnose::finding::Remedy,
    golden::scenario,
    sample::{LoserSample, Workload, WorkloadDrops},
};

/// A node of 500 workloads that lost events, and of 200 rings, of as many tools, that refused records.
fn huge() -> Report {
    let workload = |number: usize| {
        Some(Workload {
            namespace: Some(format!("namespace-of-some-length-{number}")),
            pod: Some(format!("deployment-with-a-long-name-{number}-7c9d8f6b5c-xk2vp")),
            container: Some(format!("container-{number}")),
        })
    };
    let lost = |from: u64| LosersSample {
        is_watched: true,
        top: (0..200)
            .map(|number| LoserSample {
                tgid: 1000 + number,
                comm: Some(format!("worker-{number}")),
                workload: workload(number as usize),
                slot: 257,
                drops: from * u64::from(number + 1),
                ..LoserSample::default()
            })
            .collect(),
        workloads: (0..500).map(|number| WorkloadDrops { workload: workload(number), drops: from }).collect(),
        missed: Some(0),
        ..LosersSample::default()
    };
    let setup = Setup {
        visibility: (0..300).map(|_| visibility().remove(1)).collect(),
        ..example_setup(Mode::Stream)
    };
    let mut huge = timeline(setup, Some(probe()));
    for (index, sample) in huge.samples_mut().iter_mut().enumerate() {
        let from = index as u64;
        let ring = sample.rings.as_ref().unwrap()[0].clone();
        let rings = (0..200u32).map(|number| RingSample {
            map_id: 1000 + number,
            is_own: false,
            name: Some(format!("ring_{number}")),
            produced_bytes: from << 20,
            owner: Some(RingOwner {
                tgid: 5000 + number,
                comm: format!("tool-{number}"),
                tool: "other".to_owned(),
            }),
            refused: Some(crate::sample::RefusedSample { losers: lost(from), ..Default::default() }),
            places: Vec::new(),
            ..ring.clone()
        });
        sample.rings.as_mut().unwrap().extend(rings);
        sample.falcos.as_mut().unwrap()[0].losers = Some(lost(from));
    }
    build(&huge.all()).unwrap()
}

/// Of all that was kept.
fn recorded() -> impl Iterator<Item = Report> {
    SCENARIOS.iter().map(|(name, _)| build(&scenario(name).all()).unwrap())
}

#[test]
fn the_first_fifteen_lines_have_verdict_cause_and_change() {
    let mut wordy = report(Mode::Stream, probe());
    let words = "twelveletter ".repeat(200);
    wordy.verdict.clone_from(&words);
    wordy.findings[0].summary.clone_from(&words);
    wordy.findings[0].remedies[0].text.clone_from(&words);
    wordy.findings[0].remedies[0].key = Some("a.key".to_owned());
    let made = [report(Mode::Stream, probe()), passive(), huge(), wordy];
    for report in made.into_iter().chain(recorded()) {
        let text = text(&report);
        let lines: Vec<&str> = text.lines().collect();
        let starts = ["verdict", "cause", "change"]
            .map(|part| lines.iter().position(|line| line.starts_with(part)).unwrap_or(usize::MAX));
        assert!(starts.is_sorted(), "{starts:?}: {text:.1500}");
        let end = lines.iter().skip(starts[2] + 1).position(|line| !line.starts_with(' ')).unwrap();
        assert!(starts[2] + 1 + end <= 15, "it ends on line {}: {text:.1500}", starts[2] + 1 + end);
    }
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    let made = [report(Mode::Stream, probe()), report(Mode::Count, count_only()), passive(), huge()];
    for report in made.into_iter().chain(recorded()) {
        let text = text(&report);
        let wide = text.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None);
    }
}

#[test]
fn github_takes_it_however_large_the_node() {
    let huge = huge();
    let page = markdown(&huge);
    assert!(page.chars().count() <= 60_000, "{}", page.chars().count());
    assert!(page.contains("Cut to fit into an issue"), "not said");
    assert!(
        page.contains("- **verdict**: ") && page.contains("- **cause**: ") && page.contains("## Not visible")
    );
    assert_eq!(page.matches("<details>").count(), page.matches("</details>").count());
    let small = markdown(&report(Mode::Stream, probe()));
    assert!(!small.contains("Cut to fit"));
    assert!(small.lines().take(20).any(|line| line.starts_with("- **change**: ")), "{small}");
}

/// A setting that stands behind advice is the last resort: it is no headline.
#[test]
fn the_change_is_what_stands_first() {
    let mut report = report(Mode::Stream, probe());
    let last_resort = Remedy::setting("the last resort".to_owned(), "a.key", None, "true".to_owned());
    for finding in &mut report.findings {
        finding.remedies = vec![Remedy::advice("fewer rules do".to_owned()), last_resort.clone()];
    }
    let text = text(&report);
    assert!(text.contains("change   fewer rules do\n"), "{text}");
}

#[test]
fn a_quiet_node_has_nothing_to_explain() {
    let mut quiet = report(Mode::Count, count_only());
    quiet.findings.clear();
    let text = text(&quiet);
    assert!(
        text.contains("none: there is no loss to explain") && text.contains("change   nothing"),
        "{text}"
    );
}
