//! The table, cell by cell.

use std::collections::BTreeSet;

use super::*;
use crate::{
    redact::{Key, Redactor},
    sample::{FalcoFacts, FalcoSample, KeyFacts},
};

const INSTALLATIONS: [Installation<'static>; 4] =
    [Installation::Kubernetes, UNIT, Installation::Container, Installation::Unknown];

/// A value that is none of the defaults, and what is in effect then.
fn new_value(setting: Setting) -> (Value, &'static str) {
    match setting {
        Setting::Preset => (Value::of(6), "6"),
        Setting::Sharing => (Value::of(0), "Some(0)"),
        Setting::DropFailed | Setting::Repair => (Value::of(true), "true"),
        Setting::CustomSet => (Value::Words(vec!["!futex".to_owned()]), "[\"!futex\"]"),
        Setting::Threshold => (Value::of(0), "0"),
        Setting::Actions => (Value::Words(vec!["alert".to_owned()]), "[\"alert\"]"),
        Setting::Capacity => (Value::of(10_000), "10000"),
        Setting::Watch => (Value::of(false), "false"),
    }
}

/// Applies the remedy of one setting, and finds that setting changed and no other.
fn check(installed: &Installed, place: &Place<'_>, setting: Setting) -> Remedy {
    let name = format!("{setting:?} of {} in {:?}", installed.version, installed.installation);
    let (value, expected) = new_value(setting);
    let remedy = match setting {
        Setting::CustomSet => settings::without_syscall(place, "futex", "why"),
        _ => settings::setting(place, setting, value, "why"),
    };
    let (before, mut after) = (installed.read().settings(), installed.clone());
    remedy.snippets.iter().for_each(|snippet| after = after.with(snippet));
    let after = after.read().settings();
    assert_eq!(before.engine, after.engine, "{name}: {remedy:?}");
    for other in Setting::ALL {
        let (was, is) = (in_effect(&before, other), in_effect(&after, other));
        if other == setting && !remedy.snippets.is_empty() {
            assert_eq!(is, expected, "{name}: {remedy:?}");
            assert_ne!(was, is, "{name} shows nothing");
        } else {
            assert_eq!(was, is, "{name} changes {other:?}: {remedy:?}");
        }
    }
    assert!(remedy.key.is_some() || remedy.snippets.is_empty(), "{name}: {remedy:?}");
    remedy
}

#[test]
fn every_row_is_read_back_in_every_form() {
    let mut read_back = BTreeSet::new();
    for (version, installation) in
        VERSIONS.into_iter().flat_map(|version| INSTALLATIONS.map(|one| (version, one)))
    {
        let installed = Installed::new(installation, version);
        let facts = installed.facts();
        for setting in Setting::ALL {
            let remedy = check(&installed, &installed.place(Some(&facts)), setting);
            let row = table::find(setting, minor(version));
            // An option cannot replace a list, and appends to one since 0.38.
            let has_option = installation != Installation::Container
                || setting != Setting::Actions && (setting != Setting::CustomSet || minor(version) >= 38);
            assert_eq!(
                !remedy.snippets.is_empty(),
                row.is_some() && has_option,
                "{setting:?} {version} {installation:?}"
            );
            if let (Some(row), false) = (row, remedy.snippets.is_empty()) {
                read_back.insert((row.falco_yaml, installation.as_str()));
            }
        }
    }
    for row in table::ROWS {
        for installation in [Installation::Kubernetes, UNIT] {
            let cell = (row.falco_yaml, installation.as_str());
            assert!(read_back.contains(&cell), "nothing reads {cell:?} back");
        }
    }
}

/// Without its configuration: what the package is known to be, and no more.
#[test]
fn where_the_configuration_cannot_be_read() {
    for version in VERSIONS {
        for installation in INSTALLATIONS {
            let installed = Installed::new(installation, version);
            for setting in Setting::ALL {
                let remedy = check(&installed, &installed.place(None), setting);
                let is_unknown = installation == Installation::Unknown;
                assert!(!is_unknown || remedy.snippets.is_empty(), "{setting:?} {version}: {remedy:?}");
            }
        }
    }
}

#[test]
fn without_version_or_tool_there_are_words() {
    let installed = Installed::new(Installation::Kubernetes, "0.44.1");
    let facts = installed.facts();
    let mut place = installed.place(Some(&facts));
    place.minor = None;
    let remedy = settings::setting(&place, Setting::Preset, Value::of(6), "why");
    assert!(remedy.snippets.is_empty() && remedy.key.is_none());
    for key in
        ["syscall_buf_size_preset", "engine.modern_ebpf.buf_size_preset", "driver.modernEbpf.bufSizePreset"]
    {
        assert!(remedy.text.contains(key), "{remedy:?}");
    }
    place.is_falco = false;
    let remedy = settings::setting(&place, Setting::Repair, Value::of(true), "why");
    assert_eq!(remedy, Remedy::advice("why".to_owned()), "nobody else has that setting");
    (place.is_falco, place.minor) = (true, None);
    let remedy = settings::setting(&place, Setting::Repair, Value::of(true), "why");
    assert_eq!((remedy.key.as_deref(), remedy.snippets.len()), (Some("falco.base_syscalls.repair"), 0));
}

/// 0.37 reads `syscall_buf_size_preset` while `engine` looks untouched.
#[test]
fn the_version_that_knows_both_ways() {
    let mut installed = Installed::new(UNIT, "0.37.1");
    installed.arguments = vec!["--modern-bpf".to_owned()];
    let facts = installed.facts();
    let remedy = check(&installed, &installed.place(Some(&facts)), Setting::Preset);
    assert_eq!(remedy.key.as_deref(), Some("syscall_buf_size_preset"));
    assert_eq!(remedy.from.as_deref(), Some("4"));
}

/// What falcoctl leaves behind takes the whole of `engine` away from falco.yaml: an edit there has no effect.
#[test]
fn an_edit_of_falco_yaml_is_lost_in_a_package() {
    let installed = Installed::new(UNIT, "0.44.1");
    let edit = Snippet::new(
        format!("/{MAIN}, these keys"),
        "engine:\n  modern_ebpf:\n    buf_size_preset: 6\n".to_owned(),
    );
    assert_eq!(in_effect(&installed.with(&edit).read().settings(), Setting::Preset), "4");
    let facts = installed.facts();
    let remedy = check(&installed, &installed.place(Some(&facts)), Setting::Preset);
    assert_eq!(remedy.snippets[0].place, "/etc/falco/config.d/zz-dropctl.yaml");
}

#[test]
fn what_is_set_stays_set() {
    let mut installed = Installed::new(UNIT, "0.44.1");
    let own = "engine:\n  kind: modern_ebpf\n  modern_ebpf:\n    buf_size_preset: 5\n    cpus_for_each_buffer: 3\n    \
               drop_failed_exit: true\n    disable_iterators: true\nbase_syscalls:\n  custom_set: [clone, \"!close\"]\n  \
               all: true\nsyscall_event_drops:\n  actions: [log]\n  rate: 1\n  threshold: 0.5\n  max_burst: 7\n";
    installed.files.push(("etc/falco/config.d/own.yaml".to_owned(), own.to_owned()));
    let facts = installed.facts();
    let mut place = installed.place(Some(&facts));
    place.ring_bytes = 16 << 20;
    let after = |remedy: &Remedy| installed.with(&remedy.snippets[0]).read().settings();
    let before = installed.read().settings();
    let preset = settings::setting(&place, Setting::Preset, Value::of(7), "why");
    assert_eq!((preset.from.as_deref(), preset.to.as_deref()), (Some("5"), Some("7")));
    let mut expected = before.clone();
    expected.buffers.as_mut().unwrap().preset = 7;
    assert_eq!(after(&preset), expected);
    let mut expected = before.clone();
    expected.base_syscalls.custom_set = ["clone", "!close", "!futex"].map(str::to_owned).to_vec();
    assert_eq!(after(&settings::without_syscall(&place, "futex", "why")), expected);
    let mut expected = before;
    expected.drop_alerts.threshold = 0.0;
    assert_eq!(after(&settings::setting(&place, Setting::Threshold, Value::of(0), "why")), expected);
}

#[test]
fn the_command_line_has_the_last_word() {
    for installation in [UNIT, Installation::Kubernetes] {
        let mut installed = Installed::new(installation, "0.44.1");
        installed.arguments.extend(["-o", "engine.modern_ebpf.buf_size_preset=2"].map(str::to_owned));
        let facts = installed.facts();
        let remedy = settings::setting(&installed.place(Some(&facts)), Setting::Preset, Value::of(6), "why");
        assert!(remedy.snippets.is_empty() && remedy.text.contains("command line"), "{remedy:?}");
    }
    // Two that help only together, of which one is set there.
    let mut installed = Installed::new(UNIT, "0.44.1");
    installed.arguments.extend(["-o", "syscall_event_drops.threshold=0.5"].map(str::to_owned));
    let facts = installed.facts();
    let wanted = [Setting::Threshold, Setting::Actions].map(|setting| (setting, new_value(setting).0));
    let remedy = settings::together(&installed.place(Some(&facts)), &wanted, "why");
    let expected = "why (0 for syscall_event_drops.threshold, which its command line sets; \
                    [alert] for syscall_event_drops.actions)";
    assert_eq!(remedy, Remedy::advice(expected.to_owned()));
    let mut installed = Installed::new(Installation::Container, "0.44.1");
    installed.arguments.extend(["-o", "engine.modern_ebpf.buf_size_preset=2"].map(str::to_owned));
    check(&installed, &installed.place(Some(&installed.facts())), Setting::Preset);
}

/// A file that is read behind ours, or a folder that may only add keys.
#[test]
fn where_a_file_of_ours_would_not_be_the_last() {
    let mut installed = Installed::new(UNIT, "0.44.1");
    let last = "engine: {kind: modern_ebpf, modern_ebpf: {buf_size_preset: 2}}\nwatch_config_files: true";
    installed.files.push(("etc/falco/config.d/zzz.yaml".to_owned(), last.to_owned()));
    let remedy = check(&installed, &installed.place(Some(&installed.facts())), Setting::Preset);
    assert_eq!(remedy.snippets[0].place, "/etc/falco/config.d/zzz.yaml, these keys");
    let mut installed = Installed::new(Installation::Unknown, "0.44.1");
    let (_, main) = &mut installed.files[0];
    *main = main.replace("  - /etc/falco/config.d", "  - {path: /etc/falco/config.d, strategy: add-only}");
    let remedy = check(&installed, &installed.place(Some(&installed.facts())), Setting::Preset);
    assert_eq!(remedy.snippets[0].place, "/etc/falco/falco.yaml, these keys");
}

/// Where a redacted report has the lines for larger rings.
fn redacted_place(installed: &Installed) -> String {
    let facts = FalcoFacts { configuration: Some(installed.facts()), ..FalcoFacts::default() };
    let mut falco = FalcoSample { facts, ..FalcoSample::default() };
    Redactor::new(Key::new(b"a key for these tests").unwrap()).falco(&mut falco);
    let facts = falco.facts.configuration.unwrap();
    let place = Place { is_redacted: true, ..installed.place(Some(&facts)) };
    settings::setting(&place, Setting::Preset, Value::of(6), "why").snippets.remove(0).place
}

/// Pseudonyms sort otherwise than names: what is last is decided before, and a name that is none is told from one.
#[test]
fn a_redacted_report_has_the_same_snippet() {
    let mut installed = Installed::new(UNIT, "0.44.1");
    assert_eq!(redacted_place(&installed), "/etc/falco/config.d/zz-dropctl.yaml");
    let last = "engine: {kind: modern_ebpf, modern_ebpf: {buf_size_preset: 2}}";
    let mut behind = installed.clone();
    behind.files.push(("etc/falco/config.d/zzz.yaml".to_owned(), last.to_owned()));
    let place = redacted_place(&behind);
    assert!(place.starts_with("/etc/falco/config.d/path-") && place.ends_with(", these keys"), "{place}");
    assert!(place.contains("the pseudonym in it"), "{place}");
    // A unit of one's own.
    installed.installation = Installation::Systemd { unit: "unit-0123456789.service" };
    let place = Place { is_redacted: true, ..installed.place(None) };
    let remedy = crate::remedies::limits::cpu_weight(&place);
    assert!(remedy.snippets[0].place.contains("the pseudonym in it"), "{remedy:?}");
}

/// What an earlier remedy left is seen in a redacted report, too, whatever its folder is called.
#[test]
fn a_redacted_report_knows_the_file_of_an_earlier_remedy() {
    let in_folder = |folder: &str| {
        let mut installed = Installed::new(UNIT, "0.44.1");
        let (_, main) = &mut installed.files[0];
        *main = main.replace("  - /etc/falco/config.d", &format!("  - {folder}"));
        let file = format!("{}/zz-dropctl.yaml", folder.trim_matches('/'));
        installed.files.push((file, "base_syscalls: {custom_set: [], repair: true}".to_owned()));
        redacted_place(&installed)
    };
    let own = "/etc/falco/config.d/zz-dropctl.yaml";
    assert_eq!(in_folder("/etc/falco/config.d"), format!("{own}{}", settings::SECTIONS));
    for folder in ["/srv/acme/config.d", "/srv/acme/config.d/"] {
        let place = in_folder(folder);
        let rest = "/zz-dropctl.yaml (the pseudonym in it stands for its real name)";
        assert!(place.starts_with("/srv/path-"), "{place}");
        assert!(place.ends_with(&format!("{rest}{}", settings::SECTIONS)), "{place}");
    }
}

/// A recording can say anything: what it says of a key is a number or a flag, or there is no snippet.
#[test]
fn a_value_of_two_lines_is_in_no_snippet() {
    let installed = Installed::new(UNIT, "0.44.1");
    for (key, value, setting) in [
        ("engine.modern_ebpf.cpus_for_each_buffer", "1\nprogram_output: {enabled: true}", Setting::Preset),
        ("engine.modern_ebpf.disable_iterators", "false\nprogram_output: {enabled: true}", Setting::Preset),
        ("syscall_event_drops.rate", "1\nprogram_output: {enabled: true}", Setting::Threshold),
        ("syscall_event_drops.actions", "log, {a: b}", Setting::Threshold),
    ] {
        let mut facts = installed.facts();
        facts.keys.retain(|fact| fact.key != key);
        facts.keys.push(KeyFacts { key: key.to_owned(), value: value.to_owned(), set_by: None });
        let (to, _) = new_value(setting);
        let remedy = settings::setting(&installed.place(Some(&facts)), setting, to, "why");
        assert!(remedy.snippets.is_empty(), "{remedy:?}");
    }
}

/// What an earlier remedy left in our file stays there.
#[test]
fn two_remedies_one_after_the_other() {
    let installed = Installed::new(UNIT, "0.44.1");
    let repair = check(&installed, &installed.place(Some(&installed.facts())), Setting::Repair);
    let repaired = installed.with(&repair.snippets[0]);
    let preset = check(&repaired, &repaired.place(Some(&repaired.facts())), Setting::Preset);
    assert!(preset.snippets[0].place.ends_with(settings::SECTIONS), "{preset:?}");
    let both = repaired.with(&preset.snippets[0]).read().settings();
    assert_eq!(
        (in_effect(&both, Setting::Repair), in_effect(&both, Setting::Preset)),
        ("true".to_owned(), "6".to_owned())
    );
    let again = check(&repaired, &repaired.place(Some(&repaired.facts())), Setting::CustomSet);
    let both = repaired.with(&again.snippets[0]).read().settings();
    assert_eq!(in_effect(&both, Setting::Repair), "true");
}
