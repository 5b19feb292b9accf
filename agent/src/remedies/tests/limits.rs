//! Limits: `resources` in the pod that the chart makes, and drop-ins of units.

use super::*;
use crate::{
    remedies::limits::{cpu_limit, cpu_weight, last_words, more_memory},
    sample::{CpuLimit, MemoryGroup},
};

const MIB: u64 = 1 << 20;

/// CPUs of a quantity: `1500m` or `2`.
fn cpus(quantity: &Json) -> f64 {
    let text = quantity.as_str().map_or_else(|| quantity.to_string(), str::to_owned);
    match text.strip_suffix('m') {
        Some(millis) => millis.parse::<f64>().unwrap() / 1000.0,
        None => text.parse().unwrap(),
    }
}

/// Bytes of a quantity.
pub(super) fn bytes(quantity: &Json) -> u64 {
    let text = quantity.as_str().expect("a quantity with a suffix");
    text.strip_suffix("Mi").expect("Mi").parse::<u64>().unwrap() * MIB
}

/// Lines of a drop-in: section, key and value. systemd takes no spaces around `=` that matter, and no quotes here.
pub(super) fn drop_in(snippet: &Snippet) -> (String, Vec<(String, String)>) {
    let mut lines = snippet.text.lines();
    let section = lines.next().unwrap().strip_prefix('[').unwrap().strip_suffix(']').unwrap().to_owned();
    let assignment =
        |line: &str| line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).unwrap();
    (section, lines.map(assignment).collect())
}

fn quota(limits: &[(&str, u64)]) -> Vec<CpuLimit> {
    let one = |(cgroup, millis): &(&str, u64)| CpuLimit {
        cgroup: (*cgroup).to_owned(),
        quota_ns: Some(millis * 100_000),
        period_ns: Some(100_000_000),
        ..CpuLimit::default()
    };
    limits.iter().map(one).collect()
}

#[test]
fn throttled_means_the_limit() {
    let installed = Installed::new(Installation::Kubernetes, "0.44.1");
    let place = installed.place(None);
    // Its own, and that of its pod, which is the sum of those of its containers.
    for cgroup in ["/kubepods/burstable/pod1/c", "/kubepods/burstable/pod1"] {
        let remedy = cpu_limit(&place, cgroup, 1.0, 1.44);
        let after = installed.with(&remedy.snippets[0]);
        let resources = chart::resources(&after.values);
        assert_eq!((cpus(&resources["limits"]["cpu"]), cpus(&resources["requests"]["cpu"])), (1.5, 0.1));
        assert_eq!(bytes(&resources["limits"]["memory"]), 1024 * MIB, "others stay");
    }
    let remedy = cpu_limit(&place, "/kubepods/burstable", 1.0, 1.44);
    assert!(remedy.snippets.is_empty() && remedy.text.contains("/kubepods/burstable"), "{remedy:?}");
    let unit = Installed::new(UNIT, "0.44.1");
    let place = unit.place(None);
    let remedy = cpu_limit(&place, "/system.slice/falco-modern-bpf.service", 0.2, 0.7);
    let expected = ("Service".to_owned(), vec![("CPUQuota".to_owned(), "70%".to_owned())]);
    assert_eq!(drop_in(&remedy.snippets[0]), expected);
    assert_eq!(remedy.snippets[0].place, "/etc/systemd/system/falco-modern-bpf.service.d/zz-dropctl.conf");
    let remedy = cpu_limit(&place, "/system.slice", 0.2, 0.7);
    assert_eq!(drop_in(&remedy.snippets[0]).0, "Slice");
    for (installation, key) in [(Installation::Container, Some("--cpus")), (Installation::Unknown, None)] {
        let other = Installed::new(installation, "0.44.1");
        let remedy = cpu_limit(&other.place(None), other.place(None).cgroup.unwrap(), 0.2, 0.7);
        assert_eq!((remedy.key.as_deref(), remedy.snippets.len()), (key, 0), "{remedy:?}");
    }
}

