//! What Falco's chart makes of its values: `falco.engineConfiguration` in templates/_helpers.tpl (4.0.0 and newer),
//! templates/configmap.yaml, and `resources` in templates/pod-template.tpl, as in the releases of tests/data/installed.

use super::*;

/// The values of the chart that belongs to that Falco, with the modern probe chosen.
pub(super) fn values(version: &str) -> Json {
    let (chart, kind) = match version {
        "0.36.2" => ("3.8.4", "modern-bpf"),
        "0.37.1" => ("4.3.1", "modern_ebpf"),
        "0.38.2" => ("4.8.3", "modern_ebpf"),
        "0.44.1" => ("9.1.0", "auto"),
        other => panic!("no chart for {other}"),
    };
    let mut values = parsed(&data(&format!("chart-{chart}.yaml")));
    merge(&mut values, json!({"driver": {"kind": kind}}));
    values
}

/// `helm upgrade -f`: maps are merged, all else is replaced.
pub(super) fn merge(values: &mut Json, more: Json) {
    match (values, more) {
        (Json::Object(values), Json::Object(more)) => {
            for (key, value) in more {
                merge(values.entry(key).or_insert(Json::Null), value);
            }
        }
        (values, more) => *values = more,
    }
}

/// falco.yaml in the chart's config map. JSON is YAML.
pub(super) fn falco_yaml(values: &Json, version: &str) -> String {
    let mut falco = values["falco"].clone();
    let driver = &values["driver"];
    if minor(version) >= 37 && driver["enabled"] == true {
        let of = |section: &str, key: &str| driver[section][key].clone();
        let mut modern = json!({
            "buf_size_preset": of("modernEbpf", "bufSizePreset"),
            "drop_failed_exit": of("modernEbpf", "dropFailedExit"),
            "cpus_for_each_buffer": of("modernEbpf", "cpusForEachBuffer"),
        });
        // Since 9.1.0.
        if driver["modernEbpf"].get("disableIterators").is_some() {
            modern["disable_iterators"] = of("modernEbpf", "disableIterators");
        }
        let kmod = json!({
            "buf_size_preset": of("kmod", "bufSizePreset"),
            "drop_failed_exit": of("kmod", "dropFailedExit"),
        });
        falco["engine"] = match driver["kind"].as_str() {
            Some("modern_ebpf" | "modern-bpf") => json!({"kind": "modern_ebpf", "modern_ebpf": modern}),
            Some("auto") => json!({"kind": "modern_ebpf", "kmod": kmod, "modern_ebpf": modern}),
            other => panic!("no driver of the lab: {other:?}"),
        };
    }
    falco.to_string()
}

/// `resources` of Falco's container in the pod.
pub(super) fn resources(values: &Json) -> &Json {
    &values["resources"]
}

#[test]
fn falco_engine_of_its_values_is_lost() {
    let mut installed = Installed::new(Installation::Kubernetes, "0.44.1");
    let wrong = Snippet::new(
        "values.yaml".to_owned(),
        "falco:\n  engine:\n    modern_ebpf:\n      buf_size_preset: 6\n".to_owned(),
    );
    installed = installed.with(&wrong);
    assert_eq!(in_effect(&installed.read().settings(), Setting::Preset), "4");
}
