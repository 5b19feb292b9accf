//! Larger rings, with the memory that they need.

use super::{limits::drop_in, *};
use crate::{
    remedies::rings::{Wanted, rings},
    sample::MemoryGroup,
};

const MIB: u64 = 1 << 20;

/// A limit of 100 MiB that is all but used.
fn tight(cgroup: &str) -> [MemoryGroup; 1] {
    [MemoryGroup {
        cgroup: cgroup.to_owned(),
        limit_bytes: Some(100 * MIB),
        current_bytes: Some(90 * MIB),
        ..MemoryGroup::default()
    }]
}

fn wanted(sharing: Option<usize>) -> Wanted {
    let rings = if sharing == Some(0) { 1 } else { 2 };
    Wanted { ring_bytes: 64 * MIB, rings, sharing, text: "why".to_owned() }
}

/// The rings and the limit that they fit into, in effect after the snippets of one remedy.
#[test]
fn a_limit_goes_with_the_rings() {
    for version in VERSIONS {
        for installation in [Installation::Kubernetes, UNIT] {
            let mut installed = Installed::new(installation, version);
            if installation == Installation::Kubernetes {
                chart::merge(&mut installed.values, json!({"resources": {"limits": {"memory": "100Mi"}}}));
            }
            let facts = installed.facts();
            let mut place = installed.place(Some(&facts));
            let groups = tight(place.cgroup.unwrap());
            place.memory = &groups;
            let remedy = rings(&place, wanted(Some(0))).unwrap();
            assert_eq!((remedy.memory_bytes, remedy.also.len()), (Some(64 * MIB), 2), "{remedy:?}");
            let mut after = installed.clone();
            remedy.snippets.iter().for_each(|snippet| after = after.with(snippet));
            let settings = after.read().settings();
            assert_eq!(in_effect(&settings, Setting::Preset), "7", "{version}: {remedy:?}");
            assert_eq!(in_effect(&settings, Setting::Sharing), "Some(0)", "{version}: {remedy:?}");
            let limit = match installation {
                Installation::Kubernetes => {
                    assert_eq!(remedy.snippets.len(), 1, "one file: {remedy:?}");
                    limits::bytes(&chart::resources(&after.values)["limits"]["memory"])
                }
                _ => {
                    assert_eq!(remedy.snippets.len(), 2, "{remedy:?}");
                    let (_, lines) = drop_in(&remedy.snippets[1]);
                    assert_eq!(lines[0].0, "MemoryMax");
                    lines[0].1.strip_suffix('M').unwrap().parse::<u64>().unwrap() * MIB
                }
            };
            // 48 MiB more than now.
            assert!(limit >= (90 + 48) * MIB, "{limit}");
        }
    }
}

#[test]
fn a_limit_that_is_wide_enough_stays() {
    let installed = Installed::new(Installation::Kubernetes, "0.44.1");
    let mut place = installed.place(None);
    let mut groups = tight(place.cgroup.unwrap());
    groups[0].limit_bytes = Some(1024 * MIB);
    place.memory = &groups;
    let remedy = rings(&place, wanted(None)).unwrap();
    assert!(remedy.also.is_empty() && !remedy.snippets[0].text.contains("resources"), "{remedy:?}");
    assert_eq!(remedy.memory_bytes, Some(128 * MIB));
}

#[test]
fn the_limit_of_the_node_is_named() {
    let installed = Installed::new(Installation::Kubernetes, "0.44.1");
    let mut place = installed.place(None);
    let groups = tight("/kubepods");
    place.memory = &groups;
    let remedy = rings(&place, wanted(None)).unwrap();
    assert!(remedy.also.is_empty() && remedy.text.contains("cgroup /kubepods from 100.0 MiB"), "{remedy:?}");
    assert!(!remedy.snippets[0].text.contains("resources"), "{remedy:?}");
}

