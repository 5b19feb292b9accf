//! Redaction as a security feature: secrets in every text of a sample that has everything, and in none of what leaves.

mod full;

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::Value;

use super::*;
use crate::{recording, report};

/// With a key and a node of its own.
pub(super) fn redactor() -> Redactor {
    with_key("a key for these tests")
}

fn with_key(key: &str) -> Redactor {
    Redactor::new(Key::new(key.as_bytes()).unwrap()).with_host("node7.acme.example", "6.12.9-cloud-amd64")
}

fn redacted(timeline: &Timeline) -> Timeline {
    let mut timeline = timeline.clone();
    redactor().timeline(&mut timeline);
    timeline
}

/// Each kind of secret, and what of it must not be seen anywhere.
const SECRETS: &[(&str, &str)] = &[
    ("10.20.30.40", "10.20.30.40"),
    ("10.20.30.40:9753", "10.20.30.40"),
    ("2001:db8:cafe::7", "db8:cafe"),
    ("node7.acme.example", "acme"),
    ("NODE7", "NODE7"),
    ("db.internal.acme.com", "acme"),
    ("/srv/acme/rules/secret.yaml", "acme"),
    ("/etc/falco/config.d/acme.yaml", "acme"),
    ("/kubepods/acme/x", "acme"),
    ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F"),
    ("--token=s3cr3tvalue", "s3cr3t"),
    ("DB_PASSWORD=hunter2", "hunter2"),
    ("curl -H 'Authorization: Bearer hunter2' https://acme.io", "hunter2"),
    ("0f3c5d9a-1b2c-4d5e-8f90-123456789abc", "0f3c5d9a"),
    ("4f0c6a7b8d9e0123456789abcdef0123456789abcdef0123456789abcdef0123", "4f0c6a7b"),
    ("alice@acme.com", "acme"),
];

/// Names that look like words: where a field can hold one, it is redacted whole.
const NAMES: &[&str] = &["acme-billing", "acmepay", "acme billing", "acme_billing.service"];

/// Texts in which a word is only a word: names of processes, notes and reasons, what a node is, names in the kernel.
const FREE: &[&str] = &["comm", "note", "why", "not_visible", "os", "hardware", "preemption"];
/// What the kernel lets a name be made of.
const SYMBOLS: &[&str] = &[
    "name",
    "wchan",
    "tracepoint",
    "capability",
    "architecture",
    "included",
    "excluded",
    "excluded_but_traced",
    "included_but_not_traced",
    "categories",
    "others",
];
/// Told from a closed set: another value makes another timeline, or none.
const FIXED: &[&str] =
    &["route", "counted_by", "known_by", "status", "layout", "mode", "hook", "names", "classes", "state"];

