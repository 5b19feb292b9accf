//! Each cause as "a healthy node, and one fact less", through all rules and the table of precedence.

mod beside;
mod rules;

use super::{
    catalogue::Role,
    finding::Remedy,
    story::{MIB, Story},
};
use crate::{
    diagnose::{Code, Finding},
    sample::{CpuLimit, FalcoFacts, VersionFacts},
    setup::Naming,
};

/// The thread, while a ring is above half, in ms of each lossy second: running, waiting, throttled, blocked, idle.
fn pressed(states: [u64; 5]) -> Story {
    Story::lossy(|second| {
        second.states = states;
        second.pressed = states;
    })
}

#[test]
fn a_healthy_node_has_no_findings() {
    let findings = Story::healthy().findings();
    let about_the_tool: Vec<_> = findings.iter().filter(|finding| finding.role != Role::Own).collect();
    assert_eq!(about_the_tool, [] as [&Finding; 0]);
}

#[test]
fn each_state_of_the_thread_has_its_cause() {
    let throttled = |mut story: Story| {
        let limit =
            CpuLimit { quota_ns: Some(20_000_000), period_ns: Some(100_000_000), ..CpuLimit::default() };
        story.limit = Some(CpuLimit { cgroup: "/kubepods/pod1/c1".to_owned(), ..limit });
        story
    };
    assert_eq!(throttled(pressed([200, 0, 780, 0, 20])).causes(), ["DC102"]);
    assert_eq!(pressed([200, 750, 0, 0, 50]).causes(), ["DC103"]);
    assert_eq!(pressed([150, 10, 0, 800, 40]).causes(), ["DC104"]);
}

#[test]
fn a_burst_is_not_saturation() {
    let burst = Story::lossy(|second| {
        second.states = [150, 5, 0, 0, 845];
        second.pressed = [40, 1, 0, 0, 9];
    });
    assert_eq!(burst.causes(), ["DC105"]);
    let mut saturated = Story::healthy();
    for second in &mut saturated.seconds {
        second.events = [100_000; 2];
        second.drops = [40_000; 2];
        second.consumed = 120_000;
        second.fullest = [100; 2];
        second.states = [980, 20, 0, 0, 0];
        second.pressed = second.states;
    }
    assert_eq!(saturated.causes(), ["DC101"]);
    let finding = saturated.findings().remove(0);
    assert!(finding.ruled_out.iter().any(|other| other.code == Code::BurstExceedsBuffer), "{finding:?}");
}

#[test]
fn one_hot_cpu_is_uneven() {
    let uneven = Story::lossy(|second| {
        second.drops = [20_000, 0];
        second.fullest = [100, 12];
        second.states = [150, 5, 0, 0, 845];
        second.pressed = [40, 1, 0, 0, 9];
    });
    assert_eq!(uneven.causes(), ["DC106"]);
}

#[test]
fn without_its_thread_nothing_is_guessed() {
    let mut unseen = pressed([200, 750, 0, 0, 50]);
    unseen.is_thread_seen = false;
    assert_eq!(unseen.causes(), ["DC199"]);
    let finding = unseen.findings().remove(0);
    assert!(finding.summary.contains("CAP_SYS_PTRACE"), "{}", finding.summary);
    assert!(!finding.remedies.is_empty());
}

#[test]
fn a_start_explains_the_loss_that_ends_with_it() {
    let mut story = pressed([150, 10, 0, 800, 40]);
    story.tool.as_mut().unwrap().start_ns = Some(1_002 * super::story::SECOND);
    assert_eq!(story.causes(), ["DC104"], "it had begun to drain");
    story.is_drained = false;
    assert_eq!(story.causes(), ["DC110"]);
}

#[test]
fn every_loss_has_one_cause_and_all_drops_are_explained() {
    let mut story = pressed([200, 750, 0, 0, 50]);
    story.seconds.extend(Story::healthy().seconds);
    story.seconds.extend(pressed([150, 10, 0, 800, 40]).seconds);
    let findings = story.findings();
    let causes: Vec<_> = findings.iter().filter(|finding| finding.code.as_str() < "DC2").collect();
    assert_eq!(causes.len(), 2, "{causes:#?}");
    let lost: u64 = causes.iter().filter_map(|finding| finding.drops).sum();
    assert_eq!(lost, 2 * 60_000);
    assert!(causes.iter().all(|finding| finding.tool.is_some() && !finding.remedies.is_empty()));
}