#[test]
fn other_tools_have_no_presets() {
    let installed = Installed::new(UNIT, "0.44.1");
    let mut place = installed.place(None);
    place.is_falco = false;
    let remedy = rings(&place, wanted(None)).unwrap();
    assert_eq!((remedy.key.as_deref(), remedy.snippets.len()), (Some("ring size"), 0));
    place.is_falco = true;
    assert_eq!(rings(&place, Wanted { ring_bytes: 3 * MIB, ..wanted(None) }), None, "no preset");
    place.minor = None;
    let remedy = rings(&place, wanted(None)).unwrap();
    assert!(remedy.key.is_none() && remedy.snippets.is_empty(), "{remedy:?}");
    assert!(remedy.text.starts_with("buffer preset 7 (now 4)"), "{remedy:?}");
}

/// From and to of the limit, where there is no key for the rings.
#[test]
fn a_limit_is_named_where_the_key_is_not_known() {
    let raised = "cgroup /system.slice/falco-modern-bpf.service from 100.0 MiB to 256.0 MiB";
    let mut installed = Installed::new(UNIT, "0.44.1");
    let groups = tight("/system.slice/falco-modern-bpf.service");
    let mut place = installed.place(None);
    place.memory = &groups;
    place.minor = None;
    let remedy = rings(&place, wanted(None)).unwrap();
    assert!(remedy.snippets.is_empty() && remedy.text.contains(raised), "{remedy:?}");
    installed.arguments.extend(["-o", "engine.modern_ebpf.buf_size_preset=2"].map(str::to_owned));
    let facts = installed.facts();
    let mut place = installed.place(Some(&facts));
    place.memory = &groups;
    let remedy = rings(&place, wanted(None)).unwrap();
    assert!(remedy.key.is_none() && remedy.text.contains(raised), "{remedy:?}");
}

#[test]
fn other_tools_have_memory_limits_too() {
    let groups = tight("/system.slice/falco-modern-bpf.service");
    let installed = Installed::new(UNIT, "0.44.1");
    let mut place = installed.place(None);
    place.is_falco = false;
    place.memory = &groups;
    let remedy = rings(&place, wanted(None)).unwrap();
    assert_eq!((remedy.key.as_deref(), remedy.also.len()), (Some("ring size"), 1), "{remedy:?}");
    assert_eq!(drop_in(&remedy.snippets[0]).1, [("MemoryMax".to_owned(), "256M".to_owned())]);
}

/// A slice with a little more room than the unit in it.
#[test]
fn every_limit_that_would_not_hold_is_told() {
    let [own] = tight("/system.slice/falco-modern-bpf.service");
    let slice = MemoryGroup { limit_bytes: Some(200 * MIB), current_bytes: Some(180 * MIB), ..own.clone() };
    let slice = MemoryGroup { cgroup: "/system.slice".to_owned(), ..slice };
    let groups = [own, slice];
    let installed = Installed::new(UNIT, "0.44.1");
    let facts = installed.facts();
    let mut place = installed.place(Some(&facts));
    place.memory = &groups;
    let remedy = rings(&place, wanted(None)).unwrap();
    assert_eq!(drop_in(&remedy.snippets[1]).1, [("MemoryMax".to_owned(), "256M".to_owned())]);
    assert!(remedy.text.contains("cgroup /system.slice from 200.0 MiB to 320.0 MiB"), "{remedy:?}");
}

/// That of the pod is the sum of those of its containers, and nobody's to write.
#[test]
fn of_a_pod_the_limit_of_its_container_is_raised() {
    let [own] = tight("/kubepods/burstable/pod1/c");
    let pod = MemoryGroup { limit_bytes: Some(150 * MIB), current_bytes: Some(140 * MIB), ..own.clone() };
    let groups = [own, MemoryGroup { cgroup: "/kubepods/burstable/pod1".to_owned(), ..pod }];
    let installed = Installed::new(Installation::Kubernetes, "0.44.1");
    let mut place = installed.place(None);
    place.memory = &groups;
    let remedy = rings(&place, wanted(None)).unwrap();
    let limit = remedy.also.last().unwrap();
    assert_eq!((limit.from.as_deref(), &limit.to[..]), (Some("100Mi"), "256Mi"), "{remedy:?}");
    assert!(!remedy.text.contains("cgroup"), "{remedy:?}");
}