/// Every text of a value, each with the name of the member that it belongs to.
fn texts(value: &mut Value, member: &str, change: &mut dyn FnMut(&str, &mut String)) {
    match value {
        Value::String(text) => change(member, text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, member, change)),
        Value::Object(members) => members.iter_mut().for_each(|(name, item)| texts(item, name, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The full timeline with `secret` in each text that `is_wanted` names.
fn seeded(secret: &str, is_wanted: impl Fn(&str) -> bool) -> (Timeline, usize) {
    let full = full::timeline();
    let mut seeds = 0;
    let mut change = |member: &str, text: &mut String| {
        if !FIXED.contains(&member) && is_wanted(member) {
            secret.clone_into(text);
            seeds += 1;
        }
    };
    let mut node = serde_json::to_value(&full.node).unwrap();
    let mut setup = serde_json::to_value(&full.setup).unwrap();
    let mut samples = serde_json::to_value(full.samples()).unwrap();
    [&mut node, &mut setup, &mut samples].into_iter().for_each(|value| texts(value, "", &mut change));
    let mut timeline =
        Timeline::new(serde_json::from_value(node).unwrap(), serde_json::from_value(setup).unwrap());
    let samples: Vec<Sample> = serde_json::from_value(samples).unwrap();
    samples.into_iter().for_each(|sample| timeline.push(sample));
    (timeline, seeds)
}

/// Everything that leaves, by its form; the recording as it is inside a compressed report.
fn everything(timeline: &Timeline) -> Vec<(&'static str, String)> {
    let slice = timeline.all();
    let report = report::build(&slice).unwrap();
    let json = recording::embed(&report::json(&report).unwrap(), &slice).unwrap();
    let mut unpacked = String::new();
    GzDecoder::new(&recording::packed(&json).unwrap()[..]).read_to_string(&mut unpacked).unwrap();
    let mut written = recording::Writer::new(
        Vec::new(),
        false,
        &recording::Header::new(timeline.node.clone(), timeline.setup.clone()),
    )
    .unwrap();
    timeline.samples().iter().for_each(|sample| written.push(sample).unwrap());
    vec![
        ("text", report::text(&report)),
        ("markdown", report::markdown(&report)),
        ("json", json),
        ("json.gz", unpacked),
        ("recording", String::from_utf8(written.finish().unwrap()).unwrap()),
        ("findings", format!("{:?}", crate::diagnose::diagnose(&slice, &[]))),
        ("html", report::html(&report, &slice)),
    ]
}

#[test]
fn a_secret_in_every_text_is_in_nothing_that_leaves() {
    for (secret, mark) in SECRETS {
        // A distribution does not know what its node is called.
        let (timeline, seeds) = seeded(secret, |member| *secret != "NODE7" || member != "os");
        assert!(seeds > 60, "only {seeds} texts: the example does not have everything");
        let before = everything(&timeline);
        assert!(before.iter().all(|(_, text)| text.contains(mark)), "{secret}: the test tests nothing");
        for (form, text) in everything(&redacted(&timeline)) {
            let at = text.to_lowercase().find(&mark.to_lowercase());
            let around = at.map(|at| text[at.saturating_sub(80)..].chars().take(160).collect::<String>());
            assert_eq!(around, None, "{secret} in {form}");
        }
    }
}

#[test]
fn a_name_is_redacted_wherever_a_field_is_for_names() {
    for name in NAMES {
        let (timeline, seeds) = seeded(name, |member| !FREE.contains(&member) && !SYMBOLS.contains(&member));
        assert!(seeds > 20, "only {seeds}");
        for (form, text) in everything(&redacted(&timeline)) {
            assert!(!text.contains("acme"), "{name} in {form}");
        }
    }
    // What no name in the kernel can be made of.
    let (timeline, seeds) = seeded("acme-billing", |member| SYMBOLS.contains(&member));
    assert!(seeds > 10, "only {seeds}");
    assert!(everything(&redacted(&timeline)).iter().all(|(_, text)| !text.contains("acme")));
}

/// Findings are drawn from redacted samples; they are those of the real ones with other names.
#[test]
fn the_report_is_the_same_but_for_names() {
    let real = full::timeline();
    let redacted = redacted(&real);
    let value = |timeline: &Timeline| serde_json::to_value((&timeline.setup, timeline.samples())).unwrap();
    let (mut from, mut to) = (value(&real), value(&redacted));
    let (mut names, mut pseudonyms) = (Vec::new(), Vec::new());
    texts(&mut from, "", &mut |_, text| names.push(text.clone()));
    texts(&mut to, "", &mut |_, text| pseudonyms.push(text.clone()));
    let mut pairs: Vec<(String, String)> =
        names.into_iter().zip(pseudonyms).filter(|(one, other)| one != other).collect();
    pairs.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    pairs.dedup();
    assert!(pairs.len() > 6, "nothing was redacted: {pairs:?}");
    let report = |timeline: &Timeline| serde_json::to_value(report::build(&timeline.all()).unwrap()).unwrap();
    let mut expected = report(&real);
    let findings = expected["findings"].to_string();
    assert!(
        pairs.iter().any(|(name, _)| findings.contains(name.as_str())),
        "no finding has a name: {findings}"
    );
    texts(&mut expected, "", &mut |_, text| {
        pairs.iter().for_each(|(name, pseudonym)| *text = text.replace(name, pseudonym));
    });
    expected["names"] = "pseudonyms".into();
    let built = report(&redacted);
    for (member, part) in built.as_object().unwrap() {
        assert_eq!(part, &expected[member], "{member}");
    }
}

#[test]
fn a_redacted_report_replays_to_itself() {
    let redacted = redacted(&full::timeline());
    let (_, json) = everything(&redacted).swap_remove(2);
    let replayed = recording::read(json.as_bytes()).unwrap().timeline;
    assert_eq!(replayed, redacted);
    let mut twice = replayed.clone();
    with_key("another key, of somebody else").timeline(&mut twice);
    assert_eq!(twice, replayed, "pseudonyms of pseudonyms");
    let said = |timeline: &Timeline| {
        let page = report::markdown(&report::build(&timeline.all()).unwrap());
        page.matches("pseudonyms").count()
    };
    assert_eq!((said(&twice), said(&full::timeline())), (1, 0));
}

#[test]
fn the_same_key_gives_the_same_pseudonyms_and_another_others() {
    let with = |key: &str| {
        let mut timeline = full::timeline();
        let mut redactor = with_key(key);
        redactor.timeline(&mut timeline);
        (timeline, redactor.map())
    };
    let (one, again, other) =
        (with("a key of sixteen b"), with("a key of sixteen b"), with("a key of seventeen"));
    assert_eq!(one, again);
    let names = |map: &Map| map.names.values().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names(&one.1), names(&other.1));
    assert!(one.1.names.keys().all(|pseudonym| !other.1.names.contains_key(pseudonym)));
}

#[test]
fn the_map_says_what_a_pseudonym_is() {
    let mut redactor = redactor();
    let pod = redactor.name(Kind::Pod, "web-0");
    let map = redactor.map();
    assert_eq!((map.schema.as_str(), map.names.get(&pod).map(String::as_str)), (MAP_SCHEMA, Some("web-0")));
    assert!(pod.starts_with("pod-") && pod.len() == 14, "{pod}");
}

#[test]
fn a_cgroup_is_the_same_as_a_workload_and_in_a_path() {
    let mut timeline = full::timeline();
    let cgroup = "/acme/billing";
    for sample in timeline.samples_mut() {
        sample.tools.iter_mut().flatten().for_each(|tool| tool.cgroup = Some(cgroup.to_owned()));
        let losers = sample.falcos.iter_mut().flatten().filter_map(|falco| falco.losers.as_mut());
        losers.flat_map(|losers| &mut losers.workloads).for_each(|drops| {
            let container = Some("acme/billing".to_owned());
            drops.workload = Some(crate::sample::Workload { namespace: None, pod: None, container });
        });
    }
    let redacted = redacted(&timeline);
    let sample = &redacted.samples()[0];
    let path = sample.tools.as_ref().unwrap()[0].cgroup.clone().unwrap();
    let losers = sample.falcos.as_ref().unwrap()[0].losers.clone().unwrap();
    let workload = losers.workloads[0].workload.clone().unwrap();
    assert_eq!(Some(path.trim_start_matches('/')), workload.container.as_deref());
}

/// Nodes are called by any word; the report stays what it is.
#[test]
fn the_name_of_the_node_takes_no_other_word_with_it() {
    let with = |host: &str, release: &str| {
        let mut timeline = full::timeline();
        timeline.node.kernel = Some(release.to_owned());
        let mut redactor = Redactor::new(Key::new(&[7; 16]).unwrap()).with_host(host, release);
        redactor.timeline(&mut timeline);
        timeline
    };
    for (host, release) in
        [("pve", "6.8.12-8-pve"), ("debian", "6.12.9"), ("tools", "6.12.9"), ("falco.acme.example", "6.12.9")]
    {
        let one = with(host, release);
        assert_eq!(one, with("node8", release), "{host}");
        assert_eq!(one.node.kernel.as_deref(), Some(release));
        assert_eq!(one.node.os.as_deref(), Some("Debian GNU/Linux 13 (trixie)"));
    }
    // Wherever else a name is a word of the kernel's release or of a distribution's.
    for (host, release) in [("lazy", "6.12.9"), ("trixie", "6.12.9"), ("acme", "6.8.12-8-acme")] {
        let node = with(host, release).node;
        assert_eq!(node.preemption.as_deref(), Some("lazy"));
        assert_eq!(
            (node.kernel.as_deref(), node.os.as_deref()),
            (Some(release), full::timeline().node.os.as_deref())
        );
    }
    assert_eq!(with("cgroup_id", "6.12.9").setup.visibility[0].capability, "cgroup_id");
}

/// Numbers, and the names of what everybody has, are not touched.
#[test]
fn what_says_nothing_about_anybody_stays() {
    let (real, redacted) = (full::timeline(), redacted(&full::timeline()));
    assert_eq!(real.node, redacted.node);
    let (real, redacted) = (&real.samples()[1], &redacted.samples()[1]);
    let falco = |sample: &Sample| sample.falcos.as_ref().unwrap()[0].clone();
    assert_eq!(falco(real).now, falco(redacted).now);
    assert_eq!(falco(real).facts.version, falco(redacted).facts.version);
    assert_eq!(falco(real).facts.comparison, falco(redacted).facts.comparison);
    let configured = |sample: &Sample| falco(sample).facts.configuration.unwrap();
    assert_eq!(configured(real).files[0], configured(redacted).files[0]);
    assert_ne!(configured(real).files[1], configured(redacted).files[1]);
    assert_eq!((real.clock, &real.own), (redacted.clock, &redacted.own));
}