#[test]
fn oversized_events_are_a_loss_of_their_own() {
    let mut story = Story::healthy();
    story.seconds[4].oversized = 7;
    assert_eq!(story.causes(), ["DC109"]);
    assert_eq!(story.findings()[0].drops, Some(7));
}

#[test]
fn a_remedy_names_key_and_values() {
    let mut story = pressed([200, 0, 780, 0, 20]);
    story.limit = Some(CpuLimit {
        cgroup: "/kubepods/pod1/c1".to_owned(),
        quota_ns: Some(20_000_000),
        period_ns: Some(100_000_000),
        ..CpuLimit::default()
    });
    let remedy = story.findings().remove(0).remedies.remove(0);
    assert_eq!(remedy.key.as_deref(), Some("resources.limits.cpu"));
    assert_eq!(remedy.from.as_deref(), Some("200m"));
    assert_eq!(remedy.to.as_deref(), Some("1000m"), "{remedy:?}");
    let mut burst = Story::lossy(|second| {
        second.states = [150, 5, 0, 0, 845];
        second.pressed = [40, 1, 0, 0, 9];
    });
    assert!(burst.capacity_bytes == 8 * MIB);
    let remedy = burst.findings().remove(0).remedies.remove(0);
    assert!(
        remedy.key.is_none() && remedy.text.contains("bufSizePreset"),
        "its version is not known: {remedy:?}"
    );
    let version = VersionFacts { falco: Some("0.44.1".to_owned()), ..VersionFacts::default() };
    burst.facts = Some(FalcoFacts { version: Some(version), ..FalcoFacts::default() });
    let remedy = burst.findings().remove(0).remedies.remove(0);
    assert_eq!(remedy.key.as_deref(), Some("driver.modernEbpf.bufSizePreset"), "of the chart");
    assert!(remedy.snippets[0].text.starts_with("driver:\n"), "{remedy:?}");
}

/// The change at the head of a report is the first.
#[test]
fn rings_that_hold_what_came_stand_before_advice() {
    let advice = Remedy::advice("start it before the load".to_owned());
    let setting = Remedy::setting("why".to_owned(), "a.key", None, "1".to_owned());
    let rings = Remedy { memory_bytes: Some(MIB), ..Remedy::advice("larger rings".to_owned()) };
    let none = Remedy::advice("no ring size helps".to_owned());
    let order = |there: &[&Remedy], rings: Option<&Remedy>| {
        let there: Vec<Remedy> = there.iter().map(|one| (*one).clone()).collect();
        super::with_rings(&there, rings.cloned())
    };
    assert_eq!(order(&[&advice, &setting], Some(&rings)), [rings.clone(), advice.clone(), setting.clone()]);
    assert_eq!(order(&[&setting, &advice], Some(&rings)), [setting, advice.clone(), rings.clone()]);
    assert_eq!(order(&[&advice], Some(&none)), [advice.clone(), none], "it holds nothing");
    assert_eq!((order(&[], Some(&rings)), order(&[&advice], None)), (vec![rings], vec![advice]));
}

/// A snippet for a unit whose name is a pseudonym cannot be put in place as it stands.
#[test]
fn a_redacted_name_is_told_from_a_real_one() {
    let mut story = pressed([200, 0, 780, 0, 20]);
    story.limit = Some(CpuLimit {
        cgroup: "/system.slice/unit-0123456789.service".to_owned(),
        quota_ns: Some(20_000_000),
        period_ns: Some(100_000_000),
        ..CpuLimit::default()
    });
    let place = |names: Naming| {
        let mut timeline = story.timeline();
        timeline.setup.names = names;
        super::diagnose(&timeline.all(), &[]).remove(0).remedies.remove(0).snippets.remove(0).place
    };
    let file = "/etc/systemd/system/unit-0123456789.service.d/zz-dropctl.conf";
    assert_eq!(place(Naming::Real), file);
    assert_eq!(place(Naming::Pseudonyms), format!("{file} (the pseudonym in it stands for its real name)"));
}

#[test]
fn the_pages_in_docs_are_those_of_the_rules() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/findings.md");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == super::document(), "run `cargo xtask docs`");
}