/// Only what it should be is rounded.
#[test]
fn what_a_limit_is_stays_as_it_is() {
    let own = |installation| {
        let installed = Installed::new(installation, "0.44.1");
        let place = installed.place(None);
        cpu_limit(&place, place.cgroup.unwrap(), 0.17, 0.64)
    };
    for (installation, from, to) in [
        (Installation::Kubernetes, "170m", "700m"),
        (UNIT, "17%", "70%"),
        (Installation::Container, "0.17", "0.70"),
    ] {
        let remedy = own(installation);
        assert_eq!((remedy.from.as_deref(), remedy.to.as_deref()), (Some(from), Some(to)), "{remedy:?}");
    }
    let words = own(Installation::Unknown).text;
    assert!(words.contains("from 0.17 to 0.70 CPUs"), "{words}");
    let installed = Installed::new(Installation::Kubernetes, "0.44.1");
    let mut place = installed.place(None);
    let limits = quota(&[("/kubepods/burstable/pod1/c", 950)]);
    place.cpu_limits = &limits;
    let remedy = cpu_weight(&place);
    assert_eq!((remedy.also[0].from.as_deref(), &remedy.also[0].to[..]), (Some("950m"), "1000m"));
}

#[test]
fn starved_means_the_weight() {
    let installed = Installed::new(Installation::Kubernetes, "0.44.1");
    let mut place = installed.place(None);
    let own = quota(&[("/kubepods/burstable/pod1/c", 500)]);
    for (limits, then) in [(&own[..], 1.0), (&[], 1.0)] {
        place.cpu_limits = limits;
        let mut before = installed.clone();
        let limit = if limits.is_empty() { "1" } else { "500m" };
        chart::merge(&mut before.values, json!({"resources": {"limits": {"cpu": limit}}}));
        let remedy = cpu_weight(&place);
        let after = before.with(&remedy.snippets[0]);
        let resources = chart::resources(&after.values);
        let (request, limit) = (cpus(&resources["requests"]["cpu"]), cpus(&resources["limits"]["cpu"]));
        assert_eq!((request, limit), (1.0, then), "{remedy:?}");
        assert!(request <= limit, "Kubernetes refuses a request above the limit");
    }
    let remedy = cpu_weight(&Installed::new(UNIT, "0.44.1").place(None));
    let (section, lines) = drop_in(&remedy.snippets[0]);
    assert_eq!((&section[..], &lines[0].0[..]), ("Service", "CPUWeight"));
    // systemd.resource-control(5): 1 to 10000, 100 is everybody's.
    assert!((101..=10_000).contains(&lines[0].1.parse::<u64>().unwrap()));
}

#[test]
fn killed_means_more_memory() {
    let group = |cgroup: &str| MemoryGroup {
        cgroup: cgroup.to_owned(),
        limit_bytes: Some(1024 * MIB),
        ..MemoryGroup::default()
    };
    let installed = Installed::new(Installation::Kubernetes, "0.44.1");
    let groups = [group("/kubepods/burstable/pod1/c"), group("/kubepods")];
    let mut place = installed.place(None);
    assert!(more_memory(&place, None, "why").snippets.is_empty(), "its limit is not known");
    place.memory = &groups;
    let remedy = more_memory(&place, None, "why");
    let after = installed.with(&remedy.snippets[0]);
    assert_eq!(bytes(&chart::resources(&after.values)["limits"]["memory"]), 1536 * MIB);
    let groups = [group("/system.slice/falco-modern-bpf.service")];
    let unit = Installed::new(UNIT, "0.44.1");
    let mut place = unit.place(None);
    place.memory = &groups;
    let remedy = more_memory(&place, None, "why");
    assert_eq!(drop_in(&remedy.snippets[0]).1, [("MemoryMax".to_owned(), "1536M".to_owned())]);
}

/// The kernel counts a kill for the node in the cgroup of whom it killed, too.
#[test]
fn without_a_limit_that_was_hit_the_node_is_short() {
    let installed = Installed::new(UNIT, "0.44.1");
    let said = |groups: &[MemoryGroup], hits: Option<u64>| {
        let mut place = installed.place(None);
        place.memory = groups;
        more_memory(&place, hits, "why")
    };
    let own =
        MemoryGroup { cgroup: "/system.slice/falco-modern-bpf.service".to_owned(), ..MemoryGroup::default() };
    let limited = MemoryGroup { limit_bytes: Some(1024 * MIB), max_events: Some(7), ..own.clone() };
    let spared = MemoryGroup { max_events: Some(0), oom_kills: Some(1), ..limited.clone() };
    let slice = MemoryGroup { cgroup: "/system.slice".to_owned(), ..limited.clone() };
    for (group, hits) in [(&own, None), (&limited, Some(0)), (&spared, None)] {
        let remedy = said(std::slice::from_ref(group), hits);
        assert!(remedy.key.is_none() && remedy.text.contains("the node that is short"), "{remedy:?}");
    }
    for group in [own, spared] {
        let remedy = said(&[group, slice.clone()], None);
        assert!(
            remedy.key.is_none() && remedy.text.contains("cgroup /system.slice from 1.0 GiB"),
            "{remedy:?}"
        );
    }
    // Made anew after the kill, it has counted neither.
    let anew = MemoryGroup { max_events: Some(0), oom_kills: Some(0), ..limited.clone() };
    for (groups, hits) in [([limited, slice.clone()], Some(3)), ([anew, slice], None)] {
        let remedy = said(&groups, hits);
        assert_eq!(remedy.key.as_deref(), Some("MemoryMax="), "{remedy:?}");
    }
}

#[test]
fn last_words_are_found_by_what_is_said() {
    let of = |installation, version| last_words(&Installed::new(installation, version).place(None)).text;
    assert!(!of(Installation::Kubernetes, "0.36.2").contains("leastPrivileged"), "chart 3 has no such key");
    let known = of(Installation::Kubernetes, "0.37.1");
    assert!(known.contains("leastPrivileged") && !known.contains("4.0"), "{known}");
    let installed = Installed::new(Installation::Kubernetes, "0.44.1");
    let unknown = last_words(&Place { minor: None, ..installed.place(None) }).text;
    assert!(unknown.contains("leastPrivileged of its chart since 4.0"), "{unknown}");
    assert!(of(UNIT, "0.44.1").contains("journalctl -u falco-modern-bpf.service;"));
    let escaped = Installation::Systemd { unit: "falco\\x2dmodern.service" };
    assert!(of(escaped, "0.44.1").contains("journalctl -u 'falco\\x2dmodern.service';"));
}

/// systemd's own parser: it says what it does not know of a unit with its drop-ins.
#[test]
fn systemd_takes_drop_ins() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("skipped: there is no systemd-analyze here");
        return;
    }
    let said = |lines: &str| {
        let directory = tempfile::tempdir().unwrap();
        let unit = directory.path().join("falco-modern-bpf.service");
        fs::write(&unit, "[Service]\nExecStart=/bin/true\n").unwrap();
        let drop_ins = directory.path().join("falco-modern-bpf.service.d");
        fs::create_dir(&drop_ins).unwrap();
        fs::write(drop_ins.join("zz-dropctl.conf"), lines).unwrap();
        let mut verify = Command::new("systemd-analyze");
        verify.args(["verify", "--man=no", "--recursive-errors=no"]).arg(&unit);
        let output =
            verify.env("SYSTEMD_UNIT_PATH", format!("{}:", directory.path().display())).output().unwrap();
        String::from_utf8_lossy(&output.stderr)
            .lines()
            .filter(|line| line.contains("zz-dropctl"))
            .collect::<String>()
    };
    let place = Installed::new(UNIT, "0.44.1");
    let mut place = place.place(None);
    let groups = [MemoryGroup {
        cgroup: place.cgroup.unwrap().to_owned(),
        limit_bytes: Some(1024 * MIB),
        ..MemoryGroup::default()
    }];
    place.memory = &groups;
    let own = place.cgroup.unwrap();
    let all = [cpu_limit(&place, own, 0.2, 0.7), cpu_weight(&place), more_memory(&place, None, "why")];
    for remedy in &all {
        assert_eq!(said(&remedy.snippets[0].text), "", "{remedy:?}");
    }
    assert_ne!(said("[Service]\nCPUQuota=much\n"), "", "it must be able to refuse");
    assert_ne!(said("[Service]\nMemoryLimits=1M\n"), "");
}
